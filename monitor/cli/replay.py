"""``camwatch replay``: capture files in, camera flows out."""

import gc
import json
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.ahead import Ahead
from monitor.errors import UsageError
from monitor.model.words import Severity

if TYPE_CHECKING:
    from monitor.config import Settings
    from monitor.follower import Follower

FAULT_STATUS = 4
FOUND_STATUS = 10

Files = Annotated[
    list[str],
    typer.Argument(
        help="Capture files (pcap, pcapng; gzip, zstd or xz), or - for standard input. "
        "Several are one capture in time order.",
        metavar="FILE...",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Directory for flows.jsonl, findings.json, report.html and manifest.json.",
        metavar="DIR",
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace the run of other captures that DIR holds.")
]
Cameras = Annotated[
    str,
    typer.Option(
        help="Networks or addresses of the cameras, separated by commas. "
        "Without it, every site address that talks is a candidate.",
        metavar="CIDR,...",
    ),
]
Site = Annotated[
    str,
    typer.Option(
        help="Networks of the site, separated by commas. Without it: private, link-local, "
        "multicast and carrier-NAT ranges.",
        metavar="CIDR,...",
    ),
]
InventoryFile = Annotated[
    Path | None,
    typer.Option(
        "--inventory",
        help="List of the cameras (CSV or YAML): names them, and says which are silent, moved or "
        "not listed.",
        metavar="FILE",
    ),
]
StoreUrl = Annotated[str, typer.Option("--store", help="Also write to a database.", metavar="URL")]
Json = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]
FailOn = Annotated[
    Severity | None,
    typer.Option(help="Exit with 10 when there is a finding of this severity or worse."),
]
Lines = Annotated[
    bool,
    typer.Option("--progress", help="Write 'progress PERCENT' lines to standard error."),
]
Config = Annotated[Path | None, typer.Option(help="Settings file (TOML).", metavar="FILE")]


def replay(  # noqa: PLR0913, PLR0917  # one argument an option
    files: Files,
    out: Out = None,
    force: Force = False,
    cameras: Cameras = "",
    site: Site = "",
    inventory: InventoryFile = None,
    store: StoreUrl = "",
    as_json: Json = False,
    fail_on: FailOn = None,
    as_lines: Lines = False,
    config: Config = None,
) -> None:
    """Read captures and tell what the cameras in them sent out: what for, to whom, and did it get through."""
    # A start makes many objects and no garbage, and so does the replay.
    gc.disable()
    hashes = Ahead(files)
    from monitor import config as settings_module  # noqa: PLC0415  # slow imports wait for the command

    settings = settings_module.load(config)
    given: dict[str, Any] = {}
    if cameras:
        given["cameras"] = settings_module.networks(cameras, "--cameras")
    if site:
        given["networks"] = settings_module.networks(site, "--site")
    if inventory is not None:
        given["inventory"] = inventory
    if given:
        settings = settings.model_copy(update={"site": settings.site.model_copy(update=given)})
    if files.count("-") > 1:
        raise UsageError("standard input can be read once; give '-' one time")
    with closing(hashes), _follower(files, settings, hashes) as follower:
        from monitor import run  # noqa: PLC0415  # the slowest to load: meanwhile the follower reads

        job = run.Job(
            files=files,
            settings=settings,
            out=out,
            store_url=store,
            command=sys.argv,
            replaces=force,
            known_hash=hashes.sha256,
            follower=follower,
        )
        with run.Progress(enabled=not as_json, as_lines=as_lines) as progress:
            done = run.replay(job, progress)
    try:
        if as_json:
            sys.stdout.write(json.dumps(done.report, indent=2, ensure_ascii=False) + "\n")
        else:
            run.show(done)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has read enough; the status still tells what was found.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    for fault in done.faults:
        sys.stderr.write(f"camwatch: {fault}\n")
    if done.faults:
        raise typer.Exit(FAULT_STATUS)
    if fail_on is not None and done.has_finding(fail_on):
        raise typer.Exit(FOUND_STATUS)


def _follower(
    files: Sequence[str], settings: "Settings", hashes: Ahead
) -> AbstractContextManager["Follower | None"]:
    from monitor.follower import Follower, is_worth  # noqa: PLC0415  # after the settings

    listed = settings.site.inventory
    # Both processes read the list: it must be there twice.
    if not is_worth(files) or (listed is not None and not listed.is_file()):
        return nullcontext()
    return Follower(files, settings, hashes.sha256)
