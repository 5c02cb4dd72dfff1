"""Samples of cameras that keep connections to their makers' clouds."""

from pcaps.make import dns, local, makers, media, tls, wire
from pcaps.make.scene import Host, Scene, group, server
from pcaps.make.tcp import Tcp

ROUTER_MAC = "00:1b:d4:7a:31:c0"


def _long_lived(tcp: Tcp, hello: tuple[bytes, bytes], beats: int, gap: float) -> None:
    """Open, say hello, then keep the connection alive with small messages both ways."""
    tcp.open()
    tcp.send(hello[0])
    tcp.reply(hello[1])
    for beat in range(beats):
        tcp.wait(gap)
        tcp.send(b"\xc0\x0c" + wire.noise(f"{tcp.label}/beat/{beat}", 12))
        tcp.reply(b"\xd0\x04" + wire.noise(f"{tcp.label}/echo/{beat}", 4))


def hikvision() -> Scene:
    """A camera with all its cloud functions on: registration, rendezvous, relay, statistics."""
    gateway = Host("10.20.3.1", ROUTER_MAC)
    scene = Scene("hikvision-cloud", "2026-11-09T08:30:00", gateway)
    camera = Host("10.20.3.11", "44:19:b6:5e:20:a1")
    ends = (camera, gateway)
    scene.arp(0.4, gateway, camera)
    at = local.dhcp(scene, 0.5, camera, gateway, name="DS-2CD2143G2-I")
    scene.arp(at, camera, gateway)
    fields = {
        "DeviceType": "138305",
        "DeviceDescription": "DS-2CD2143G2-I",
        "DeviceSN": "DS-2CD2143G2-I20260311AAWRK70512345",
        "CommandPort": "8000",
        "HttpPort": "80",
        "MAC": camera.mac.replace(":", "-"),
        "IPv4Address": camera.ip,
        "IPv4SubnetMask": "255.255.255.0",
        "IPv4Gateway": gateway.ip,
        "DHCP": "true",
        "SoftwareVersion": "V5.7.18build 240826",
        "BootTime": "2026-11-09 08:29:31",
        "OEMInfo": "N/A",
        "Activated": "true",
    }
    scene.udp(1.6, (camera, group("239.255.255.250")), (37020, 37020), makers.sadp(fields))
    for index in range(12):
        scene.ping(3.0 + 15 * index, ends, index)
    for at in (4.2, 6.2, 8.2):
        local.ssdp_search(scene, at, camera, "urn:schemas-upnp-org:device:InternetGatewayDevice:1")
    local.mdns_query(scene, 5.1, camera, "_inter._tcp.local")
    _hikvision_registers(scene, camera)
    _hikvision_reports(scene, camera)
    _hikvision_relays(scene, camera)
    return scene


def _hikvision_registers(scene: Scene, camera: Host) -> None:
    ends = (camera, scene.gateway)
    balancer = "ieulbs-ext-7c1f0b.elb.eu-west-1.amazonaws.com"
    lite: list[dns.Answer] = [
        ("CNAME", "litedev.eu.hik-connect.com", 300),
        ("CNAME", balancer, 300),
        ("A", "34.250.18.77", 60),
        ("A", "63.33.20.10", 60),
    ]
    at = dns.resolve(scene, 10.0, ends, "litedev.hik-connect.com", lite)
    tcp = Tcp(scene, at + 0.01, (camera, server("34.250.18.77", 49)), 8666)
    tcp.open()
    tcp.send(b"\xc0\x3e" + makers.lbs_hello("K70512345", scene.name))
    tcp.reply(b"\xc0\x1a" + wire.noise(tcp.label + "/answer", 26))
    tcp.close(by_server=True)
    full: list[dns.Answer] = [("CNAME", balancer, 300), ("A", "34.249.112.30", 60)]
    at = dns.resolve(scene, 12.0, ends, "dev.hik-connect.com", full)
    tcp = Tcp(scene, at + 0.01, (camera, server("34.249.112.30", 49)), 8555)
    tcp.open()
    tls.session(tcp, "openssl10", "dev.hik-connect.com", names=("*.hik-connect.com",))
    tls.exchange(tcp, (412, 655), (188, 96))
    tls.goodbye(tcp)
    access = Tcp(scene, 14.0, (camera, server("34.251.90.14", 49)), 6800)
    hello = (b"\x10\x7a" + wire.noise("das/hello", 122), b"\x20\x22" + wire.noise("das/ok", 34))
    _long_lived(access, hello, 5, 29.8)
    rendezvous = server("170.106.40.12", 47)
    port = scene.port()
    for index, at in enumerate((16.0, 16.4, 46.0, 76.0, 106.0, 136.0)):
        request = makers.v3(0x0B02, index, wire.noise(f"v3/{index}", 84))
        answer = makers.v3(0x0B03, index, wire.noise(f"v3 answer/{index}", 52))
        scene.ask(at, (camera, rendezvous), (port, 6000), (request, answer), 0.096)
    xml = '<?xml version="1.0" encoding="UTF-8"?>\n<{0}>\n\t{1}\n</{0}>\n'
    stun = server("170.106.40.13", 47)
    port = scene.port()
    for index in range(3):
        question = xml.format("Request", "<DevSerial></DevSerial>")
        mapped = f"<ClientIP>198.51.100.24</ClientIP>\n\t<ClientPort>{port}</ClientPort>"
        messages = (
            makers.safe_protocol(0x0812, 6 + index, question),
            makers.safe_protocol(0x0811, 6 + index, xml.format("Response", mapped)),
        )
        scene.ask(17.0 + 0.3 * index, (camera, stun), (port, 6002), messages, 0.097)


def _hikvision_reports(scene: Scene, camera: Host) -> None:
    ends = (camera, scene.gateway)
    at = dns.resolve(scene, 20.0, ends, "time.ys7.com", [("A", "203.107.6.88", 600)])
    for index in range(3):
        local.ntp(scene, at + 0.02 + 64 * index, (camera, server("203.107.6.88", 43)), rtt=0.22)
    at = dns.resolve(scene, 33.0, ends, "log.ys7.com", [("A", "121.43.18.40", 120)])
    body = (
        b'{"systemName":"device_run_info","serial":"K70512345","model":"DS-2CD2143G2-I",'
        b'"version":"V5.7.18 build 240826","uptime":51,"cpu":37,"mem":61,"reboot":2,'
        b'"lanIp":"10.20.3.11","mac":"44:19:b6:5e:20:a1","onlineUsers":1,"sdState":"normal"}'
    )
    for start in (at + 0.01, at + 90):
        tcp = Tcp(scene, start, (camera, server("121.43.18.40", 43)), 80, 0.231)
        tcp.open()
        headers = {"User-Agent": "curl/7.61.0", "Content-Type": "application/json"}
        tcp.send(media.http_request("POST", "/statistics.do", "log.ys7.com", headers, body))
        tcp.reply(media.http_answer("application/json", b'{"resultCode":"0"}'))
        tcp.close()


def _hikvision_relays(scene: Scene, camera: Host) -> None:
    ends = (camera, scene.gateway)
    name = "vtmvirginia.ezvizlife.com"
    at = dns.resolve(scene, 60.0, ends, name, [("A", "34.194.209.167", 60)])
    query = "/live?dev=K70512345&chn=1&stream=2&cln=9&isp=0&auth=1&ssn=made-for-tests&biz=1"
    manager = Tcp(scene, at + 0.01, (camera, server("34.194.209.167", 44)), 8554, 0.094)
    manager.open()
    ask = makers.vtm_request(f"ysproto://34.194.209.167:8554{query}")
    manager.send(makers.vtm(0, 0, 0x013B, ask))
    told = f"ysproto://34.195.61.40:7100{query}".encode()
    manager.reply(makers.vtm(0, 1, 0x013C, b"\x08\xb6\x29" + told))
    manager.close()
    unit = Tcp(scene, manager.t + 0.05, (camera, server("34.195.61.40", 44)), 7100, 0.094)
    unit.open()
    unit.send(makers.vtm(0, 2, 0x013B, makers.vtm_request(told.decode())))
    unit.reply(makers.vtm(0, 3, 0x013C, b"\x08\x00"))
    for picture in range(36):
        size = 3800 if picture % 12 == 0 else 1150
        unit.send(makers.vtm(1, picture, 0x0001, wire.noise(f"picture/{picture}", size)), 0.21)
    unit.close()


def reolink() -> Scene:
    """A Reolink camera: look-up, registration and relay over BcUDP, update check, push."""
    gateway = Host("192.168.20.1", ROUTER_MAC)
    scene = Scene("reolink-p2p", "2026-11-11T17:04:00", gateway)
    camera = Host("192.168.20.31", "ec:71:db:3a:90:17")
    recorder = Host("192.168.20.5", "00:11:32:c1:5d:08")
    ends = (camera, gateway)
    at = local.dhcp(scene, 0.2, camera, gateway, name="Reolink")
    scene.arp(at, camera, gateway)
    at = dns.resolve(scene, 2.0, ends, "pool.ntp.org", [("A", "5.9.121.7", 150)])
    local.ntp(scene, at + 0.01, (camera, server("5.9.121.7", 53)), rtt=0.018)
    google: list[dns.Answer] = [("A", "142.250.180.4", 211)]
    at = dns.resolve(scene, 3.0, ends, "www.google.com", google)
    for index in range(3):
        scene.ping(at + 0.1 + index, (camera, server("142.250.180.4", 116)), index, 0.012)
    at = dns.resolve(scene, 6.0, ends, "p2p.reolink.com", [("A", "54.235.60.142", 60)])
    middle, port = server("54.235.60.142", 44), scene.port()
    uid = "95270000MADE0001"
    text = f"<P2P><C2M_Q><uid>{uid}</uid><p>IPC</p></C2M_Q></P2P>"
    told = "<P2P><M2C_Q_R><reg><ip>3.120.55.60</ip><port>58200</port></reg></M2C_Q_R></P2P>"
    for index in range(2):
        messages = (makers.bcudp_xml(81 + index, text), makers.bcudp_xml(81 + index, told))
        scene.ask(at + 0.02 + index, (camera, middle), (port, 9999), messages, 0.098)
    register = server("3.120.55.60", 50)
    for index in range(9):
        state = f"<P2P><D2R_HB><uid>{uid}</uid><n>{index}</n></D2R_HB></P2P>"
        okay = "<P2P><R2D_HB_R><rsp>0</rsp></R2D_HB_R></P2P>"
        messages = (makers.bcudp_xml(90 + index, state), makers.bcudp_xml(90 + index, okay))
        scene.ask(8.0 + 20 * index, (camera, register), (port, 58200), messages, 0.016)
    _reolink_checks(scene, camera)
    _reolink_relays(scene, camera)
    tcp = Tcp(scene, 30.0, (recorder, camera), 9000, 0.0007)
    tcp.open()
    tcp.send(makers.baichuan(1, wire.noise("bc/login", 112), 1))
    tcp.reply(makers.baichuan(1, wire.noise("bc/nonce", 160), 1), 0.006)
    for index in range(4):
        tcp.wait(9.6)
        tcp.send(makers.baichuan(93, b"", 2 + index))
        tcp.reply(makers.baichuan(93, b"", 2 + index), 0.001)
    tcp.close()
    return scene


def _reolink_checks(scene: Scene, camera: Host) -> None:
    ends = (camera, scene.gateway)
    for at, name, ip, sizes in (
        (10.0, "devices-apis.reolink.com", "18.192.40.50", ((376, 512),)),
        (12.0, "pushx.reolink.com", "18.195.60.20", ((620, 240), (96, 48))),
    ):
        chain: list[dns.Answer] = [
            ("CNAME", f"k8s-{name.split('.')[0]}-51c0.eu-central-1.elb.amazonaws.com", 300),
            ("A", ip, 60),
        ]
        known = dns.resolve(scene, at, ends, name, chain)
        tcp = Tcp(scene, known + 0.01, (camera, server(ip, 50)), 443, 0.016)
        tcp.open()
        tls.session(tcp, "curl", name)
        tls.exchange(tcp, *sizes)
        tls.goodbye(tcp)


def _reolink_relays(scene: Scene, camera: Host) -> None:
    relay = server("18.192.40.77", 50)
    port, connection = scene.port(), 0x2F1A
    ends, back = (camera, relay), (relay, camera)
    greet = makers.bcudp_xml(120, "<P2P><D2C_T><sid>771</sid><conn>relay</conn></D2C_T></P2P>")
    scene.ask(60.0, ends, (port, 51009), (greet, greet), 0.016)
    at = 60.2
    for index in range(48):
        body = wire.noise(f"bc/{index}", 1330 if index % 8 < 6 else 420)
        if index % 8 == 0:
            body = makers.baichuan(3, body[24:], index)
        scene.udp(at, ends, (port, 51009), makers.bcudp_data(connection, index, body))
        at += 0.0006 if index % 4 else 0.066
        if index % 4 == 3:
            scene.udp(at + 0.016, back, (51009, port), makers.bcudp_ack(connection, index))


def tuya() -> Scene:
    """A camera on the Tuya platform: own name service, API, MQTT, video over a TURN relay."""
    gateway = Host("192.168.1.1", "9c:3d:cf:20:11:02", 64)
    scene = Scene("tuya-relay", "2026-11-13T19:20:00", gateway)
    camera = Host("192.168.1.77", "68:57:2d:41:c7:0e", 255, "lwip")
    ends = (camera, gateway)
    at = local.dhcp(scene, 0.1, camera, gateway, name="wlan0", vendor="udhcp 1.27.2")
    scene.arp(at, camera, gateway)
    hello = wire.noise("tuya/broadcast", 144)
    for index in range(6):
        frame = makers.tuya_lan(0x13, hello)
        scene.udp(2.0 + 5 * index, (camera, group("255.255.255.255")), (scene.port(), 6667), frame)
    for at, name, ip, port, sizes in (
        (3.0, "h3.iot-dns.com", "52.57.10.10", 443, ((331, 702),)),
        (5.0, "a2.tuyaeu.com", "18.195.60.41", 443, ((980, 640), (512, 300))),
        (8.0, "m2.tuyaeu.com", "3.122.40.8", 8883, ((118, 36), (64, 37), (180, 0))),
    ):
        known = dns.resolve(scene, at, ends, name, [("A", ip, 60), ("A", ip[:-1] + "9", 60)])
        tcp = Tcp(scene, known + 0.01, (camera, server(ip, 49)), port, 0.019)
        tcp.open()
        tls.session(tcp, "mbedtls", name, names=("*." + name.split(".", 1)[1],))
        tls.exchange(tcp, *sizes)
        if port == 8883:
            for _ in range(5):
                tcp.wait(30.0)
                tls.exchange(tcp, (31, 31))
        tls.goodbye(tcp)
    _tuya_video(scene, camera)
    return scene


def _tuya_video(scene: Scene, camera: Host) -> None:
    stun = server("18.195.60.200", 49)
    port = scene.port()
    for index in range(2):
        label = f"tuya/stun/{index}"
        seen = (0x0020, media.stun_address("198.51.100.24", port))
        messages = media.stun(0x0001, label, sealed=False), media.stun(0x0101, label, seen)
        scene.ask(40.0 + index, (camera, stun), (port, 3478), messages, 0.02)
    relay = server("3.122.40.61", 49)
    ends = (camera, relay)
    at = media.turn_open(scene, 42.0, ends, port)
    for index in range(96):
        body = media.rtp("tuya/video", index, 1020 if index % 4 < 3 else 380)
        scene.udp(at, ends, (port, 3478), media.turn_channel(0x4000, body))
        at += 0.0005 if index % 4 < 3 else 0.066
        if index % 12 == 11:
            report = wire.noise(f"tuya/rtcp/{index}", 60)
            pair = (ends[1], ends[0])
            scene.udp(
                at, pair, (3478, port), media.turn_channel(0x4000, b"\x81\xc9\0\x07" + report)
            )
