"""``camwatch notify``: who is told of alerts, whether that works, and what was given up."""

import datetime as dt
import os
import secrets
import time
from pathlib import Path
from typing import Annotated

import typer

from monitor.errors import OutputError, UsageError

app = typer.Typer(
    no_args_is_help=True, help="Who is told of alerts, whether that works, what was given up."
)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML).", metavar="FILE")
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store", help="Database of the sensor, if not that of the settings.", metavar="URL"
    ),
]


@app.command()
def targets(config: ConfigOption = None, store: StoreOption = None) -> None:
    """List the targets: what waits, what was delivered, what was given up, and the last error."""
    from monitor import config as settings_module  # noqa: PLC0415  # slow imports wait for the command
    from monitor.store import outbox_lists  # noqa: PLC0415  # see above
    from monitor.store.outbox import Outbox  # noqa: PLC0415  # see above

    loaded = settings_module.load(config)
    settings = loaded.notify.target
    outbox = Outbox.open(store or loaded.store.address())
    try:
        with outbox.reading() as connection:
            tallies = outbox_lists.tallies(connection)
        for target in settings:
            tally = tallies.pop(target.name, outbox_lists.Tally())
            state = outbox.target(target.name)
            typer.echo(f"{target.name}: {target.kind}, {target.form}, {target.where}")
            typer.echo(f"  {_counts(tally)}; last success {_time(state.last_success_ns)}")
            if state.is_gone:
                typer.echo(
                    f"  off: it answered 410; 'camwatch notify test {target.name}' switches it on"
                )
            elif state.failures:
                typer.echo(f"  failing, {state.failures} times in a row: {state.last_error}")
        for name, tally in tallies.items():
            typer.echo(f"{name}: not in these settings\n  {_counts(tally)}")
        if not settings and not tallies:
            typer.echo("no targets; add [[notify.target]] to the settings file")
    finally:
        outbox.close()


@app.command("test")
def send_test(
    target: Annotated[str, typer.Argument(help="Name of the target.")],
    config: ConfigOption = None,
    store: StoreOption = None,
    sensor: Annotated[str, typer.Option(help="Name of the sensor in the message.")] = "test",
) -> None:
    """Send a test message; show the request and the answer, secrets masked.

    Exits with 1 when it was not acknowledged. A target that was off after 410 is on again when it was.
    """
    from monitor import __version__  # noqa: PLC0415  # slow imports wait for the command
    from monitor import config as settings_module  # noqa: PLC0415  # see above
    from monitor.daemon.targets import open_targets  # noqa: PLC0415  # see above
    from monitor.notify import message as messages  # noqa: PLC0415  # see above
    from monitor.notify.receipt import Result  # noqa: PLC0415  # see above
    from monitor.store import engine  # noqa: PLC0415  # see above
    from monitor.store.outbox import Outbox  # noqa: PLC0415  # see above

    loaded = settings_module.load(config)
    known = loaded.notify.target
    chosen = [item for item in known if item.name == target]
    if not chosen:
        names = ", ".join(item.name for item in known) or "none"
        raise UsageError(f"notify test: there is no target '{target}'; the settings have: {names}")
    (ready,) = open_targets(chosen)
    now_ns = time.time_ns()
    receipt = ready.sender.send([messages.sample(sensor, now_ns, version=__version__)], now_ns)
    for direction, text in ((">", receipt.request), ("<", receipt.answer)):
        for line in text.splitlines():
            typer.echo(f"{direction} {_printable(line)}")
    if receipt.result is not Result.DELIVERED:
        typer.echo(f"not delivered: {receipt.error}", err=True)
        raise typer.Exit(1)
    typer.echo("delivered")
    url = store or loaded.store.address()
    if not engine.is_there(engine.parse(url)):
        # Before the sensor's first run there is nothing to switch on, and the file that this
        # would make would belong to whoever tests, not to the sensor.
        return
    outbox = Outbox.open(url)
    try:
        outbox.switch_on(target)
    finally:
        outbox.close()


@app.command()
def dead(
    target: Annotated[str | None, typer.Argument(help="Of this target only.")] = None,
    config: ConfigOption = None,
    store: StoreOption = None,
) -> None:
    """List messages that were given up, the newest first."""
    from monitor import config as settings_module  # noqa: PLC0415  # slow imports wait for the command
    from monitor.store import outbox_lists  # noqa: PLC0415  # slow imports wait for the command
    from monitor.store.outbox import Outbox  # noqa: PLC0415  # see above

    outbox = Outbox.open(store or settings_module.load(config).store.address())
    try:
        with outbox.reading() as connection:
            listed = outbox_lists.dead(connection, target)
    finally:
        outbox.close()
    for item in listed:
        typer.echo(
            f"{item.id}  {_time(item.created_ns)}  {item.target}  {item.type}  {item.message_id}  "
            f"tried {item.attempts} times: {_printable(item.error)}"
        )
    if not listed:
        typer.echo("nothing was given up")


@app.command()
def resend(
    numbers: Annotated[
        list[int] | None, typer.Argument(help="Numbers that 'camwatch notify dead' lists.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="All of this target.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All of every target.")] = False,
    config: ConfigOption = None,
    store: StoreOption = None,
) -> None:
    """Send messages again that were given up; they keep their ids."""
    from monitor import config as settings_module  # noqa: PLC0415  # slow imports wait for the command
    from monitor.store import outbox_lists  # noqa: PLC0415  # slow imports wait for the command
    from monitor.store.outbox import Outbox  # noqa: PLC0415  # see above

    if not (numbers or target or every):
        raise UsageError("notify resend: which ones; give numbers, --target NAME or --all")
    outbox = Outbox.open(store or settings_module.load(config).store.address())
    try:
        with outbox.writing() as connection:
            many = outbox_lists.resend(connection, time.time_ns(), target=target, ids=numbers or ())
    finally:
        outbox.close()
    typer.echo(f"{many} to be sent again")


@app.command()
def keys(
    target: Annotated[str | None, typer.Argument(help="Of this target only.")] = None,
    config: ConfigOption = None,
    new: Annotated[
        Path | None, typer.Option(help="Make a key and write it to this file.", metavar="FILE")
    ] = None,
    shared: Annotated[
        bool, typer.Option("--shared", help="Make a shared secret (HMAC) instead of ed25519.")
    ] = False,
) -> None:
    """Show the public keys that receivers check signatures with, or make a new key."""
    from monitor import config as settings_module  # noqa: PLC0415  # slow imports wait for the command
    from monitor.notify import secret, signing  # noqa: PLC0415  # see above

    if new is not None:
        text = signing.new_shared(secrets.token_bytes(32)) if shared else signing.new_private()
        _write_secret(new, text)
        public = signing.parse(text, str(new)).public
        typer.echo(f"{new}: written; for the receiver: {public or 'a copy of that file'}")
        return
    for item in settings_module.load(config).notify.target:
        if target in (None, item.name):
            for path in item.secret_files:
                key = signing.parse(secret.read(path), str(path))
                typer.echo(f"{item.name}: {path}: {key.public or 'a shared secret (HMAC)'}")


def _write_secret(path: Path, text: str) -> None:
    try:
        # Never over a key that is in use; readable by its owner alone from the start.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}; name a new file") from error
    with os.fdopen(handle, "w") as file:
        file.write(f"{text}\n")


def _counts(tally: tuple[int, int, int, int | None]) -> str:
    pending, delivered, given_up, oldest_ns = tally
    since = f" since {_time(oldest_ns)}" if pending else ""
    return f"{pending} waiting{since}, {delivered} delivered, {given_up} given up"


def _time(ns: int | None) -> str:
    if ns is None:
        return "never"
    return dt.datetime.fromtimestamp(ns // 1_000_000_000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _printable(text: str) -> str:
    """A receiver's bytes must not steer the terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)
