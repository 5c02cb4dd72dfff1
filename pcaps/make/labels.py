"""Samples about who is who and how it is seen: rebadged cameras, doubled frames, IPv6."""

import dataclasses

from pcaps.make import dns, local, makers, tls, wire
from pcaps.make.scene import Host, Scene, group, server
from pcaps.make.tcp import Tcp


def rebadged() -> Scene:
    """An Annke that Hikvision made and a Lorex that Dahua made, each speaking its maker's language."""
    gateway = Host("192.168.40.1", "94:57:a5:08:41:f4")
    scene = Scene("rebadged", "2026-11-06T14:45:00", gateway)
    recorder = Host("192.168.40.5", "00:11:32:7e:20:b9")
    annke = Host("192.168.40.21", "54:c4:15:83:9a:0d")
    lorex = Host("192.168.40.22", "4c:11:bf:d0:42:e8")
    for at, camera, name in ((0.2, annke, "I91BM"), (1.2, lorex, "LOREX")):
        local.dhcp(scene, at, camera, gateway, name=name)
        scene.arp(at + 0.5, camera, gateway)
    fields = {
        "DeviceType": "138305",
        "DeviceDescription": "I91BM",
        "DeviceSN": "I91BM20260120AAWRL41230987",
        "CommandPort": "8000",
        "HttpPort": "80",
        "MAC": annke.mac.replace(":", "-"),
        "IPv4Address": annke.ip,
        "SoftwareVersion": "V5.7.12build 230214",
        "OEMInfo": "ANNKE",
    }
    scene.udp(3.0, (annke, group("239.255.255.250")), (37020, 37020), makers.sadp(fields))
    notice: dict[str, object] = {
        "mac": lorex.mac,
        "method": "client.notifyDevInfo",
        "params": {
            "deviceInfo": {
                "DeviceClass": "IPC",
                "DeviceType": "E893AB",
                "HttpPort": 80,
                "IPv4Address": {"IPAddress": lorex.ip, "SubnetMask": "255.255.255.0"},
                "MachineName": "LOREX",
                "Port": 37777,
                "SerialNo": "ND0MADE00067890",
                "Vendor": "Lorex",
                "Version": "2.800.0000000.8.R",
            }
        },
    }
    asker = (recorder, group("239.255.255.251"))
    search: dict[str, object] = {"method": "DHDiscover.search", "params": {"mac": "", "uni": 1}}
    port = scene.port()
    scene.udp(4.0, asker, (port, 37810), makers.dhip(search))
    scene.udp(4.02, (lorex, recorder), (37810, port), makers.dhip(notice))
    local.onvif_discovery(scene, 5.0, (recorder, annke), {"name": "ANNKE", "hardware": "I91BM"})
    local.onvif_discovery(scene, 5.5, (recorder, lorex), {"name": "LOREX", "hardware": "E893AB"})
    _annke_goes_out(scene, annke)
    _lorex_goes_out(scene, lorex)
    return scene


def _annke_goes_out(scene: Scene, camera: Host) -> None:
    name = "apiieu.guardingvision.com"
    chain: list[dns.Answer] = [
        ("CNAME", "gv-ieu-api-2b90.eu-west-1.elb.amazonaws.com", 300),
        ("A", "52.16.10.20", 60),
    ]
    at = dns.resolve(scene, 8.0, (camera, scene.gateway), name, chain)
    tcp = Tcp(scene, at + 0.01, (camera, server("52.16.10.20", 49)), 443, 0.029)
    tcp.open()
    tls.session(tcp, "openssl10", name, names=("*.guardingvision.com",))
    tls.exchange(tcp, (544, 720), (230, 180))
    tls.goodbye(tcp)
    at = dns.resolve(
        scene, 10.0, (camera, scene.gateway), "time.windows.com", [("A", "20.101.57.9", 600)]
    )
    local.ntp(scene, at + 0.01, (camera, server("20.101.57.9", 112)), rtt=0.021)


def _lorex_goes_out(scene: Scene, camera: Host) -> None:
    ends = (camera, scene.gateway)
    at = dns.resolve(scene, 12.0, ends, "ntp.lorexddns.net", [("A", "34.195.61.77", 300)])
    local.ntp(scene, at + 0.01, (camera, server("34.195.61.77", 44)), rtt=0.098)
    dahua_rendezvous(scene, camera, 14.0, "ND0MADE00067890")


def dahua_rendezvous(scene: Scene, camera: Host, at: float, serial: str) -> None:
    """Let a Dahua camera register for P2P and be called over a PTCP relay."""
    name = "www.easy4ipcloud.com"
    at = dns.resolve(scene, at, (camera, scene.gateway), name, [("A", "8.209.71.30", 60)])
    cloud, port = server("8.209.71.30", 51), scene.port()
    told = "<body><DS>8.209.71.33:8802</DS><US>8.209.71.33:8803</US></body>"
    steps = (("/probe/p2psrv", "", 0.0), (f"/online/p2psrv/{serial}", told, 0.2))
    for index, (path, body, delay) in enumerate(steps):
        label = f"{scene.name}/dhp2p/{index}"
        messages = makers.dhp2p("GET", path, label, 1 + index), makers.dhp2p_answer(1 + index, body)
        scene.ask(at + 0.02 + delay, (camera, cloud), (port, 8800), messages, 0.019)
    device = server("8.209.71.33", 51)
    for index in range(4):
        state = "<body><Status>online</Status></body>"
        label = f"{scene.name}/setup/{index}"
        ask = makers.dhp2p("POST", f"/setup/device/{serial}", label, 10 + index, state)
        messages = (ask, makers.dhp2p_answer(10 + index))
        scene.ask(at + 1 + 25 * index, (camera, device), (port, 8802), messages, 0.019)


def doubled() -> Scene:
    """An Imou camera on a tagged mirror port that copies every frame twice."""
    gateway = Host("10.20.30.1", "00:1b:d4:7a:31:cf")
    scene = Scene("doubled", "2026-11-10T09:00:00", gateway, vlan=30)
    scene.is_doubled = True
    camera = Host("10.20.30.44", "a8:31:62:5b:f1:20")
    ends = (camera, gateway)
    local.dhcp(scene, 0.1, camera, gateway, name="IPC-C22FP")
    scene.arp(0.8, camera, gateway)
    at = dns.resolve(scene, 2.0, ends, "ntp.aliyun.com", [("A", "203.107.6.88", 600)])
    local.ntp(scene, at + 0.01, (camera, server("203.107.6.88", 43)), rtt=0.231)
    name = "devaccess.lechange.cn"
    at = dns.resolve(scene, 4.0, ends, name, [("A", "47.98.91.20", 300)])
    tcp = Tcp(scene, at + 0.01, (camera, server("47.98.91.20", 42)), 443, 0.24)
    tcp.open()
    tls.session(tcp, "openssl10", name, names=("*.lechange.cn",))
    tls.exchange(tcp, (610, 420), (300, 120))
    tls.goodbye(tcp)
    name = "logreport-v2.imou.com"
    at = dns.resolve(scene, 8.0, ends, name, [("A", "121.43.18.66", 300)])
    tcp = Tcp(scene, at + 0.01, (camera, server("121.43.18.66", 42)), 443, 0.24)
    tcp.open()
    tls.session(tcp, "openssl10", name, names=("*.imou.com",))
    tls.exchange(tcp, (2900, 160))
    tls.goodbye(tcp)
    dahua_rendezvous(scene, camera, 12.0, "8C0MADE00045678")
    relay, port = server("161.117.70.20", 45), scene.port()
    sent, got = 0, 0
    for index in range(24):
        body = b"\x10\0\0\0" + wire.noise(f"ptcp/{index}", 1180 if index % 6 else 260)
        packet = makers.ptcp((sent, got), (0x0002FFFF - index, 7, 9), body)
        at = 40.0 + 0.05 * index
        scene.udp(at, (camera, relay), (port, 8821), packet)
        sent += len(body)
        if index % 4 == 3:
            back = makers.ptcp((got, sent), (0x0001FFFF - index, 9, 7), b"\x13\0\0\0")
            scene.udp(at + 0.162, (relay, camera), (8821, port), back)
            got += 4
    return scene


def over_ipv6() -> Scene:
    """An Axis camera with a unique local address behind a router that translates the prefix."""
    gateway = Host("fd5c:71a2:20:8::1", "00:1b:d4:7a:31:c8")
    scene = Scene("ipv6", "2026-11-12T11:30:00", gateway)
    link = "fe80::21b:d4ff:fe7a:31c8"
    camera = Host("fd5c:71a2:20:8:aecc:8eff:fe22:91b0", "ac:cc:8e:22:91:b0")
    local.router_advertisement(
        scene, 0.2, dataclasses.replace(gateway, ip=link), "fd5c:71a2:20:8::"
    )
    scene.neighbour(0.9, camera, gateway)
    local.mdns_announce(
        scene, 1.5, dataclasses.replace(camera, ip="fe80::aecc:8eff:fe22:91b0"),
        "_axis-video._tcp.local", "AXIS M2036-LE - ACCC8E2291B0",
    )  # fmt: skip
    ends = (camera, gateway)
    address = "2a01:4f8:c17:5f2::123"
    at = dns.resolve(scene, 3.0, ends, "2.pool.ntp.org", [("AAAA", address, 130)], kind="AAAA")
    for index in range(3):
        local.ntp(scene, at + 0.01 + 64 * index, (camera, server(address, 54)), rtt=0.016)
    for at, name, address, sizes in (
        (5.0, "dispatchse1-st.axis.com", "2a05:d016:6f:ca00::15", ((420, 380),)),
        (
            8.0,
            "signaling.prod.webrtc.connect.axis.com",
            "2a05:d018:76c:b600::2",
            ((310, 260), (90, 40)),
        ),
        (11.0, "eu.prod.otelcol.connect.axis.com", "2a05:d018:76c:b601::7", ((2600, 120),)),
    ):
        known = dns.resolve(scene, at, ends, name, [("AAAA", address, 60)], kind="AAAA")
        tcp = Tcp(scene, known + 0.01, (camera, server(address, 52)), 443, 0.034)
        tcp.open()
        tls.session(tcp, "openssl3", name)
        tls.exchange(tcp, *sizes)
        if "signaling" in name:
            for _ in range(4):
                tcp.wait(30.0)
                tls.exchange(tcp, (34, 34))
        tls.goodbye(tcp)
    scene.neighbour(120.0, gateway, camera)
    return scene
