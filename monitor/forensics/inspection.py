"""One flow, packet by packet: carved, listed, written, dissected."""

import dataclasses
import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from monitor.forensics.body import bodies
from monitor.forensics.carve import Carving, Job, carve
from monitor.forensics.dissect import dissect, tshark_path
from monitor.forensics.gathered import Role
from monitor.forensics.listing import PREVIEW, packet_data, packet_line
from monitor.forensics.pcapng_file import PcapngFile
from monitor.forensics.shown import shown
from monitor.forensics.write import write
from monitor.model.records import FlowRecord, Side
from monitor.report.units import plural

SHOWN_PACKETS: Final = 40
MOST_PACKETS: Final = 100_000
"""Packets that are listed at most: a list is for people, a file holds all."""

MOST_TEXT: Final = 1000
"""Characters of a layer's line."""

NO_TSHARK: Final = "tshark is not installed, so nothing is dissected; the package is called tshark or wireshark-cli"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How to look at a flow."""

    write_to: Path | None = None
    is_deep: bool = True
    limit_s: float = 30.0
    most: int = SHOWN_PACKETS
    """Packets to list, 0 for all (`MOST_PACKETS`)."""


class _Listed(NamedTuple):
    packets: list[dict[str, Any]]
    times_ns: list[int]
    start_ns: int
    """Time of the first packet of the flow itself."""

    fault: str
    """Why some packets are not dissected."""


def inspect(job: Job, look: Look, progress: Callable[[int], None] | None = None) -> dict[str, Any]:
    """Carve a flow and tell what its packets are.

    Returns:
        JSON-ready data; texts in it are as on the wire and must be escaped before printing.

    Raises:
        MonitorError: As `carve` and `write`.
    """
    with carve(job, progress) as carving:
        written = 0
        if look.write_to is not None:
            written = write(carving, look.write_to, job)
        listed = _list(carving, job.record, look)
        return {
            "flow_id": job.record.flow_id,
            "community_id": job.record.community_id,
            "packets": carving.packets,
            "copies": carving.copies,
            "icmp_errors": carving.errors,
            "dns_messages": carving.names,
            "doubt": carving.doubt or None,
            "written": None if look.write_to is None else str(look.write_to),
            "written_packets": written,
            "first_ns": listed.start_ns,
            "list": listed.packets,
            "times_ns": listed.times_ns,
            "not_listed": len(carving) - len(listed.packets),
            "dissection_fault": listed.fault or None,
            "http_bodies": bodies(carving) if job.record.service == "http" else [],
        }


def _list(carving: Carving, record: FlowRecord, look: Look) -> _Listed:
    """List the first packets, and put what tshark sees into their data.

    Mirror copies are not dissected: tshark would take them for retransmissions.
    """
    tshark = tshark_path() if look.is_deep else ""
    packets: list[dict[str, Any]] = []
    times_ns: list[int] = []
    once: list[dict[str, Any]] = []
    starts: list[int] = []
    with tempfile.TemporaryDirectory(prefix="camwatch-") as folder:
        path = Path(folder) / "flow.pcapng"
        before_1970_s = min(carving.first_ns // 1_000_000_000, 0)
        with PcapngFile(path, comments={}, before_1970_s=before_1970_s) as file:
            for one in itertools.islice(carving, look.most or MOST_PACKETS):
                packet = one.packet
                packets.append(packet_data(one, record))
                times_ns.append(packet.ts_ns)
                if packet.role is Role.FLOW and not starts:
                    starts.append(packet.ts_ns)
                if tshark and not one.copy_of:
                    once.append(packets[-1])
                    file.packet(
                        one.data,
                        ts_ns=packet.ts_ns,
                        wire_len=packet.wire_len,
                        interface=(one.input, packet.link_type),
                    )
            file.finish()
        fault = "" if tshark or not look.is_deep else NO_TSHARK
        if once:
            layers, fault = dissect(path, 0, look.limit_s, tshark=tshark)
            for data, found in zip(once, layers, strict=False):
                data["layers"] = found
    return _Listed(packets, times_ns, starts[0] if starts else record.start_ns, fault)


def lines(told: dict[str, Any], record: FlowRecord) -> Iterator[str]:
    """Yield the lines for a person, with everything from the wire escaped."""
    service = f" {shown(record.service)}" if record.service else ""
    yield (
        f"{_end(record, record.orig)} to {_end(record, record.resp)}, "
        f"{record.protocol}{service}, flow {record.flow_id}"
    )
    parts = [plural(told["packets"], "packet")]
    if told["copies"]:
        parts.append(f"{plural(told['copies'], 'mirror copy', 'mirror copies')}, marked")
    if told["icmp_errors"]:
        parts.append(plural(told["icmp_errors"], "ICMP error"))
    if told["dns_messages"]:
        parts.append(plural(told["dns_messages"], "DNS message"))
    yield f"{', '.join(parts)}; the originals have the SHA-256 of the manifest"
    for body in told["http_bodies"]:
        why = body.get("why", "not whole")
        digest = f"SHA-256 {body['sha256']}" if body["sha256"] else f"{why}, so without a SHA-256"
        missing = f" ({plural(body['missing'], 'byte')} missing)" if body["missing"] else ""
        yield f"HTTP body of {plural(body['bytes'], 'byte')}{missing}: {digest}"
    if told["doubt"]:
        yield f"Note: {told['doubt']}"
    if told["written"]:
        yield f"Written: {shown(told['written'])} ({plural(told['written_packets'], 'packet')})"
    if told["dissection_fault"]:
        yield f"Note: {told['dissection_fault']}"
    yield ""
    with_input = len({data["input"] for data in told["list"]}) > 1
    if told["list"] and not with_input:
        yield f"Frames of {shown(told['list'][0]['input'])}, seconds from the first packet:"
    for data, time_ns in zip(told["list"], told["times_ns"], strict=True):
        yield packet_line(data, told["first_ns"], time_ns, with_input=with_input)
        yield from _below(data)
    if told["not_listed"]:
        is_all = len(told["list"]) >= MOST_PACKETS
        how = "--write keeps them in a file" if is_all else "--all lists them"
        yield f"... and {plural(told['not_listed'], 'more packet')}; {how}"


def _end(record: FlowRecord, side: Side) -> str:
    return f"{side.ip} port {side.port}" if record.protocol in ("tcp", "udp", "sctp") else side.ip


def _below(data: dict[str, Any]) -> Iterator[str]:
    for layer in data.get("layers", ()):
        yield f"    {shown(layer['layer'], 30)}: {shown('; '.join(layer['fields']), MOST_TEXT)}"
    # A mirror copy holds what its first holds.
    if "layers" not in data and data["payload_start"] and not data["copy_of"]:
        more = "..." if data["payload_bytes"] > PREVIEW else ""
        yield f'    "{data["payload_start"]}{more}"'
