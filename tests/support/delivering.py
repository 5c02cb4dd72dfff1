"""A process that delivers as the keeper does, by a clock in a file, and dies where it is told.

``python -m tests.support.delivering STORE CONFIG CLOCK POINT``: POINT is empty, or
``before-lease``, ``after-lease``, ``after-send``, ``before-settle``, ``after-settle``, ``before-fail``,
``after-fail``: at its first occurrence the process kills itself with SIGKILL.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from monitor import config
from monitor.daemon.delivery import Delivery
from monitor.daemon.targets import open_targets
from monitor.store.outbox import Outbox

LOOK_S = 0.02


def _dying(call: Callable[..., Any], *, before: bool, after: bool) -> Callable[..., Any]:
    def wrapped(*values: Any, **named: Any) -> Any:
        if before:
            os.kill(os.getpid(), signal.SIGKILL)
        found = call(*values, **named)
        if after and found != []:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    return wrapped


def main(store: str, config_file: str, clock: str, point: str = "") -> None:
    outbox = Outbox.open(store)
    targets = open_targets(config.load(Path(config_file), {}).notify.target)
    when, _, name = point.partition("-")
    if point:
        places = [target.sender for target in targets] if name == "send" else [outbox]
        for place in places:
            dying = _dying(getattr(place, name), before=when == "before", after=when == "after")
            setattr(place, name, dying)
    delivery = Delivery(
        targets,
        outbox,
        sensor="hall-1",
        now_ns=lambda: int(Path(clock).read_text()),
        look_s=LOOK_S,
    )
    delivery.start()
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
