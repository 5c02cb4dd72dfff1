"""``camwatch db``: the store's schema, soundness, space, and what is past its time."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.errors import StoreError

if TYPE_CHECKING:
    from monitor.store.maintenance import Maintenance

app = typer.Typer(
    no_args_is_help=True,
    help="The store: its schema, whether it is sound, its space. A sensor may run meanwhile.",
)

Config = Annotated[Path | None, typer.Option(help="Settings file (TOML).", metavar="FILE")]
StoreUrl = Annotated[
    str, typer.Option("--store", help="Database; without it, that of the settings.", metavar="URL")
]
S_NS = 1_000_000_000


@app.command()
def upgrade(store: StoreUrl = "", config: Config = None) -> None:
    """Create the schema, or bring it up to date; 'run' and 'serve' do so by themselves."""
    with _opened(store, config) as kept:
        before, after = kept.upgrade()
    if before == after:
        typer.echo(f"schema {after}: up to date")
    elif before:
        typer.echo(f"schema {after}: upgraded from {before}")
    else:
        typer.echo(f"schema {after}: created")


@app.command()
def check(
    store: StoreUrl = "",
    config: Config = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="Look at every page, flow and sum: minutes for millions of flows."
        ),
    ] = False,
) -> None:
    """Say what the store holds and whether it is sound; exit with 5 where it is not."""
    with _opened(store, config) as kept:
        revision = kept.require()
        state = kept.check(is_full=full)
        free = f", {_size(state.free_bytes)} of it free" if state.free_bytes else ""
        typer.echo(f"schema {revision}: up to date")
        typer.echo(f"size: {_size(state.bytes)}{free}")
        since = f", {_time(state.first_ns)} to {_time(state.last_ns)}" if state.flows else ""
        typer.echo(f"flows: {state.flows:,}{since}")
        for sensor in state.sensors:
            typer.echo(f"sensor {sensor.name}: {sensor.version}, wrote {_time(sensor.seen_ns)}")
        for fault in state.faults:
            typer.echo(f"fault: {fault}")
        if state.faults:
            raise StoreError(f"store {kept.url}: {state.faults[0]}")
    typer.echo(
        "sound: every page, flow and sum" if full else "sound: pages, latest flows, latest sums"
    )


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="File to make.", metavar="FILE")],
    store: StoreUrl = "",
    config: Config = None,
) -> None:
    """Copy an SQLite store as it is at one moment; the copy is a store itself."""
    with _opened(store, config) as kept:
        kept.require()
        many = kept.backup(file)
    typer.echo(f"{file}: {_size(many)}")


@app.command()
def vacuum(store: StoreUrl = "", config: Config = None) -> None:
    """Give space that was freed back to the file system, bit by bit."""
    with _opened(store, config) as kept:
        kept.require()
        before, after = kept.vacuum()
    typer.echo(f"size: {_size(before)} before, {_size(after)} now")


@app.command()
def prune(store: StoreUrl = "", config: Config = None) -> None:
    """Remove what is past its time by the settings, in small pieces, as a running sensor does hourly."""
    from monitor import config as settings_module  # noqa: PLC0415  # slow imports wait for the command
    from monitor.store.retention import Retention  # noqa: PLC0415  # see above

    days = Retention(**settings_module.load(config).store.kept())
    now_ns = int(dt.datetime.now(dt.UTC).timestamp()) * S_NS
    with _opened(store, config) as kept:
        kept.require()
        removed = kept.prune(days, now_ns)
    joined = removed.pop("joined", 0)
    for table, rows in sorted(removed.items()):
        typer.echo(f"{table}: {rows:,} rows removed")
    if joined:
        typer.echo(f"totals: {joined:,} sums of hours became part of sums of days")
    if not removed and not joined:
        typer.echo("nothing is past its time")


@contextmanager
def _opened(url: str, path: Path | None) -> Iterator["Maintenance"]:
    from monitor import config as settings_module  # noqa: PLC0415  # slow imports wait for the command
    from monitor.store.maintenance import Maintenance  # noqa: PLC0415  # see above

    kept = Maintenance(url or settings_module.load(path).store.address())
    try:
        yield kept
    finally:
        kept.close()


def _time(ns: int | None) -> str:
    return dt.datetime.fromtimestamp((ns or 0) // S_NS, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _size(many: int) -> str:
    for unit, least in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if many >= least:
            return f"{many / least:.1f} {unit}"
    return f"{many} bytes"
