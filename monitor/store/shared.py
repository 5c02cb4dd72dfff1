"""What many flows share, destinations and evidence: written once, remembered, written again each hour."""

from typing import TypeVar

from sqlalchemy import Connection

from monitor.model.records import Destination, Evidence
from monitor.store import rows, upsert
from monitor.store.tables import DESTINATIONS, EVIDENCE

BOUND = 1 << 17
"""Destinations, and sets of evidence, that are remembered as written. When full, all are forgotten and
written again as they come: slower, never wrong."""

HOUR_NS = 3_600_000_000_000

_RULES = {"used_ns": upsert.Meeting.MAX}

K = TypeVar("K")


class Shared:
    """Gives ids to destinations and evidence, and writes those that the database may not have.

    Ids are hashes, so writing again changes nothing but `used_ns`. That is renewed once an hour of
    the writer's clock: retention removes what was not used for days, and no writer can refer to a
    row from memory alone that another process has removed.
    """

    def __init__(self) -> None:
        self._destinations: dict[Destination, int] = {}
        self._evidence: dict[tuple[Evidence, ...], int] = {}
        self._new_destinations: list[rows.Row] = []
        self._new_evidence: list[rows.Row] = []
        self.used_ns = 0
        """The hour of the writer's clock, ns since 1970."""

    def at(self, now_ns: int) -> bool:
        """Say what time it is by the writer's clock, before ids are asked for; return whether it is a new hour."""
        used_ns = now_ns - now_ns % HOUR_NS
        if used_ns == self.used_ns:
            return False
        self.used_ns = used_ns
        self._destinations.clear()
        self._evidence.clear()
        return True

    def destination(self, destination: Destination) -> int:
        """Return the id of a destination."""
        known = self._destinations.get(destination)
        if known is not None:
            return known
        row = rows.destination_row(destination) | {"used_ns": self.used_ns}
        self._new_destinations.append(row)
        return _remember(self._destinations, destination, row["id"])

    def evidence(self, evidence: tuple[Evidence, ...]) -> int:
        """Return the id of a set of evidence."""
        known = self._evidence.get(evidence)
        if known is not None:
            return known
        row = rows.evidence_row(evidence) | {"used_ns": self.used_ns}
        self._new_evidence.append(row)
        return _remember(self._evidence, evidence, row["id"])

    def write(self, connection: Connection) -> None:
        """Write what is new; it stays new until `written`, since the transaction may fail."""
        upsert.write(connection, DESTINATIONS, self._new_destinations, _RULES)
        upsert.write(connection, EVIDENCE, self._new_evidence, _RULES)

    def written(self) -> None:
        """Say that the transaction of `write` was committed."""
        self._new_destinations.clear()
        self._new_evidence.clear()


def _remember(known: dict[K, int], key: K, number: int) -> int:
    if len(known) >= BOUND:
        known.clear()
    known[key] = number
    return number
