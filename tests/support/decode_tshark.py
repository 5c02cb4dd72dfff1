"""What tshark says of the innermost packet of each frame of a capture file."""

import subprocess
from pathlib import Path
from typing import NamedTuple

FIELDS = [
    "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport",
    "udp.srcport", "udp.dstport", "tcp.flags", "tcp.seq_raw", "tcp.len",
]  # fmt: skip
KEPT = [
    "icmp", "icmpv6", "gtp", "gtpprime", "teredo", "lisp", "l2tp", "ayiya", "openvpn", "capwap",
    "ssh", "sflow", "rtcp", "pfcp", "nsh", "vxlan_gpe", "wccp", "exported_pdu", "esp",
]  # fmt: skip
"""What stands behind these is not the frame's own packet: quotes, and tunnels of applications
that the decode stage leaves in place (see `test_decode_tshark.py`)."""


class Seen(NamedTuple):
    """The innermost packet of a frame, None where tshark sees none."""

    src: str | None
    dst: str | None
    ports: tuple[int, int] | None
    tcp: tuple[int, int, int] | None
    """Flags (eight of them), sequence number, payload on the wire."""
    layers: tuple[str, ...]


def read_with_tshark(path: Path) -> list[Seen]:
    """Return what tshark sees in each frame; stops where tshark does.

    Reassembly is off, so that a fragment is a packet, as it is for the decode stage.
    """
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=a"]
    command += ["-E", "aggregator=|", "-E", "separator=/t"]
    for option in ("ip.defragment", "ipv6.defragment", "tcp.desegment_tcp_streams"):
        command += ["-o", f"{option}:FALSE"]
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)  # noqa: S603  fixed command
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    return [_seen(dict(zip(FIELDS, line.split("\t"), strict=False))) for line in lines]


def _seen(found: dict[str, str]) -> Seen:
    layers = tuple(found.get("frame.protocols", "").split(":"))
    own = layers
    for number, layer in enumerate(layers):
        if layer in KEPT:
            own = layers[:number]
            break
    values = {name: found.get(name, "").split("|") for name in FIELDS}
    last = max((n for n, layer in enumerate(own) if layer in ("ip", "ipv6")), default=None)
    if last is None:
        return Seen(None, None, None, None, layers)
    kind = own[last]
    index = own.count(kind) - 1
    src, dst = values[f"{kind}.src"], values[f"{kind}.dst"]
    if index >= len(src) or not src[index]:
        return Seen(None, None, None, None, layers)
    transport = next((layer for layer in own[last:] if layer in ("tcp", "udp")), "")
    nth = own[:last].count(transport)
    ports = _numbers(values, [f"{transport}.srcport", f"{transport}.dstport"], nth)
    tcp = None
    if transport == "tcp":
        tcp = _numbers(values, ["tcp.flags", "tcp.seq_raw", "tcp.len"], nth)
    return Seen(
        src[index],
        dst[index],
        (ports[0], ports[1]) if ports else None,
        (tcp[0] & 0xFF, tcp[1], tcp[2]) if tcp else None,
        layers,
    )


def _numbers(values: dict[str, list[str]], names: list[str], nth: int) -> list[int] | None:
    """Return the fields of the nth layer of their kind, or None where one is missing."""
    columns = [values.get(name, [""]) for name in names]
    if any(nth >= len(column) or not column[nth] for column in columns):
        return None
    return [int(column[nth], 0) for column in columns]
