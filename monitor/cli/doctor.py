"""``camwatch doctor``: what stands between this machine and a sensor that sees everything."""

import json
import sys
import time
from typing import Annotated

import typer

from monitor.cli.run import Config, Interface, StoreUrl

_MARKS = {"ok": "ok     ", "warning": "warning", "failed": "FAILED "}

Json = Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")]


def doctor(
    interface: Interface = None,
    config: Config = None,
    store: StoreUrl = "",
    as_json: Json = False,
) -> None:
    """Check interfaces, privileges, clock, store and databases, and say what mends each fault.

    Exit status: 0 when nothing failed, else that of the first failure.
    """
    from monitor import config as settings_module  # noqa: PLC0415  # slow imports wait for the command
    from monitor.daemon import doctor as checks  # noqa: PLC0415  # see above

    settings = settings_module.load(config)
    if interface:
        sensor = settings.sensor.model_copy(update={"interfaces": tuple(interface)})
        settings = settings.model_copy(update={"sensor": sensor})
    found = []
    for item in checks.examine(settings, store or settings.store.address(), time.time_ns()):
        found.append(item)
        if not as_json:
            sys.stdout.write(f"{_MARKS[item.state]} {item.name}: {item.text}\n")
            if item.remedy:
                sys.stdout.write(f"        mend it: {item.remedy}\n")
    if as_json:
        told = [{**item._asdict(), "state": str(item.state)} for item in found]
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    status = next((item.exit_status for item in found if item.state == "failed"), 0)
    if status:
        raise typer.Exit(status)
