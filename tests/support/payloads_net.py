"""Conversations of network, discovery and tunnel protocols, built from their specifications."""

import base64
import struct

from monitor.model.facts import Conversation
from tests.support.payloads_p2p import stun, tcp, udp


def kasa(text: bytes) -> bytes:
    """Mask a text as Kasa devices do: each byte with the masked byte before it, from 171 on."""
    key, out = 171, bytearray()
    for byte in text:
        key ^= byte
        out.append(key)
    return bytes(out)


def tapo(text: bytes) -> bytes:
    return b"\x02\x00\x00\x01" + struct.pack(">H", len(text)) + b"\x11\x00" + bytes(8) + text


def v380_login(user: bytes) -> bytes:
    head = struct.pack("<IIBII", 1167, 1022, 2, 1, 123456)
    return (head + bytes(32) + user.ljust(32, b"\0") + b"r" * 48).ljust(256, b"\0")


def dahua_old_answer(model: bytes) -> bytes:
    head = b"\xb3\x00\x11\x00" + b"\x58\0\0\0" + bytes(8) + b"\x02\0\0\0" + bytes(20)
    return (head + model.ljust(16, b"\0")).ljust(137, b"\0")


DAHUA_OLD_SEARCH = b"\xa3\x01\x00\x01" + bytes(12) + b"\x02\0\0\0" + bytes(12)


def ubiquiti(*values: tuple[int, bytes]) -> bytes:
    body = b"".join(struct.pack(">BH", kind, len(value)) + value for kind, value in values)
    return b"\x02\x06" + struct.pack(">H", len(body)) + body


def hanwha_answer(model: bytes) -> bytes:
    head = b"\x0b" + bytes(range(18)) + b"02:00:00:00:00:01\0" + b"192.0.2.5".ljust(16, b"\0")
    return (head.ljust(109, b"\0") + model.ljust(10, b"\0")).ljust(262, b"\0")


def vstarcam_answer(firmware: bytes) -> bytes:
    return b"\x44\x48\x01\x08".ljust(0xCC, b"\0") + firmware.ljust(0x40, b"\0")


def dlink_answer(model: bytes) -> bytes:
    return (b"\xff\xff\x05\x00\xa0\x00" + bytes(200) + model).ljust(317, b"\0")


SADP = (
    b'<?xml version="1.0" encoding="utf-8"?>\r\n<ProbeMatch>\r\n<Uuid>1</Uuid>\r\n'
    b"<Types>inquiry</Types>\r\n<DeviceType>138736</DeviceType>\r\n"
    b"<DeviceDescription>DS-2CD2042WD-I</DeviceDescription>\r\n<DeviceSN>DS-2CD2042WD-I000</DeviceSN>"
    b"\r\n<SoftwareVersion>V5.4.5build 170124</SoftwareVersion>\r\n<Activated>true</Activated>"
    b"\r\n<OEMInfo>HIKVISION</OEMInfo>\r\n</ProbeMatch>\r\n"
)


def field(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value


def mqtt(kind: int, body: bytes) -> bytes:
    """A control packet with a remaining length of one or two bytes."""
    size = len(body)
    head = bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])
    return bytes([kind]) + head + body


def mqtt_connect(client: bytes, user: bytes = b"", *, level: int = 4) -> bytes:
    name = b"MQIsdp" if level == 3 else b"MQTT"
    flags = 0xC2 if user else 0x02
    body = field(name) + bytes([level, flags]) + struct.pack(">H", 60)
    body += b"\x00" if level == 5 else b""
    body += field(client) + (field(user) + field(b"secret") if user else b"")
    return mqtt(0x10, body)


def rtsp(method: bytes, url: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join((method + b" " + url + b" RTSP/1.0", b"CSeq: 1", *headers)) + b"\r\n\r\n"


def rtp(number: int, kind: int = 96, source: int = 0x1234ABCD, *, ticks: int = 3000) -> bytes:
    head = struct.pack(">BBHII", 0x80, kind, number & 0xFFFF, 5000 + number * ticks, source)
    return head + bytes(range(40))


def rtcp(*kinds: int) -> bytes:
    sizes = {200: 24, 201: 4, 202: 12, 203: 4}
    return b"".join(
        struct.pack(">BBH", 0x80, kind, sizes[kind] // 4) + bytes(sizes[kind]) for kind in kinds
    )


def dhcp(kind: int, *options: tuple[int, bytes], reply: bool = False) -> bytes:
    head = bytes([2 if reply else 1, 1, 6, 0]) + b"\x12\x34\x56\x78" + bytes(8)
    your = bytes([192, 0, 2, 50]) if reply else bytes(4)
    head += your + bytes(8) + bytes.fromhex("020000000001") + bytes(10) + bytes(192)
    body = b"".join(bytes([name, len(value)]) + value for name, value in options)
    return head + b"\x63\x82\x53\x63" + bytes([53, 1, kind]) + body + b"\xff"


def dhcpv6(kind: int, *options: tuple[int, bytes]) -> bytes:
    body = b"".join(struct.pack(">HH", name, len(value)) + value for name, value in options)
    return bytes([kind]) + b"\x11\x22\x33" + body


SSDP_SEARCH = (
    b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 3\r\n'
    b"ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n"
)
SSDP_NOTIFY = (
    b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: uuid:00000000-0000-1000-8000-000000\r\n"
    b"NTS: ssdp:alive\r\nSERVER: Linux/3.0 UPnP/1.0 IPCamera/1.0\r\n"
    b"LOCATION: http://192.0.2.5:49152/description.xml\r\n\r\n"
)
WSD = (
    b'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/'
    b'soap-envelope" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Body>'
    b"<d:ProbeMatches><d:ProbeMatch><d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>"
    b"<d:Scopes>onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/hardware/IPC-1 "
    b"onvif://www.onvif.org/name/ACME%20Cam onvif://www.onvif.org/location/hall</d:Scopes>"
    b"<d:XAddrs>http://192.0.2.5/onvif/device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches>"
    b"</s:Body></s:Envelope>"
)


def netbios_name(name: bytes, suffix: int) -> bytes:
    plain = name.ljust(15) + bytes([suffix])
    letters = b"".join(bytes([0x41 + (b >> 4), 0x41 + (b & 15)]) for b in plain)
    return b"\x20" + letters + b"\x00"


def nbns(name: bytes, suffix: int, kind: int = 0x20) -> bytes:
    head = b"\x82\x28\x01\x10\x00\x01" + bytes(6)
    return head + netbios_name(name, suffix) + struct.pack(">HH", kind, 1)


def nbdgm(name: bytes, suffix: int, body: bytes) -> bytes:
    rest = netbios_name(name, suffix) + netbios_name(b"WORKGROUP", 0x1E) + body
    return (
        b"\x11\x02\x80\x01" + bytes([192, 0, 2, 5]) + struct.pack(">HHH", 138, len(rest), 0) + rest
    )


def nbss(called: bytes, calling: bytes) -> bytes:
    names = netbios_name(called, 0x20) + netbios_name(calling, 0)
    return b"\x81\x00" + struct.pack(">H", len(names)) + names


def llmnr(name: bytes) -> bytes:
    return b"\x5a\x5a\0\0\0\x01" + bytes(6) + bytes([len(name)]) + name + b"\0\0\x01\0\x01"


GB_REGISTER = (
    b"REGISTER sip:34020000002000000001@3402000000 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.5:5060;rport;branch=z9hG4bK1\r\n"
    b"From: <sip:34020000001320000001@3402000000>;tag=1\r\n"
    b"To: <sip:34020000001320000001@3402000000>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n"
    b"User-Agent: IP Camera\r\nExpires: 3600\r\n"
    b'Authorization: Digest username="34020000001320000001", realm="3402000000", response="0a"\r\n'
    b"Content-Length: 0\r\n\r\n"
)
GB_KEEPALIVE = (
    b"MESSAGE sip:34020000002000000001@3402000000 SIP/2.0\r\n"
    b"From: <sip:34020000001320000001@3402000000>;tag=2\r\n"
    b"Content-Type: Application/MANSCDP+xml\r\nContent-Length: 99\r\n\r\n"
    b"<Notify><CmdType>Keepalive</CmdType><SN>1</SN><Status>OK</Status></Notify>"
)


def amf(name: bytes, value: bytes) -> bytes:
    return field(name) + b"\x02" + field(value)


def rtmp(*parts: bytes) -> bytes:
    return b"\x03" + bytes(8) + b"r" * 1528 + b"s" * 1536 + b"".join(parts)


RTMP_PUSH = rtmp(
    b"\x03\0\0\0\0\0\x80\x14\0\0\0\0\x02\x00\x07connect\0\x3f\xf0\0\0\0\0\0\0\x03",
    amf(b"app", b"live"),
    amf(b"tcUrl", b"rtmp://stream.example/live?token=secret"),
    amf(b"flashVer", b"FMLE/3.0"),
    b"\x02\x00\x07publish\0\x40\x10\0\0\0\0\0\0\x05\x02\x00\x06secret",
)


def smtp(*lines: bytes) -> bytes:
    return b"\r\n".join(lines) + b"\r\n"


def snmp(version: int, community: bytes, pdu: int) -> bytes:
    body = bytes.fromhex("0202123402010002010030 00")
    inner = b"\x02\x01" + bytes([version]) + b"\x04" + bytes([len(community)]) + community
    inner += bytes([pdu, len(body)]) + body
    return b"\x30" + bytes([len(inner)]) + inner


WG_INITIATION = b"\x01\0\0\0" + bytes(range(1, 129)) + bytes(16)
WG_RESPONSE = b"\x02\0\0\0" + bytes(range(88))


def wg_data(counter: int) -> bytes:
    return b"\x04\0\0\0\x11\x22\x33\x44" + struct.pack("<Q", counter) + bytes(64)


OVPN_PLAIN = b"\x38" + b"session1" + bytes(5)
OVPN_AUTH = b"\x38" + b"session1" + b"h" * 20 + b"\0\0\0\x01" + b"time" + bytes(5)
OVPN_CRYPT = b"\x38" + b"session1" + b"\0\0\0\x01" + b"time" + b"h" * 32 + b"crypt"
OVPN_ANSWER = b"\x40" + b"session2" + b"\x01\0\0\0\0session1" + bytes(4)


def ike(version: int, exchange: int, size: int = 100) -> bytes:
    head = b"initiator"[:8] + bytes(8) + bytes([33, version << 4, exchange, 8]) + bytes(4)
    return head + struct.pack(">I", 28 + size) + b"p" * size


def esp(number: int) -> bytes:
    return b"\xc0\xff\xee\x01" + struct.pack(">I", number) + b"e" * 40


L2TP = b"\xc8\x02\x00\x14" + bytes(8) + b"\x80\x08\0\0\0\0\0\x01"
PPTP = (
    struct.pack(">HHIHHHHIIHH", 156, 1, 0x1A2B3C4D, 1, 0, 0x0100, 0, 3, 3, 0, 1)
    + bytes(64)
    + b"cananian".ljust(64, b"\0")
)
SOCKS5 = b"\x05\x02\x00\x02" + b"\x01\x04user\x06secret" + b"\x05\x01\x00\x03\x07example\x01\xbb"
SOCKS4 = b"\x04\x01\x00\x50\xc0\x00\x02\x09me\0"
SMB2 = b"\x00\x00\x00\x66\xfeSMB" + bytes(98)
RDP = b"\x03\x00\x00\x2a\x25\xe0\0\0\0\0\0Cookie: mstshash=admin\r\n\x01\x00\x08\x00\x03\0\0"


def srt(version: int, extension: bytes, kind: int) -> bytes:
    words = struct.pack(">I", version) + b"\0\0" + extension
    words += struct.pack(">IIIIIII", 77, 1500, 8192, kind, 9, 0, 0)
    return b"\x80\0\0\0\0\0\0\0" + struct.pack(">II", 1000, 0) + words + bytes(16)


def pcp_map(inner: int, outer: int) -> bytes:
    client = bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 5])
    head = b"\x02\x01\0\0" + struct.pack(">I", 3600) + client
    return head + b"nonce-nonce-" + b"\x06\0\0\0" + struct.pack(">HH", inner, outer) + bytes(16)


def edimax(plain: bytes, by: int) -> bytes:
    """Turn each byte right, as the device does, and tell by how much in the first byte."""
    return bytes([0x3C + by, *((byte >> by | byte << (8 - by)) & 0xFF for byte in plain)])


def b64(data: bytes) -> bytes:
    return base64.b64encode(data)


NET_SAMPLES: tuple[tuple[str, Conversation], ...] = (
    ("kasa", udp(9999, kasa(b'{"system":{"get_sysinfo":{}}}'))),
    ("kasa", tcp(9999, b"\0\0\0\x1d" + kasa(b'{"system":{"get_sysinfo":{}}}'))),
    ("tplink-discovery", udp(20002, tapo(b'{"params":{"rsa_key":"k"}}'))),
    ("eufy-xz", udp(8006, b"XZ" + bytes(18) + b"T8010P0000000001" + bytes(20))),
    ("esee", tcp(19000, b"\xce\xfa\xef\xfe" + bytes(20))),
    ("xiaomi-push", tcp(5222, b"\xc2\xfe\0\x05\0\0\0\x60\0\x02\0\x16\0\0\0\x50xiaomi.com")),
    ("tvt", tcp(4567, b"{D79E94C5-70F0-46BD-965B-E17497CCB598}" + bytes(20))),
    ("dlink-punch", udp(40001, b"\x24\xff\x00\x15\x00" + b"p" * 20)),
    ("meari", udp(12345, b"\x99\x50\x56\x56" + bytes(40))),
    ("v380", tcp(8800, v380_login(b"admin"))),
    ("camera-discovery", udp(5050, DAHUA_OLD_SEARCH, resp=(dahua_old_answer(b"IPC"),))),
    ("camera-discovery", udp(10000, b"MO_I" + bytes(8) + b"\0\0\0\x04\0\0\0\x04" + bytes(7))),
    ("camera-discovery", udp(10000, b"\x07\x4a\x5d\x8f\x1c\x09\x06IB8369")),
    ("camera-discovery", udp(8600, b"\x44\x48\x01\x01", resp=(vstarcam_answer(b"48.2"),))),
    ("camera-discovery", udp(1757, b"\x99\x39\xa4\x27\1\2\3\4\xff\0\x06\xde")),
    ("camera-discovery", udp(7701, hanwha_answer(b"SND-6083"))),
    ("camera-discovery", udp(10001, b"\1\0\0\0", resp=(ubiquiti((2, bytes(10)), (21, b"UVC")),))),
    ("camera-discovery", udp(10670, b"\0\1\0\0\0\x0d" + bytes(6) + b"\xff" * 40)),
    ("camera-discovery", udp(2380, b"\x02ENQ:allinfo\xff\x03")),
    ("camera-discovery", udp(62976, b"\xfd\xfd\x65\0\xd1\0" + b"\xff" * 6 + bytes(10))),
    ("camera-discovery", udp(62976, dlink_answer(b"DCS-935L"))),
    ("camera-discovery", udp(10008, b"NVDEVSEARCH^100")),
    ("camera-discovery", udp(2007, b"NICE" + bytes(12))),
    ("camera-discovery", udp(8088, b"DETECT BOX\n")),
    ("camera-discovery", udp(2000, b"\xaa\xaa\0\0")),
    ("camera-discovery", udp(51140, b'<param><code value="1300" /></param>')),
    ("edimax", udp(8765, edimax(b'param><code value="3000" /></param>', 2))),
    ("edimax", tcp(8767, edimax(b"d&020000000001&ac285382.e3b6.ac285382.d83f\r\n\r\n", 6))),
    ("sadp", udp(37020, SADP)),
    ("mqtt", tcp(1883, mqtt_connect(b"cam-000001", b"device"), b"\x20\x02\0\0")),
    ("mqtt", tcp(1883, mqtt_connect(b"a", level=5))),
    ("mqtt", tcp(1883, mqtt_connect(b"a", level=3))),
    ("rtsp", tcp(554, rtsp(b"OPTIONS", b"rtsp://192.0.2.5/11"), b"RTSP/1.0 200 OK\r\n\r\n")),
    ("rtp", udp(30000, rtp(1), rtp(2), rtp(3), rtp(4))),
    ("rtcp", udp(30001, rtcp(200, 202))),
    ("dhcp", udp(67, dhcp(1, (12, b"ipcam"), (60, b"udhcp 1.20.2"), (55, b"\1\3\6")))),
    ("dhcpv6", udp(547, dhcpv6(1, (1, b"\0\1" + bytes(12)), (8, b"\0\0")))),
    ("ssdp", udp(1900, SSDP_SEARCH)),
    ("ssdp", udp(1900, SSDP_NOTIFY)),
    ("ws-discovery", udp(3702, WSD)),
    ("nbns", udp(137, nbns(b"WORKGROUP", 0x1D))),
    ("nbdgm", udp(138, nbdgm(b"OFFICE-PC", 0, bytes(60)))),
    ("nbss", tcp(139, nbss(b"SERVER", b"CAMERA"))),
    ("llmnr", udp(5355, llmnr(b"office-pc"))),
    ("sip", udp(5060, GB_REGISTER)),
    ("rtmp", tcp(1935, RTMP_PUSH)),
    ("ftp", tcp(21, b"USER cam\r\nPASS secret\r\nSTOR a.jpg\r\n", b"220 FTP ready\r\n")),
    ("smtp", tcp(25, b"EHLO ipcam\r\n", b"220 mail.example ESMTP\r\n")),
    ("syslog", udp(514, b"<134>1 2026-01-01T00:00:00Z cam app 1 - - hello")),
    ("syslog", udp(514, b"<30>Jan  1 00:00:01 cam udhcpc[12]: lease")),
    ("ssh", tcp(22, b"SSH-2.0-dropbear_2019.78\r\n", b"SSH-2.0-OpenSSH_9.2\r\n")),
    ("telnet", tcp(23, b"\xff\xfd\x01\xff\xfd\x1f", b"\xff\xfb\x01\xff\xfb\x03\r\nipc login: ")),
    ("tftp", udp(69, b"\0\x01/update.sh\0octet\0")),
    ("snmp", udp(161, snmp(1, b"public", 0xA0))),
    ("wireguard", udp(51820, WG_INITIATION, resp=(WG_RESPONSE,))),
    ("wireguard", udp(51820, wg_data(4), wg_data(5), wg_data(7))),
    ("wireguard", udp(41641, b"TS\xf0\x9f\x92\xac" + b"k" * 80)),
    ("openvpn", udp(1194, OVPN_PLAIN, resp=(OVPN_ANSWER,))),
    ("openvpn", tcp(1194, b"\0\x2a" + OVPN_AUTH)),
    ("ipsec", udp(500, ike(2, 34))),
    ("ipsec", udp(4500, bytes(4) + ike(1, 2))),
    ("ipsec", udp(4500, esp(7), esp(8), esp(9))),
    ("l2tp", udp(1701, L2TP)),
    ("pptp", tcp(1723, PPTP)),
    ("coap", udp(5683, b"\x41\x01\x12\x34\x99\x37example\x84time")),
    ("socks", tcp(1080, SOCKS5, b"\x05\x02\x01\x00\x05\x00\x00\x01" + bytes(6))),
    ("socks", tcp(1080, SOCKS4, b"\x00\x5a" + bytes(6))),
    ("smb", tcp(445, SMB2)),
    ("rdp", tcp(3389, RDP)),
    ("srt", udp(9000, srt(4, b"\x00\x02", 1))),
    ("port-mapping", udp(5351, b"\0\x02\0\0\x02\x2a\x02\x2a\0\0\x0e\x10")),
    ("port-mapping", udp(5351, pcp_map(554, 8554))),
    ("xmpp", tcp(5221, b'<stream:stream to="push.example" xmlns="jabber:client">')),
    ("stun", tcp(40001, b"\0\x14" + stun(0x0001))),
)
"""Pairs of service and conversation, one or more of each dissector."""
