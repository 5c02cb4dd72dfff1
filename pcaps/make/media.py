"""Streams: HTTP texts, RTSP with RTP beside or inside it, STUN and TURN."""

import struct
import zlib

from pcaps.make import wire
from pcaps.make.scene import Host, Scene
from pcaps.make.tcp import Tcp

COOKIE = 0x2112A442
"""Magic cookie of STUN (RFC 8489 §5)."""


def http_request(method: str, path: str, host: str, headers: dict[str, str], body: bytes) -> bytes:
    """Return an HTTP/1.1 request; a Content-Length is added where there is a body."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{key}: {value}" for key, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def http_answer(kind: str, body: bytes, server: str = "nginx", status: str = "200 OK") -> bytes:
    """Return an HTTP/1.1 answer."""
    head = (
        f"HTTP/1.1 {status}\r\nServer: {server}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: keep-alive\r\n\r\n"
    )
    return head.encode() + body


def rtp(label: str, sequence: int, size: int) -> bytes:
    """Return an RTP packet (RFC 3550) of payload type 96."""
    source = wire.number(label + "/ssrc", 32)
    stamp = (wire.number(label + "/stamp", 32) + sequence // 4 * 3600) & 0xFFFFFFFF
    head = struct.pack(
        ">BBHII", 0x80, 96 | (0x80 if sequence % 4 == 3 else 0), sequence, stamp, source
    )
    return head + wire.noise(f"{label}/{sequence}", size)


def _rtsp(tcp: Tcp, method: str, url: str, sequence: int, pair: tuple[str, str]) -> None:
    """Send one RTSP request and get its answer; `pair` are extra lines of each."""
    text = f"{method} {url} RTSP/1.0\r\nCSeq: {sequence}\r\nUser-Agent: NVR-MediaClient/2.1\r\n"
    tcp.send((text + pair[0] + "\r\n").encode())
    tcp.reply(f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\n{pair[1]}\r\n".encode(), 0.004)


def rtsp_open(tcp: Tcp, path: str, transport: tuple[str, str]) -> None:
    """Go through OPTIONS, DESCRIBE, SETUP and PLAY (RFC 2326) over an open connection."""
    address = tcp.server.host.ip
    url = f"rtsp://{address}:554{path}"
    sdp = (
        f"v=0\r\no=- 1109162014219182 1 IN IP4 {address}\r\ns=Media Presentation\r\nt=0 0\r\n"
        "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=1\r\n"
    )
    described = f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}"
    public = "Public: OPTIONS, DESCRIBE, PLAY, SETUP, TEARDOWN, GET_PARAMETER\r\n"
    _rtsp(tcp, "OPTIONS", url, 1, ("", public))
    tcp.send(f"DESCRIBE {url} RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\n\r\n".encode())
    tcp.reply(f"RTSP/1.0 200 OK\r\nCSeq: 2\r\n{described}".encode(), 0.004)
    asked, granted = (f"Transport: {each}\r\n" for each in transport)
    _rtsp(
        tcp, "SETUP", url + "/trackID=1", 3, (asked, granted + "Session: 1185372962;timeout=60\r\n")
    )
    _rtsp(
        tcp,
        "PLAY",
        url,
        4,
        ("Session: 1185372962\r\nRange: npt=0.000-\r\n", "Session: 1185372962\r\n"),
    )


def rtsp_interleaved(tcp: Tcp, path: str, packets: int) -> None:
    """Fetch a stream whose RTP runs inside the RTSP connection, four packets a picture."""
    inside = "RTP/AVP/TCP;unicast;interleaved=0-1"
    rtsp_open(tcp, path, (inside, inside))
    for first in range(0, packets, 4):
        burst = b""
        for sequence in range(first, min(first + 4, packets)):
            packet = rtp(tcp.label, sequence, 900 if sequence % 4 < 3 else 340)
            burst += struct.pack(">BBH", 0x24, 0, len(packet)) + packet
        tcp.reply(burst, 0.04)


def rtsp_beside(scene: Scene, tcp: Tcp, path: str, packets: int) -> None:
    """Fetch a stream whose RTP runs over UDP."""
    near, far = 51000 + 2 * int(scene.jitter() * 500), 8224
    ports = f"RTP/AVP;unicast;client_port={near}-{near + 1}"
    rtsp_open(tcp, path, (ports, f"{ports};server_port={far}-{far + 1}"))
    ends = (tcp.server.host, tcp.client.host)
    for sequence in range(packets):
        tcp.t += 0.04 if sequence % 4 == 0 else 0.0004
        scene.udp(
            tcp.t, ends, (far, near), rtp(tcp.label, sequence, 900 if sequence % 4 < 3 else 340)
        )


def stun(kind: int, label: str, *attributes: tuple[int, bytes], sealed: bool = True) -> bytes:
    """Return a STUN message (RFC 8489), closed by its fingerprint where `sealed`."""
    body = b"".join(
        struct.pack(">HH", number, len(value)) + value.ljust(-(-len(value) // 4) * 4, b"\0")
        for number, value in attributes
    )
    length = len(body) + (8 if sealed else 0)
    message = struct.pack(">HHI", kind, length, COOKIE) + wire.noise(label, 12) + body
    if sealed:
        mark = zlib.crc32(message) ^ 0x5354554E
        message += struct.pack(">HHI", 0x8028, 4, mark)
    return message


def stun_address(host: str, port: int) -> bytes:
    """Return the value of an XOR-ed IPv4 address attribute (RFC 8489 §14.2)."""
    (word,) = struct.unpack(">I", wire.packed(host))
    return struct.pack(">BBHI", 0, 1, port ^ (COOKIE >> 16), word ^ COOKIE)


def turn_channel(channel: int, body: bytes) -> bytes:
    """Return TURN channel data (RFC 8656 §12.4)."""
    return struct.pack(">HH", channel, len(body)) + body


def turn_open(scene: Scene, at: float, ends: tuple[Host, Host], port: int) -> float:
    """Allocate a relay address: refused without credentials, then granted, then a channel bound."""
    label = f"{scene.name}/turn/{at}"
    relay, peer = stun_address(ends[1].ip, 51208), stun_address("198.51.100.77", 40122)
    user = (0x0006, b"1794211200:made")
    realm = (0x0014, b"relay.example")
    nonce = (0x0015, wire.noise(label + "/nonce", 12).hex().encode())
    proof = (0x0008, wire.noise(label + "/proof", 20))
    udp = (0x0019, b"\x11\0\0\0")
    granted = (
        (0x0016, relay),
        (0x000D, struct.pack(">I", 600)),
        (0x0020, stun_address("203.0.113.24", port)),
    )
    channel = (0x000C, b"\x40\x00\0\0")
    steps = (
        (stun(0x0003, label + "/1", udp),
         stun(0x0113, label + "/1", (0x0009, b"\0\0\x04\x01Unauthorized"), realm, nonce)),
        (stun(0x0003, label + "/2", udp, user, realm, nonce, proof),
         stun(0x0103, label + "/2", *granted, proof)),
        (stun(0x0009, label + "/3", channel, (0x0012, peer), user, realm, nonce, proof),
         stun(0x0109, label + "/3", proof)),
    )  # fmt: skip
    for messages in steps:
        at = scene.ask(at, ends, (port, 3478), messages, 0.024) + 0.01
    return at
