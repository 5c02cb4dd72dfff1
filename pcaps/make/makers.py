"""Messages of camera makers, built from the fields their protocols are known to have.

Hikvision: SafeProtocol, V3, LBS and VTM as described by pedropaulovc/hikconnect-web and
RenierM26/pyEzvizApi; SADP. Dahua: DHP2P and PTCP as described by khoanguyen-3fc/dh-p2p, DHIP by
mcw0/DahuaConsole. Reolink: Baichuan and BcUDP as described by thirtythreeforty/neolink. Tuya: LAN
frames as described by jasonacox/tinytuya. Serial numbers, tokens and bodies are made up.
"""

import hashlib
import json
import struct
import zlib
from collections.abc import Mapping

from pcaps.make import wire


def safe_protocol(command: int, sequence: int, body: str) -> bytes:
    """Return a SafeProtocol message: 32-byte header, XML, 32 characters of MD5."""
    text = body.encode()
    head = struct.pack(">8I", 0x9EBAACE9, 0x01000000, sequence, 0, command, 0, len(text), 0)
    digest = hashlib.md5(text + b"made", usedforsecurity=False).hexdigest()
    return head + text + digest.encode()


def v3(command: int, sequence: int, body: bytes) -> bytes:
    """Return a V3 P2P message; its header ends with a check byte."""
    head = struct.pack(">BBHIHB", 0xE2, 0xDE, command, sequence, 0x6234, 12)
    return head + bytes((sum(head + body) & 0xFF,)) + body


def lbs_hello(serial: str, label: str) -> bytes:
    """Return the first message to the registration server: type 0xC0 and 62 bytes."""
    token = wire.noise(label + "/token", 16).hex().encode()
    return b"\x01\x01\x00\x09" + serial.encode() + b"\x20" + token + wire.noise(label, 16)


def vtm(channel: int, sequence: int, kind: int, body: bytes) -> bytes:
    """Return one frame of the relay's stream protocol."""
    return struct.pack(">BBHHH", 0x24, channel, len(body), sequence, kind) + body


def vtm_request(url: str) -> bytes:
    """Return the body that names the wanted stream."""
    text = url.encode()
    size = struct.pack("BB", 0x80 | len(text) & 0x7F, len(text) >> 7)
    return b"\x0a" + size + text + b"\x12\x00\x1a\x00\x2a\x00"


def sadp(fields: dict[str, str], kind: str = "hello") -> bytes:
    """Return what a Hikvision device tells its network by SADP."""
    lines = [
        f"<Types>{kind}</Types>",
        *(f"<{key}>{value}</{key}>" for key, value in fields.items()),
    ]
    body = "\r\n".join(lines)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\r\n<ProbeMatch>\r\n{body}\r\n</ProbeMatch>\r\n'
    return text.encode()


def dhip(body: Mapping[str, object]) -> bytes:
    """Return a DHIP message: 32-byte header with the length twice, JSON."""
    text = json.dumps(body, separators=(",", ":")).encode() + b"\n"
    head = b"\x20\0\0\0DHIP" + struct.pack("<II", 0, 0)
    return head + struct.pack("<IIII", len(text), 0, len(text), 0) + text


def dhp2p(method: str, path: str, label: str, sequence: int, body: str = "") -> bytes:
    """Return a DHP2P request."""
    nonce = wire.number(label + "/nonce", 31)
    digest = wire.noise(label + "/digest", 20).hex()[:28]
    lines = [
        f"DH{method} {path} HTTP/1.1",
        f"CSeq: {sequence}",
        'Authorization: WSSE profile="UsernameToken"',
        f'X-WSSE: UsernameToken Username="made", PasswordDigest="{digest}=", Nonce="{nonce}"',
    ]
    if body:
        lines += ["Content-Type: ", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def dhp2p_answer(sequence: int, body: str = "", status: str = "200 OK") -> bytes:
    """Return the server's answer to a DHP2P request."""
    text = f"HTTP/1.1 {status}\r\nCSeq: {sequence}\r\n"
    if body:
        text += f"Content-Type: application/xml\r\nContent-Length: {len(body)}\r\n"
    return (text + "\r\n" + body).encode()


def ptcp(counts: tuple[int, int], ids: tuple[int, int, int], body: bytes) -> bytes:
    """Return a PTCP packet: bytes sent and received, packet and message ids."""
    return b"PTCP" + struct.pack(">5I", *counts, *ids) + body


def bcudp_xml(ident: int, text: str) -> bytes:
    """Return a BcUDP negotiation packet whose XML is scrambled with a repeating key."""
    key = (0x1F2D3C4B, 0x5A6C7F8D, 0x38172E4B, 0x8271635A, 0x863F1A2B, 0xA5C6F7D8, 0x8371E1B4)
    raw = text.encode()
    out = bytearray()
    for at in range(0, len(raw), 4):
        word = (key[(at // 4) % len(key)] + ident) & 0xFFFFFFFF
        piece = raw[at : at + 4].ljust(4, b"\0")
        out += struct.pack("<I", struct.unpack("<I", piece)[0] ^ word)
    body = bytes(out[: len(raw)])
    return struct.pack("<5I", 0x2A87CF3A, len(body), 1, ident, zlib.crc32(body)) + body


def bcudp_data(connection: int, packet: int, body: bytes) -> bytes:
    """Return a BcUDP data packet."""
    return struct.pack("<5I", 0x2A87CF10, connection, 0, packet, len(body)) + body


def bcudp_ack(connection: int, packet: int) -> bytes:
    """Return a BcUDP acknowledgement."""
    return struct.pack("<7I", 0x2A87CF20, connection, 0, 0, packet, 0, 0)


def baichuan(kind: int, body: bytes, sequence: int) -> bytes:
    """Return a Baichuan message with the 24-byte header."""
    head = struct.pack("<IIIII", 0x0ABCDEF0, kind, len(body), sequence << 8, 200)
    return head[:18] + b"\x14\x64" + struct.pack("<I", 0) + body


def tuya_lan(command: int, body: bytes) -> bytes:
    """Return a Tuya LAN frame of protocol 3.3: prefix, length, CRC, suffix."""
    head = struct.pack(">IIIII", 0x000055AA, 0, command, len(body) + 12, 0)
    return head + body + struct.pack(">II", zlib.crc32(head + body), 0x0000AA55)


def sofia(kind: int, body: Mapping[str, object]) -> bytes:
    """Return a message of Xiongmai's DVRIP: 20-byte header, JSON, line end."""
    text = json.dumps(body).encode() + b"\n\0"
    return struct.pack("<BBHIIBBHI", 0xFF, 1, 0, 0, 0, 0, 0, kind, len(text)) + text
