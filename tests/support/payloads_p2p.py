"""Conversations built from the descriptions of camera protocols; all addresses and ids made up."""

import struct

from monitor.model.facts import Conversation


def udp(port: int, *orig: bytes, resp: tuple[bytes, ...] = ()) -> Conversation:
    """Datagrams to a responder's UDP port."""
    return Conversation(17, 40000, port, orig, resp)


def tcp(port: int, orig: bytes, resp: bytes = b"") -> Conversation:
    """The starts of the two streams of a TCP connection."""
    return Conversation(6, 40000, port, (orig,) if orig else (), (resp,) if resp else ())


def pppp(kind: int, body: bytes = b"") -> bytes:
    return bytes([0xF1, kind]) + struct.pack(">H", len(body)) + body


def pppp_uid(prefix: bytes) -> bytes:
    return prefix.ljust(8, b"\0") + struct.pack(">I", 123456) + b"ABCDE".ljust(8, b"\0")


def pppp_address(port: int, *octets: int) -> bytes:
    return b"\x00\x02" + struct.pack("<H", port) + bytes(octets[::-1]) + bytes(8)


def pppp_tcp(message: bytes) -> bytes:
    return struct.pack(">HB5x", len(message), 0x68) + message


def safe(command: int, body: bytes) -> bytes:
    head = b"\x9e\xba\xac\xe9" + struct.pack(">BxxxIIIIII", 1, 7, 0, command, 0, len(body), 0)
    return head + body + b"0123456789abcdef" * 2


def v3(command: int, body: bytes = b"") -> bytes:
    head = struct.pack(">BBHIHBB", 0xE2, 0xDA, command, 9, 0x6234, 12, 0x55)
    return head + body


def ysproto(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBHHH", 0x24, 0, len(body), 1, kind) + body


def hcnetsdk_login(name: bytes) -> bytes:
    body = b"\x5a" + bytes(7) + struct.pack(">II", 0x00010000, 0x05013D4B) + b"\x00\x00\x00\x01"
    body += bytes([192, 0, 2, 7]) + bytes(4) + b"\x00\x00\x0f\x00" + name.ljust(60, b"\0")
    return struct.pack(">I", 4 + len(body)) + body


def hcnetsdk_command() -> bytes:
    return struct.pack(">IIIII", 32, 0x63000000, 0xB97967F9, 0x00020141, 0xC0000207) + bytes(12)


LBS = b"\xc0\x3e\x01\x01\x00\x09C00000000\x20" + b"k" * 31 + b"=" + bytes(range(16))
ISUP5 = b"\x10\x30\x01\x01\x00\x09A12345678\x00\x10DS-2CD2042WD-I(B)" + bytes(17)
EHOME = (
    b'<?xml version="1.0" encoding="GB2312" ?>\r\n<PPVSPMessage>\r\n<Version>2.5</Version>\r\n'
    b"<Sequence>1</Sequence>\r\n<CommandType>REQUEST</CommandType>\r\n<Command>REGISTER</Command>"
    b"\r\n<Params><FirmwareVersion>V5.5.0 build 180101</FirmwareVersion></Params></PPVSPMessage>"
)


def dhget(path: bytes) -> bytes:
    return (
        b"DHGET " + path + b' HTTP/1.1\r\nCSeq: 1\r\nAuthorization: WSSE profile="UsernameToken"'
        b'\r\nX-WSSE: UsernameToken Username="P2PClient", PasswordDigest="c2VjcmV0", '
        b'Nonce="1", Created="2026-01-01T00:00:00Z"\r\n\r\n'
    )


DH_ANSWER = b"HTTP/1.1 200 OK\r\nCSeq: 1\r\n\r\n<body><DS>192.0.2.10:8802</DS><US>192.0.2.11:8803</US></body>"


def ptcp(body: bytes = b"") -> bytes:
    return b"PTCP" + struct.pack(">5I", 0, 0, 1, 2, 3) + body


def dhip(text: bytes) -> bytes:
    size = struct.pack("<I", len(text))
    return b"\x20\0\0\0DHIP" + bytes(8) + size + bytes(4) + size + bytes(4) + text


def dvrip_login(user: bytes) -> bytes:
    body = user + b"&&" + b"0123456789ABCDEF0123456789ABCDEF"
    head = b"\xa0\x05\x00\x60" + struct.pack("<I", len(body)) + bytes(16)
    return head + bytes.fromhex("050200080000a1aa") + body


def dvrip_answer(text: bytes) -> bytes:
    return b"\xb0\x01\x00\x78" + struct.pack("<I", len(text)) + bytes(24) + text


def baichuan(number: int, body: bytes, kind: int = 0x6514) -> bytes:
    return b"\xf0\xde\xbc\x0a" + struct.pack("<IIIHH", number, len(body), 1, 0xDC01, kind) + body


_BC_KEY = bytes.fromhex("4b3c2d1f8d7f6c5a4b2e17385a6371822b1a3f86d8f7c6a5b4e17183a5d3f217")


def bcudp_talk(xml: bytes) -> bytes:
    """A negotiation of transmission 0, whose mask is the plain key."""
    masked = bytes(b ^ _BC_KEY[i % 32] for i, b in enumerate(xml))
    return b"\x3a\xcf\x87\x2a" + struct.pack("<IIII", len(xml), 1, 0, 0x1234) + masked


def bcudp_data(body: bytes) -> bytes:
    return b"\x10\xcf\x87\x2a" + struct.pack("<iIII", 82000, 0, 5, len(body)) + body


def bcudp_ack() -> bytes:
    return b"\x20\xcf\x87\x2a" + struct.pack("<iIIIII", 82000, 0, 0, 5, 0, 0)


def xmeye(number: int, text: bytes) -> bytes:
    return b"\xff\x01\0\0" + bytes(8) + b"\0\0" + struct.pack("<HI", number, len(text)) + text


def tuya(command: int, body: bytes) -> bytes:
    head = struct.pack(">IIII", 0x55AA, 1, command, len(body) + 8)
    return head + body + b"\x01\x02\x03\x04" + b"\x00\x00\xaa\x55"


def tuya_new(command: int, body: bytes) -> bytes:
    head = struct.pack(">IHIII", 0x6699, 0, 1, command, len(body))
    return head + body + b"\x00\x00\x99\x66"


def _rotate(word: int, by: int) -> int:
    return (word << by | word >> (32 - by)) & 0xFFFFFFFF


def tutk(header: bytes, body: bytes) -> bytes:
    """Scramble a header as a sender does: the steps of the description backwards."""
    words = list(struct.unpack("<4I", header))
    turned = struct.pack("<4I", *(_rotate(w, 31 - 4 * i) for i, w in enumerate(words)))
    mixed = bytes(a ^ b for a, b in zip(turned, b"Charlie is the d", strict=True))
    order = (11, 9, 8, 15, 13, 10, 12, 14, 2, 1, 5, 0, 6, 4, 7, 3)
    placed = bytearray(16)
    for at, place in enumerate(order):
        placed[place] = mixed[at]
    words = list(struct.unpack("<4I", placed))
    return struct.pack("<4I", *(_rotate(w, 29 - 4 * i) for i, w in enumerate(words))) + body


def tutk_header(command: int, size: int) -> bytes:
    return b"\x04\x02\x12\x0a" + struct.pack("<HHHHI", size, 0, command, 0x0012, 0)


def tutk_new(command: int, body: bytes) -> bytes:
    head = struct.pack("<HHHHHHHH", 0xCC51, 0, command, 16 + len(body), 0, 0, 0, 0)
    return head + bytes(12) + body


def naxclow(text: bytes) -> bytes:
    return struct.pack("<I", len(text)) + bytes(16) + text


MIIO_HELLO = b"\x21\x31\x00\x20" + b"\xff" * 28


def ntp_client() -> bytes:
    return b"\x23" + bytes(39) + bytes.fromhex("e9c0ffee12345678")


def ntp_server(stratum: int = 2, reference: bytes = b"\xc0\x00\x02\x01") -> bytes:
    head = bytes([0x24, stratum, 6, 0xE8]) + bytes.fromhex("0000031a00000a3c") + reference
    times = (
        bytes.fromhex("e9c0ff0000000000e9c0ffee12345678") + bytes.fromhex("e9c0ffef00000001") * 2
    )
    return head + times


def stun(kind: int, *attributes: tuple[int, bytes], cookie: bytes = b"\x21\x12\xa4\x42") -> bytes:
    body = b"".join(
        struct.pack(">HH", name, len(value)) + value + bytes(-len(value) % 4)
        for name, value in attributes
    )
    return struct.pack(">HH", kind, len(body)) + cookie + b"abcdefghijkl" + body


XOR_MAPPED = (0x0020, b"\x00\x01" + struct.pack(">HI", 5000 ^ 0x2112, 0xC0000209 ^ 0x2112A442))

P2P_SAMPLES: tuple[tuple[str, Conversation], ...] = (
    ("ntp", udp(123, ntp_client(), resp=(ntp_server(),))),
    ("ntp", udp(123, b"\x1b" + bytes(47))),
    ("ntp", udp(123, b"\x16\x02\x00\x01" + bytes(8))),
    ("ntp", udp(123, b"\x17\x00\x03\x2a" + bytes(4))),
    ("stun", udp(3478, stun(0x0001), resp=(stun(0x0101, XOR_MAPPED),))),
    ("stun", tcp(443, stun(0x0003, (0x0019, b"\x11\0\0\0")), stun(0x0113, (0x0014, b"example")))),
    ("stun", udp(3478, stun(0x0001, cookie=b"cook"))),
    ("stun", udp(9999, *[b"\x40\x00\x00\x10" + bytes(16)] * 3)),
    ("pppp", udp(32100, pppp(0), resp=(pppp(1, pppp_address(5000, 192, 0, 2, 9)),))),
    ("pppp", udp(32100, pppp(0x10, pppp_uid(b"VSTD") + bytes(20)))),
    ("pppp", udp(12000, pppp(0xD0, b"\xd1\x00\x00\x01XZYH" + bytes(12)))),
    ("pppp", tcp(32108, pppp_tcp(pppp(0xE0)) + pppp_tcp(pppp(0xD0, b"\xd1\0\0\0" + bytes(8))))),
    ("pppp", udp(32108, bytes.fromhex("2cba5f5d"))),
    ("hik-safe", udp(6002, safe(0x0812, b"<Request></Request>"))),
    ("hik-v3", udp(6000, v3(0x0B02, bytes(20)))),
    ("ysproto", tcp(7100, ysproto(0x013B, b"\x0a\x30ysproto://192.0.2.8:7100/live?dev=C0"))),
    (
        "hik-talk",
        tcp(9664, struct.pack(">IIII", 1, 1, 0, 30) + b"tts://192.0.2.8:9664/talk://C0"),
    ),
    ("hik-lbs", tcp(8666, LBS)),
    ("isup", tcp(7660, ISUP5)),
    ("isup", udp(7660, EHOME)),
    ("hcnetsdk", tcp(8000, hcnetsdk_login(b"admin"))),
    ("hcnetsdk", tcp(8000, hcnetsdk_command(), struct.pack(">IIII", 16, 1, 1, 0))),
    ("dhp2p", udp(8800, dhget(b"/online/p2psrv/4M0012CPAZ7E123"), resp=(DH_ANSWER,))),
    ("ptcp", udp(20000, ptcp(b"\x00\x03\x01\x00"), resp=(ptcp(),))),
    (
        "dahua-stun",
        udp(8802, bytes(255 - b for b in stun(0x0101, XOR_MAPPED))),
    ),
    (
        "dhip",
        udp(37810, dhip(b'{ "method" : "DHDiscover.search", "params" : { "mac" : "" } }\n')),
    ),
    (
        "dvrip",
        tcp(37777, dvrip_login(b"admin"), dvrip_answer(b"Realm:Login to AB\r\nRandom:1\r\n")),
    ),
    ("baichuan", tcp(9000, baichuan(1, b"x" * 40))),
    ("bcudp", udp(9999, bcudp_talk(b"<P2P><C2M_Q><uid>9527000</uid></C2M_Q></P2P>"))),
    ("bcudp", udp(20000, bcudp_data(baichuan(93, b"")), resp=(bcudp_ack(),))),
    ("xmeye", udp(34569, xmeye(1530, b""), resp=(xmeye(1531, b'{"NetWork.NetCommon":{}}\n'),))),
    ("tuya", udp(6666, tuya(0x13, b'\0\0\0\0{"version":"3.1","productKey":"keyabcdef"}'))),
    ("tuya", tcp(6668, tuya_new(3, bytes(40)))),
    ("tutk", udp(10001, tutk(tutk_header(0x0601, 64), bytes(64)))),
    ("tutk", udp(32761, tutk_new(0x1002, bytes(24)))),
    ("naxclow", tcp(6123, naxclow(b'{"code": 100, "uid": "0800", "domain": "v720.example"}'))),
    ("miio", udp(54321, MIIO_HELLO)),
)
"""Pairs of service and conversation, one or more of each dissector."""
