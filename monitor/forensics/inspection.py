"""One flow, packet by packet: carved, listed, written, dissected."""

import dataclasses
import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from monitor.forensics.carve import Carved, Carving, Job, carve
from monitor.forensics.dissect import dissect, tshark_path
from monitor.forensics.gathered import Role
from monitor.forensics.listing import PREVIEW, packet_data, packet_line
from monitor.forensics.pcapng_file import PcapngFile
from monitor.forensics.shown import shown
from monitor.forensics.write import write
from monitor.model.records import FlowRecord, Side
from monitor.report.units import plural

SHOWN_PACKETS: Final = 40
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
    """Packets to list, 0 for all."""


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
        listed = list(itertools.islice(carving, look.most or None))
        packets = [packet_data(one, job.record) for one in listed]
        fault = ""
        if look.is_deep and listed:
            fault = _deepen(listed, packets, look.limit_s)
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
            "first_ns": _start(listed, job.record),
            "list": packets,
            "times_ns": [one.packet.ts_ns for one in listed],
            "not_listed": _total(carving) - len(listed),
            "dissection_fault": fault or None,
        }


def _total(carving: Carving) -> int:
    return len(carving)


def _start(listed: list[Carved], record: FlowRecord) -> int:
    own = (one.packet.ts_ns for one in listed if one.packet.role is Role.FLOW)
    return next(own, record.start_ns)


def _deepen(listed: list[Carved], packets: list[dict[str, Any]], limit_s: float) -> str:
    """Put the layers that tshark sees into the data of packets; return why some have none.

    Mirror copies are left out: tshark would take them for retransmissions.
    """
    tshark = tshark_path()
    if not tshark:
        return NO_TSHARK
    with tempfile.TemporaryDirectory(prefix="camwatch-") as folder:
        path = Path(folder) / "flow.pcapng"
        once = [(one, data) for one, data in zip(listed, packets, strict=True) if not one.copy_of]
        earliest_s = min(one.packet.ts_ns for one, _ in once) // 1_000_000_000
        with PcapngFile(path, comments={}, before_1970_s=min(earliest_s, 0)) as file:
            for one, _ in once:
                packet = one.packet
                file.packet(
                    one.data,
                    ts_ns=packet.ts_ns,
                    wire_len=packet.wire_len,
                    interface=(one.input, packet.link_type),
                )
            file.finish()
        dissected = dissect(path, 0, limit_s, tshark=tshark)
    for (_, data), layers in zip(once, dissected.packets, strict=False):
        data["layers"] = layers
    return dissected.fault


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
        yield f"... and {plural(told['not_listed'], 'more packet')}; --all lists them"


def _end(record: FlowRecord, side: Side) -> str:
    return f"{side.ip} port {side.port}" if record.protocol in ("tcp", "udp", "sctp") else side.ip


def _below(data: dict[str, Any]) -> Iterator[str]:
    for layer in data.get("layers", ()):
        yield f"    {shown(layer['layer'], 30)}: {shown('; '.join(layer['fields']), MOST_TEXT)}"
    # A mirror copy holds what its first holds.
    if "layers" not in data and data["payload_start"] and not data["copy_of"]:
        more = "..." if data["payload_bytes"] > PREVIEW else ""
        yield f'    "{data["payload_start"]}{more}"'
