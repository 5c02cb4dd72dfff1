"""Samples of update checks, downloads, reports in the clear, and of a firewall that stops cameras."""

import struct
import zlib

from pcaps.make import dns, local, makers, media, wire
from pcaps.make.scene import Host, Scene, group, server
from pcaps.make.tcp import Tcp

ROUTER_MAC = "00:1b:d4:7a:31:c0"


def firmware_image(size: int) -> bytes:
    """Return something that starts like a U-Boot image (legacy format) and goes on as noise."""
    body = wire.noise("firmware", size - 64)
    name = b"DCS-8000LH v2.10.03 (made)".ljust(32, b"\0")
    fields = struct.pack(">IIIII", 1794700800, len(body), 0x80008000, 0x80008000, zlib.crc32(body))
    head = struct.pack(">II", 0x27051956, 0) + fields + b"\x05\x05\x02\x03" + name
    return head[:4] + struct.pack(">I", zlib.crc32(head)) + head[8:] + body


def firmware() -> Scene:
    """An update check with the MAC in the URL, and the download it leads to, both in the clear."""
    gateway = Host("192.168.30.1", ROUTER_MAC)
    scene = Scene("firmware", "2026-11-18T03:15:00", gateway)
    camera = Host("192.168.30.15", "b0:c5:54:2d:6e:91")
    ends = (camera, gateway)
    at = local.dhcp(scene, 0.3, camera, gateway, name="DCS-8000LH")
    scene.arp(at, camera, gateway)
    at = dns.resolve(scene, 2.0, ends, "ntp1.dlink.com", [("A", "54.169.10.44", 60)])
    local.ntp(scene, at + 0.01, (camera, server("54.169.10.44", 40)), rtt=0.171)
    agent = {"User-Agent": "Wget/1.13 (linux-uclibc)", "Accept": "*/*", "Connection": "close"}
    at = dns.resolve(scene, 4.0, ends, "ca-mgr.auto.mydlink.com", [("A", "52.57.10.31", 60)])
    tcp = Tcp(scene, at + 0.01, (camera, server("52.57.10.31", 49)), 80, 0.02)
    tcp.open()
    tcp.send(
        media.http_request("HEAD", "/default/ca-bundle.crt", "ca-mgr.auto.mydlink.com", agent, b"")
    )
    tcp.reply(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-x509-ca-cert\r\nContent-Length: 4312\r\n\r\n"
    )
    tcp.close()
    at = dns.resolve(scene, 6.0, ends, "wrpd.dlink.com", [("A", "54.169.10.20", 300)])
    tcp = Tcp(scene, at + 0.01, (camera, server("54.169.10.20", 40)), 80, 0.17)
    tcp.open()
    path = "/router/firmware/query.aspx?model=DCS-8000LH_A1_Default_FW_0202_B0C5542D6E91"
    tcp.send(media.http_request("GET", path, "wrpd.dlink.com", agent, b""))
    where = "/dcs8000lh/DCS-8000LH_FW_v2.10.03.bin"
    told = (
        '<?xml version="1.0" encoding="utf-8"?><DCS-8000LH_A1><Default><FW_Version><Major>02</Major>'
        "<Minor>10</Minor><Build>03</Build></FW_Version><Download_Site><Global><Firmware>"
        f"http://dlinkpp-s3.s3.amazonaws.com{where}</Firmware></Global></Download_Site>"
        "</Default></DCS-8000LH_A1>"
    )
    tcp.reply(media.http_answer("text/xml; charset=utf-8", told.encode(), "Microsoft-IIS/10.0"))
    tcp.close()
    name = "dlinkpp-s3.s3.amazonaws.com"
    chain: list[dns.Answer] = [("CNAME", "s3-1-w.amazonaws.com", 38), ("A", "52.217.40.20", 5)]
    at = dns.resolve(scene, 9.0, ends, name, chain)
    tcp = Tcp(scene, at + 0.01, (camera, server("52.217.40.20", 43)), 80, 0.098)
    tcp.open()
    tcp.send(media.http_request("GET", where, name, agent, b""))
    tcp.reply(media.http_answer("application/octet-stream", firmware_image(118_784), "AmazonS3"))
    tcp.close()
    return scene


def stopped() -> Scene:
    """Two cameras that try to reach their clouds through a firewall that lets nothing out."""
    gateway = Host("10.20.9.1", "00:1b:d4:7a:31:c9")
    scene = Scene("stopped", "2026-11-04T12:00:00", gateway)
    dahua = Host("10.20.9.31", "e0:50:8b:14:66:d3")
    hik = Host("10.20.9.32", "c0:56:e3:ab:19:4e")
    names = Host("10.20.0.53", "", 63)
    for at, camera, name in ((0.1, dahua, "IPC-HDW3849H"), (0.9, hik, "DS-2CD2347G2")):
        local.dhcp(scene, at, camera, gateway, name=name)
        scene.arp(at + 0.5, camera, gateway)
    cloud: list[dns.Answer] = [("A", "8.209.71.30", 60), ("A", "8.209.71.31", 60)]
    at = dns.resolve(scene, 3.0, (dahua, names), "www.easy4ipcloud.com", cloud)
    port = scene.port()
    for index in range(5):
        ask = makers.dhp2p("GET", "/probe/p2psrv", f"stopped/{index}", 100 + index)
        packet = scene.udp(at + 0.02 + 5 * index, (dahua, server("8.209.71.30")), (port, 8800), ask)
        scene.prohibit(at + 0.0206 + 5 * index, packet, dahua)
    at = dns.resolve(
        scene, 4.0, (dahua, names), "iotaccess.easy4ipcloud.com", [("A", "8.209.71.44", 60)]
    )
    Tcp(scene, at + 0.01, (dahua, server("8.209.71.44")), 10001).knock(1.0, 2.0, 4.0, 8.0)
    cloud = [
        ("CNAME", "ieulbs-ext-7c1f0b.elb.eu-west-1.amazonaws.com", 300),
        ("A", "34.249.112.30", 60),
    ]
    at = dns.resolve(scene, 5.0, (hik, names), "litedev.hik-connect.com", cloud)
    for attempt in range(3):
        tcp = Tcp(scene, at + 0.01 + 40 * attempt, (hik, server("34.249.112.30")), 8666)
        tcp.knock(1.0, 2.0, 4.0)
    at = dns.resolve(scene, 6.0, (hik, names), "dev.hik-connect.com", cloud)
    tcp = Tcp(scene, at + 0.01, (hik, server("34.249.112.30", 63)), 8555, 0.0008)
    tcp.refuse()
    at = dns.resolve(scene, 7.0, (hik, names), "time.ys7.com", [("A", "203.107.6.88", 600)])
    for index in range(3):
        local.ntp(scene, at + 0.01 + 32 * index, (hik, server("203.107.6.88")), rtt=0)
    dns.resolve(scene, 9.0, (hik, names), "log.ys7.com", [], rcode=3)
    return scene


def clear_text() -> Scene:
    """A camera on the Xiongmai platform that asks public resolvers and reports without encryption."""
    gateway = Host("192.168.1.1", "9c:3d:cf:20:11:02")
    scene = Scene("clear-text", "2026-11-20T21:40:00", gateway)
    camera = Host("192.168.1.88", "02:9a:5e:31:07:44")
    public, second = server("114.114.114.114", 74), server("8.8.8.8", 116)
    local.dhcp(scene, 0.2, camera, gateway, name="LocalHost", vendor="udhcp 1.22.1")
    scene.arp(0.8, camera, gateway)
    found: dict[str, object] = {"NetWork.NetCommon": {"DeviceType": 24, "HostName": "LocalHost"}}
    scene.udp(1.5, (camera, group("255.255.255.255")), (34569, 34569), makers.sofia(1531, found))
    for at, name, ip, port, path, body, answer in (
        (3.0, "pub-cfg.secu100.net", "47.254.128.20", 8086, "/",
         ('{"CfgProtocol":{"Header":{"MessageType":"MSG_CLI_CFG_QUERY_REQ","Version":"1.0"},'
         '"Body":{"AuthCode":"made","SerialNumber":"0123456789abcdef"}}}'),
         '{"CfgProtocol":{"Body":{"Status":"200"}}}'),
        (6.0, "logsvr.xmcsrv.net", "120.92.92.250", 80, "/getcfg",
         '{"UUID":"0123456789abcdef","DevType":"1000001a0010000"}',
         '{"Interval":1800,"Items":["cpu","mem","reboot","ip"]}'),
        (7.0, "logsvr.xmcsrv.net", "120.92.92.250", 80, "/upload",
         ('{"UUID":"0123456789abcdef","Cpu":61,"FreeMem":4120,"Reboot":"power","Ip":"192.168.1.88",'
         '"Gateway":"192.168.1.1","Wan":"198.51.100.24","Uptime":44,"HDD":"none"}'),
         '{"Ret":200}'),
        (9.0, "caps.xmcsrv.net", "120.92.92.251", 80, "/dev/upload",
         '{"REPORT_CAPS_DEV_INFO_REQ":{"SN":"0123456789abcdef","Caps":["pir","talk","xmpush"]}}',
         '{"Ret":200}'),
        (12.0, "upgrade.secu100.net", "120.92.92.241", 80, "/list",
         ('{"UUID":"0123456789abcdef","DevID":"000729A2","DevType":"IPC","CurVersion":"2024-03-11",'
         '"Expect":"","Language":"English","Manual":0}'),
         '[{"Level":"latest","Date":"2026-08-02","FileName":"General_IPC.bin","FileSize":7340032}]'),
    ):  # fmt: skip
        known = dns.resolve(scene, at, (camera, public), name, [("A", ip, 600)], rtt=0.19)
        dns.resolve(scene, at + 0.001, (camera, second), name, [("A", ip, 600)], rtt=0.012)
        tcp = Tcp(scene, known + 0.01, (camera, server(ip, 43)), port, 0.24)
        tcp.open()
        headers = {"User-Agent": "XAPP", "Content-Type": "application/json"}
        tcp.send(media.http_request("POST", path, f"{name}:{port}", headers, body.encode()))
        tcp.reply(media.http_answer("application/json", answer.encode()))
        tcp.close(by_server=True)
    return scene
