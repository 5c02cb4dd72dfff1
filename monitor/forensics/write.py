"""Writes carved packets to a file that says of each where it came from."""

from pathlib import Path

from monitor import __version__
from monitor.errors import OutputError
from monitor.forensics.carve import Carving, Job
from monitor.forensics.pcapng_file import PcapngFile
from monitor.forensics.shown import shown


def write(carving: Carving, path: Path, job: Job) -> int:
    """Write the packets of a flow as pcapng; return how many.

    Times, link types and lengths are those of the original; the comment of each packet names its
    frame there. DNS messages that named the destination stand first.

    Raises:
        OutputError: The file cannot be written, or is one that the run rests on.
    """
    run, record = job.run, job.record
    names = [item.name for item in run.inputs] + ["flows.jsonl", "manifest.json"]
    places = (Path(), run.path, run.path.parent)
    for kept in (*job.given, *(place / name for name in names for place in places)):
        if path.exists() and kept.exists() and path.samefile(kept):
            raise OutputError(f"{shown(str(path))}: is part of the evidence; name another file")
    comments = {
        "comment": f"flow {record.flow_id}, Community ID {record.community_id}: "
        f"{record.orig.ip} to {record.resp.ip}, carved from the captures of a camwatch run",
        "application": f"camwatch {__version__}",
    }
    before_1970_s = min(carving.first_ns // 1_000_000_000, 0)
    with PcapngFile(path, comments=comments, before_1970_s=before_1970_s) as file:
        for one in carving:
            file.packet(
                one.data,
                ts_ns=one.packet.ts_ns,
                wire_len=one.packet.wire_len,
                interface=(one.input, one.packet.link_type),
                comment=one.comment,
            )
        file.finish()
    return file.packets
