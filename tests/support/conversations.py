"""Conversations of a capture file, and the names that tshark finds in them."""

import dataclasses
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.model.facts import Conversation

TCP, UDP = 6, 17
STREAM_LEN = 1 << 16
DATAGRAMS = 512

NAMES = {
    "sni": "tls.handshake.extensions_server_name",
    "dns": "dns.qry.name",
    "host": "http.host",
    "ja3": "tls.handshake.ja3",
}
"""What is compared, and tshark's field for it."""

HELLO = {
    "kinds": "tls.handshake.type",
    "legacy": "tls.handshake.version",
    "versions": "tls.handshake.extensions.supported_version",
    "ciphers": "tls.handshake.ciphersuite",
    "extensions": "tls.handshake.extension.type",
    "signatures": "tls.handshake.sig_hash_alg",
    "alpn": "tls.handshake.extensions_alpn_str",
    "alpn_len": "tls.handshake.extensions_alpn_str_len",
}
"""What JA4 is made of, by tshark's field."""

FIELDS = (
    "frame.number",
    "frame.protocols",
    "tcp.stream",
    "udp.stream",
    "tcp.srcport",
    "tcp.dstport",
    "udp.srcport",
    "udp.dstport",
    "tcp.seq_raw",
    "tcp.flags",
    "tcp.payload",
    "udp.payload",
    *NAMES.values(),
    *HELLO.values(),
)


@dataclasses.dataclass(slots=True)
class Seen:
    """One stream: its conversation, and tshark's names in it."""

    conversation: Conversation
    names: dict[str, set[str]]
    hello: dict[str, list[str]] | None
    """The fields of the first ClientHello that stands alone in a frame, in wire order."""


@dataclasses.dataclass(slots=True)
class _Stream:
    protocol: int
    ports: tuple[int, int]
    orig: list[tuple[int, bool, bytes]] = dataclasses.field(default_factory=list)
    resp: list[tuple[int, bool, bytes]] = dataclasses.field(default_factory=list)
    names: dict[str, set[str]] = dataclasses.field(
        default_factory=lambda: {kind: set() for kind in NAMES}
    )
    hello: dict[str, list[str]] | None = None


def _in_order(segments: list[tuple[int, bool, bytes]]) -> tuple[bytes, ...]:
    """Return the start of a TCP stream up to the first gap."""
    if not any(data for _, _, data in segments):
        return ()
    syn = next((seq for seq, is_syn, _ in segments if is_syn), None)
    data = [(seq, piece) for seq, is_syn, piece in segments if piece and not is_syn]
    start = data[0][0] if syn is None else (syn + 1) & 0xFFFFFFFF
    rows = sorted(
        (((seq - start + (1 << 31)) & 0xFFFFFFFF) - (1 << 31), piece) for seq, piece in data
    )
    stream = b""
    for offset, piece in rows:
        if offset > len(stream) or len(stream) > STREAM_LEN:
            break
        if offset + len(piece) > len(stream) and offset >= 0:
            stream += piece[len(stream) - offset :]
    return (stream,) if stream else ()


def _last(text: str) -> str:
    return text.rsplit("|", 1)[-1]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "aggregator=|"]
    for field in FIELDS:
        command += ["-e", field]
    run = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  the argument list is ours
    for line in run.stdout.decode("utf-8", "backslashreplace").splitlines():
        values = line.split("\t")
        if len(values) == len(FIELDS):
            yield dict(zip(FIELDS, values, strict=True))


def _conversation(stream: _Stream) -> Conversation:
    orig, resp = stream.orig, stream.resp
    if stream.protocol == TCP:
        sides = (_in_order(orig), _in_order(resp))
    else:
        sides = (
            tuple(data for _, _, data in orig[:DATAGRAMS] if data),
            tuple(data for _, _, data in resp[:DATAGRAMS] if data),
        )
    return Conversation(stream.protocol, *stream.ports, *sides)


def conversations(path: Path) -> list[Seen]:
    """Return the streams of a capture as tshark sees them, skipping the test without tshark."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    streams: dict[tuple[int, str], _Stream] = {}
    for row in _rows(path):
        layers = row["frame.protocols"].split(":")
        layer = next((name for name in reversed(layers) if name in {"tcp", "udp"}), "")
        number = _last(row[f"{layer}.stream"]) if layer else ""
        if not number:
            continue
        protocol = TCP if layer == "tcp" else UDP
        ports = (int(_last(row[f"{layer}.srcport"])), int(_last(row[f"{layer}.dstport"])))
        flags = int(_last(row["tcp.flags"]) or "0", 16) if layer == "tcp" else 0
        stream = streams.setdefault((protocol, number), _Stream(protocol, ports))
        side = stream.orig if ports == stream.ports else stream.resp
        payload = _last(row[f"{layer}.payload"])
        data = bytes.fromhex(payload) if payload else b""
        side.append((int(_last(row["tcp.seq_raw"]) or 0), bool(flags & 2), data))
        for kind, field in NAMES.items():
            stream.names[kind].update(name for name in row[field].split("|") if name)
        if row["tls.handshake.type"] == "1" and stream.hello is None:
            stream.hello = {name: row[field].split("|") for name, field in HELLO.items()}
    return [Seen(_conversation(s), s.names, s.hello) for s in streams.values()]
