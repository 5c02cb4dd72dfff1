"""Conversations of a capture file, with the names that tshark's protocol column gives them."""

import dataclasses
import subprocess
from pathlib import Path

from monitor.model.facts import Conversation

DATAGRAMS = 6
STREAM_BYTES = 8192
FIELDS = [
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "udp.srcport",
    "udp.dstport",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.seq_raw",
    "udp.payload",
    "tcp.payload",
    "_ws.col.Protocol",
]


@dataclasses.dataclass(slots=True)
class Seen:
    """One flow: its first payload on each side, in order, and the names of its frames."""

    protocol: int
    orig_port: int
    resp_port: int
    pieces: tuple[list[bytearray], list[bytearray]]
    names: set[str]
    next_seq: list[int]

    def conversation(self) -> Conversation:
        orig, resp = (tuple(bytes(piece) for piece in side) for side in self.pieces)
        return Conversation(self.protocol, self.orig_port, self.resp_port, orig, resp)


def flows_of(path: Path) -> list[Seen]:
    """Return the flows with payload; the sender of the first payload is the originator.

    A stream goes on for as long as its segments come in order.
    """
    command = ["tshark", "-n", "-r", str(path), "-Y", "udp.payload or tcp.payload", "-T", "fields"]
    command += ["-E", "occurrence=l", *(part for field in FIELDS for part in ("-e", field))]
    done = subprocess.run(command, capture_output=True, check=False, timeout=300)  # noqa: S603  fixed command
    flows: dict[tuple[int, str, str, str, str], Seen] = {}
    for line in done.stdout.decode("latin-1").splitlines():
        row = dict(zip(FIELDS, line.split("\t"), strict=False))
        if len(row) == len(FIELDS):
            _add(flows, row)
    return list(flows.values())


def _add(flows: dict[tuple[int, str, str, str, str], Seen], row: dict[str, str]) -> None:
    is_udp = bool(row["udp.srcport"])
    layer = "udp" if is_udp else "tcp"
    payload = bytes.fromhex(row[f"{layer}.payload"].replace(":", ""))
    if not payload or not row[f"{layer}.srcport"]:
        return
    src, dst = row["ip.src"] or row["ipv6.src"], row["ip.dst"] or row["ipv6.dst"]
    sport, dport = row[f"{layer}.srcport"], row[f"{layer}.dstport"]
    protocol = 17 if is_udp else 6
    key, back = (protocol, src, sport, dst, dport), (protocol, dst, dport, src, sport)
    side = 1 if key not in flows and back in flows else 0
    flow = flows.get(back if side else key)
    if flow is None:
        flow = flows[key] = Seen(protocol, int(sport), int(dport), ([], []), set(), [-1, -1])
    flow.names.add(row["_ws.col.Protocol"])
    own = flow.pieces[side]
    if is_udp:
        if len(own) < DATAGRAMS:
            own.append(bytearray(payload))
        return
    seq = int(row["tcp.seq_raw"] or 0)
    if not own:
        own.append(bytearray())
    elif seq != flow.next_seq[side] or len(own[0]) >= STREAM_BYTES:
        return
    own[0] += payload
    flow.next_seq[side] = (seq + len(payload)) & 0xFFFFFFFF
