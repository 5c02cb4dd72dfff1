"""The command ``camwatch``: its sub-commands, and the one place that turns errors into words."""

import signal
import sys
from typing import Annotated

import typer

from monitor import __version__
from monitor.errors import MonitorError

app = typer.Typer(
    name="camwatch",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="What do the cameras send out of their VLAN, what for, to whom, and did it get through?",
)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"camwatch {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


def _register() -> None:
    # Each import is of a small module: what a command needs is imported when it runs.
    from monitor.cli import (  # noqa: PLC0415  # see above
        catalog,
        configuration,
        db,
        demo,
        doctor,
        explain,
        geo,
        inspect,
        notify,
        replay,
        rules,
        run,
        serve,
        token,
    )

    app.command("replay")(replay.replay)
    app.command("run")(run.run)
    app.command("doctor")(doctor.doctor)
    app.command("demo")(demo.demo)
    app.command("explain")(explain.explain)
    app.command("inspect")(inspect.inspect)
    app.command("check-config")(configuration.check)
    app.command("show-config")(configuration.show)
    app.command("serve")(serve.serve)
    app.add_typer(token.app, name="token")
    app.add_typer(catalog.app, name="catalog")
    app.add_typer(db.app, name="db")
    app.add_typer(geo.app, name="geo")
    app.add_typer(notify.app, name="notify")
    app.add_typer(rules.app, name="rules")


_register()


def main() -> None:
    """Run the command line and exit with the documented status."""
    # Being ended must unwind, so that half-written files go.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        app()
    except MonitorError as error:
        sys.stderr.write(f"camwatch: {error}\n")
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.stderr.write("camwatch: interrupted\n")
        sys.exit(130)
