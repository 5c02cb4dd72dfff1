"""A live writer to be killed: ``python -m tests.support.live_writer URL SEED`` prints each step once committed."""

import sys

from sqlalchemy import Connection

from monitor.store.alert_tables import ALERT_EVENTS
from monitor.store.live import LiveStore, Step
from tests.support.traffic import Traffic

FLOWS = 400
START_NS = 1_794_211_200_000_000_000


def main(url: str, seed: int) -> None:
    """Write steps of `FLOWS` flows, with one row of an alert's life in each, until killed."""
    traffic = Traffic(30, seed)
    store = LiveStore.open(url, "gate-1", version="1.0", started_ns=START_NS + seed)
    number = 0
    while True:
        number += 1
        at_ns = START_NS + seed * 10**12 + number * 10**9
        batch = traffic.batch(FLOWS, at_ns, 10**9)

        def write(connection: Connection, at_ns: int = at_ns) -> None:
            event = {"alert_id": "a", "at_ns": at_ns, "kind": "note", "author": "", "text": ""}
            connection.execute(ALERT_EVENTS.insert().values(event))

        store.commit(Step(now_ns=at_ns, records=[batch], status={"step": number}, writes=[write]))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
