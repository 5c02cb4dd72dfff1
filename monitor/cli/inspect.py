"""``camwatch inspect``: the packets of one flow, out of the original captures."""

import json
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.errors import UsageError

Run = Annotated[Path, typer.Argument(help="Directory of a replay (--out).", metavar="RUN")]
FlowId = Annotated[
    str,
    typer.Argument(help="The flow_id of a flow, or its first digits.", metavar="FLOW_ID"),
]

_LIMIT = re.compile(r"(\d+(?:\.\d+)?)(s|m|min)?")
_LONGEST_S = 86_400.0


def seconds(text: str) -> float:
    """Return the seconds of a text such as ``30s``, ``2m`` or ``45``.

    Raises:
        UsageError: It is none, or not above 0 and up to a day.
    """
    match = _LIMIT.fullmatch(text.strip())
    value = float(match[1]) * (60 if match[2] in ("m", "min") else 1) if match else 0.0
    if not 0 < value <= _LONGEST_S:
        raise UsageError(f"--time-limit {text[:40]!r}: no length of time; write 30s or 2m")
    return value


def inspect(  # noqa: PLR0913, PLR0917  # an argument for each option
    run: Run,
    flow_id: FlowId,
    write: Annotated[
        Path | None,
        typer.Option(help="Write the packets to this pcapng file.", metavar="FILE"),
    ] = None,
    no_dissect: Annotated[
        bool, typer.Option("--no-dissect", help="List the packets without asking tshark.")
    ] = False,
    original: Annotated[
        list[Path] | None,
        typer.Option(
            help="Where an original capture is now; known by its SHA-256. May be repeated.",
            metavar="FILE",
        ),
    ] = None,
    dns: Annotated[
        bool,
        typer.Option(
            "--dns", help="Also the camera's DNS messages that gave the destination's address."
        ),
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="List all packets, not only the first 40.")
    ] = False,
    time_limit: Annotated[
        str, typer.Option(help="Longest time for the dissection.", metavar="TIME")
    ] = "30s",
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Take the packets of one flow out of the original captures, show them, and write them to a file."""
    from monitor.forensics import inspection  # noqa: PLC0415  # slow imports wait for the command
    from monitor.forensics.carve import Job  # noqa: PLC0415  # see above
    from monitor.forensics.folder import RunFolder  # noqa: PLC0415  # see above

    look = inspection.Look(
        write_to=write,
        is_deep=not no_dissect,
        limit_s=seconds(time_limit),
        most=0 if every else inspection.SHOWN_PACKETS,
    )
    folder = RunFolder.open(run)
    record = folder.flow(flow_id)
    job = Job(run=folder, record=record, given=original or (), with_names=dns)
    told = inspection.inspect(job, look)
    if as_json:
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return
    for line in inspection.lines(told, record):
        typer.echo(line)
