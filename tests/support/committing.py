"""A process that writes an alert and its deliveries as the keeper does, and dies before or after the commit.

``python -m tests.support.committing STORE before|after``
"""

import os
import signal
import sys

from monitor.model.alerts import AlertChange, AlertEvent
from monitor.store import alerts, outbox
from tests.support.told import T0, alert


def main(store: str, when: str) -> None:
    opened = outbox.Outbox.open(store)
    one = alert()
    item = outbox.Outgoing("msg_1", "soc", "camwatch.alert.opened", one.id, "{}", T0)
    with opened.writing() as connection:
        alerts.write(connection, 1, [AlertEvent(one, AlertChange.OPENED, T0)])
        outbox.enqueue(connection, [item], T0)
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
