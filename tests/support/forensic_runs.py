"""Runs to explain and to carve: captures from headers, replayed into a directory."""

import struct
from collections.abc import Sequence
from pathlib import Path

from monitor import config, run
from monitor.forensics.carve import Carved, Job, carve
from monitor.forensics.folder import RunFolder, record_of
from monitor.model.records import FlowRecord
from tests.support.capture_bytes import PCAP_NANO, pcap_file
from tests.support.decode_bytes import CAMERA, CLOUD, ether, ipv4, udp

START_S = 1_794_000_000
IPV4, IPV6 = 0x0800, 0x86DD


def replayed(out: Path, *files: Path, **flow: object) -> RunFolder:
    """Replay captures into a directory; `flow` overrides settings of the flow table."""
    settings = config.validate({"flow": flow}, "test")
    job = run.Job(
        files=[str(file) for file in files], settings=settings, out=out, store_url="", command=[]
    )
    with run.Progress(enabled=False) as progress:
        run.replay(job, progress)
    return RunFolder.open(out)


def capture(path: Path, frames: Sequence[tuple[float, bytes]]) -> Path:
    """Write frames with their seconds as a pcap with nanoseconds."""
    records = [(START_S + int(at), round(at % 1 * 1e9), data) for at, data in frames]
    path.write_bytes(pcap_file(records, magic=PCAP_NANO))
    return path


def records(folder: RunFolder) -> list[FlowRecord]:
    """Return all flows of a run."""
    return [record_of(line) for line in (folder.path / "flows.jsonl").read_bytes().splitlines()]


def the_flow(folder: RunFolder, *, port: int) -> FlowRecord:
    """Return the one flow whose originator has a port."""
    (found,) = [one for one in records(folder) if one.orig.port == port]
    return found


def carved(folder: RunFolder, record: FlowRecord, *, with_names: bool = False) -> list[Carved]:
    """Carve a flow; its counts must be those of the record."""
    job = Job(run=folder, record=record, with_names=with_names)
    with carve(job) as carving:
        assert carving.doubt == ""
        return list(carving)


def frame_numbers(packets: Sequence[Carved]) -> list[int]:
    return [one.packet.frame_no for one in packets]


def datagram(
    payload: bytes, *, port: int = 5000, to: int = 9000, ident: int = 7, back: bool = False
) -> bytes:
    """A UDP frame between the camera and the cloud."""
    src, dst = (to, port) if back else (port, to)
    ends = {"src": CLOUD, "dst": CAMERA} if back else {}
    return ether(IPV4, ipv4(17, udp(payload, src=src, dst=dst), ident=ident, **ends))  # type: ignore[arg-type]  # two texts


def dns_message(ident: int, name: str, address: str = "") -> bytes:
    """A DNS query for an A record, or the answer to it."""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
    question = labels + struct.pack("!HH", 1, 1)
    head = struct.pack("!HHHHHH", ident, 0x8180 if address else 0x0100, 1, bool(address), 0, 0)
    if not address:
        return head + question
    packed = bytes(int(part) for part in address.split("."))
    return head + question + struct.pack("!HHHIH", 0xC00C, 1, 1, 300, 4) + packed
