"""What Wireshark's command-line tools say of whole capture files: sizes and conversations."""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

FIELDS = (
    "frame.len", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst",
    "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport",
)  # fmt: skip

_ENDPOINTS = re.compile(r"(\S+):(\d+)\s+<-> (\S+):(\d+)\s+(.*)")
_FRAMES = re.compile(r"(\d+) +\d+ \w+")
"""A count of frames and a size; the size is rounded, so it is not used."""


class OneWay(NamedTuple):
    """One direction of a conversation."""

    protocol: str
    src: str
    src_port: int
    dst: str
    dst_port: int


class Told(NamedTuple):
    """The directions that have packets, as tshark counts them in two ways."""

    frames: dict[OneWay, int]
    """By its statistics ``conv,tcp`` and ``conv,udp``."""

    sums: dict[OneWay, tuple[int, int]]
    """Packets and bytes, summed from the fields of each frame."""


def tool_path(name: str) -> str:
    """Return where an installed tool lies, or skip the test where it is not installed."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def sizes(files: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Return frames and their bytes on the wire, of the files that capinfos reads to the end."""
    columns = ["-T", "-r", "-M", "-c", "-d", "-N"]
    done = subprocess.run(  # noqa: S603  # fixed options, and files that the test found
        [tool_path("capinfos"), *columns, *map(str, files)],
        capture_output=True, check=False, timeout=300, text=True,
    )  # fmt: skip
    found = {}
    for line in done.stdout.splitlines():
        name, frames, size = line.split("\t")
        found[Path(name)] = (int(frames), int(size))
    return found


def conversations(path: Path) -> Told:
    """Return the TCP and UDP conversations of a capture without fragments and tunnels."""
    command = [tool_path("tshark"), "-n", "-r", str(path), "-T", "fields", "-E", "aggregator=|"]
    for name in FIELDS:
        command += ["-e", name]
    command += ["-z", "conv,tcp", "-z", "conv,udp"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=300)  # noqa: S603  # ours
    rows, _, tables = done.stdout.decode("utf-8", "replace").partition("=" * 80)
    return Told(_frames(tables), _sums(rows))


def _frames(tables: str) -> dict[OneWay, int]:
    found: Counter[OneWay] = Counter()
    protocol = ""
    for line in tables.splitlines():
        if line.endswith(" Conversations"):
            protocol = line.split()[0].lower()
        ends = _ENDPOINTS.match(line)
        if ends is None:
            continue
        left, right = (ends[1], int(ends[2])), (ends[3], int(ends[4]))
        back, out, _ = _FRAMES.findall(ends[5])
        found[OneWay(protocol, *right, *left)] += int(back)
        found[OneWay(protocol, *left, *right)] += int(out)
    return dict(+found)


def _sums(rows: str) -> dict[OneWay, tuple[int, int]]:
    found: dict[OneWay, tuple[int, int]] = {}
    for row in rows.splitlines():
        values = dict(zip(FIELDS, row.split("\t"), strict=True))
        layers = values["frame.protocols"].split(":")
        # An ICMP error shows the ports of the packet that it quotes.
        protocol = next((name for name in ("tcp", "udp") if values[f"{name}.srcport"]), "")
        if not protocol or "icmp" in layers or "icmpv6" in layers:
            continue
        ip = "ip" if values["ip.src"] else "ipv6"
        way = OneWay(
            protocol,
            values[f"{ip}.src"],
            int(values[f"{protocol}.srcport"]),
            values[f"{ip}.dst"],
            int(values[f"{protocol}.dstport"]),
        )
        packets, size = found.get(way, (0, 0))
        found[way] = (packets + 1, size + int(values["frame.len"]))
    return found
