"""A QUIC version 1 connection (RFC 9000, RFC 9001): Initials are really sealed, the rest is noise."""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pcaps.make import tls, wire
from pcaps.make.scene import Host, Scene

SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
"""Initial salt of version 1 (RFC 9001 §5.2)."""

LEAST = 1200
"""Least size of a datagram with a client's Initial (RFC 9000 §14.1)."""


def _expand(secret: bytes, label: str, length: int) -> bytes:
    name = b"tls13 " + label.encode()
    info = struct.pack(">HB", length, len(name)) + name + b"\0"
    return hmac.digest(secret, info + b"\x01", hashlib.sha256)[:length]


def _varint(value: int) -> bytes:
    return struct.pack(">H", 0x4000 | value) if value > 63 else bytes((value,))


def initial(ids: tuple[bytes, bytes, bytes], frames: bytes, side: str) -> bytes:
    """Return an Initial packet number 0.

    Args:
        ids: The client's first destination id (which gives the keys), destination and source.
        frames: Plain frames; filled up so that the packet has 1200 bytes.
        side: ``client in`` or ``server in``.
    """
    secret = hmac.digest(SALT, ids[0], hashlib.sha256)
    secret = _expand(secret, side, 32)
    key, vector = _expand(secret, "quic key", 16), _expand(secret, "quic iv", 12)
    head = b"\xc1" + struct.pack(">I", 1)
    head += bytes((len(ids[1]),)) + ids[1] + bytes((len(ids[2]),)) + ids[2] + b"\0"
    room = LEAST - len(head) - 2 - 2 - 16
    frames = frames.ljust(room, b"\0")
    head += _varint(2 + len(frames) + 16) + b"\0\0"
    body = AESGCM(key).encrypt(vector, frames, head)
    hidden = Cipher(algorithms.AES(_expand(secret, "quic hp", 16)), modes.ECB()).encryptor()  # noqa: S305 - header protection is one AES block by definition (RFC 9001 §5.4.3)
    mask = hidden.update(body[2:18])
    number = bytes(a ^ b for a, b in zip(head[-2:], mask[1:3], strict=True))
    return bytes((head[0] ^ (mask[0] & 0x0F),)) + head[1:-2] + number + body


def _crypto(message: bytes) -> bytes:
    return b"\x06\0" + _varint(len(message)) + message


def visit(scene: Scene, at: float, ends: tuple[Host, Host], name: str, volume: int) -> float:
    """Let a browser fetch `volume` bytes; gives the time of the end."""
    label = f"{scene.name}/quic/{name}/{at}"
    first, server_id = wire.noise(label + "/id", 8), wire.noise(label + "/server id", 8)
    ports = (scene.port(), 443)
    back = (ports[1], ports[0])
    parameters = b"\x01\x02\x67\x10\x03\x02\x45\xc0\x0f\x00"
    shape = tls.Shape(
        (0x1301, 0x1302, 0x1303), (0x001D, 0x0017), tls.NEW_SIGNATURES,
        (0, 10, 16, 13, 51, 45, 43), ("h3",),
    )  # fmt: skip
    hello = tls.client_hello(shape, name, label, parameters)
    rtt = 0.014
    scene.udp(at, ends, ports, initial((first, first, b""), _crypto(hello), "client in"))
    answer = b"\x02\0\0\0\0" + _crypto(tls.server_hello(0x1301, label, is_13=True))
    at += rtt
    scene.udp(at, (ends[1], ends[0]), back, initial((first, b"", server_id), answer, "server in"))
    sealed = wire.noise(label + "/handshake", 1120)
    long_head = b"\xe1" + struct.pack(">I", 1) + b"\0\x08" + server_id + _varint(len(sealed))
    scene.udp(at + 0.0002, (ends[1], ends[0]), back, long_head + sealed)
    sent, index = 0, 0
    while sent < volume:
        size = min(1250, volume - sent)
        body = wire.noise(f"{label}/{index}", size)
        scene.udp(at + 0.03, (ends[1], ends[0]), back, bytes((0x40 | body[0] & 0x1F,)) + body)
        if index % 4 == 0:
            ask = bytes((0x40 | body[1] & 0x1F,)) + server_id + body[:29]
            scene.udp(at + 0.0302, ends, ports, ask)
        at += 0.0006
        sent, index = sent + size, index + 1
    return at + 0.03
