"""What tshark says of the innermost packet of each frame of a capture file."""

import subprocess
from pathlib import Path
from typing import NamedTuple

FIELDS = [
    "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport",
    "udp.srcport", "udp.dstport", "tcp.flags", "tcp.seq_raw",
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
        return Seen(None, None, None, layers)
    kind = own[last]
    index = own.count(kind) - 1
    src, dst = values[f"{kind}.src"], values[f"{kind}.dst"]
    if index >= len(src) or not src[index]:
        return Seen(None, None, None, layers)
    ports = None
    transport = next((layer for layer in own[last:] if layer in ("tcp", "udp")), None)
    if transport is not None:
        index_of = own[:last].count(transport)
        both = values[f"{transport}.srcport"], values[f"{transport}.dstport"]
        if index_of < len(both[1]) and both[1][index_of]:
            ports = int(both[0][index_of]), int(both[1][index_of])
    return Seen(src[index], dst[index], ports, layers)
