"""What is learnt, by key: bounded, in plain data, and only what changed is written."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

from monitor.model.learnt import Learnt
from monitor.policy.rule import HOUR_NS

MOST: Final = 8192
"""Keys of one memory. When it is full, the tenth that was seen longest ago is forgotten."""


@dataclasses.dataclass(slots=True)
class _Row:
    value: dict[str, Any]
    first_ns: int
    last_ns: int
    written_ns: int


class Memory:
    """One kind of knowledge. Values are dicts of plain data, changed in place between `changed` calls."""

    def __init__(self, kind: str, most: int = MOST) -> None:
        self.kind = kind
        self.forgotten = 0
        self._most = most
        self._rows: dict[str, _Row] = {}
        self._dirty: dict[str, None] = {}

    def load(self, learnt: Iterable[Learnt]) -> None:
        """Take the rows of this kind that were kept."""
        for row in learnt:
            if row.kind == self.kind and isinstance(row.value, dict):
                self._rows[row.key] = _Row(row.value, row.first_ns, row.last_ns, row.last_ns)

    def __iter__(self) -> Iterator[tuple[str, dict[str, Any]]]:
        return ((key, row.value) for key, row in self._rows.items())

    def get(self, key: str) -> dict[str, Any] | None:
        """Return what is known of a key."""
        row = self._rows.get(key)
        return None if row is None else row.value

    def learn(self, key: str, value: dict[str, Any], at_ns: int) -> dict[str, Any]:
        """Begin to know something of a key."""
        if len(self._rows) >= self._most:
            self._forget()
        self._rows[key] = _Row(value, at_ns, at_ns, at_ns)
        self._dirty[key] = None
        return value

    def changed(self, key: str, at_ns: int) -> None:
        """Note that the value of a key was changed."""
        row = self._rows[key]
        row.last_ns = row.written_ns = max(row.last_ns, at_ns)
        self._dirty[key] = None

    def seen(self, key: str, at_ns: int) -> None:
        """Note that a key was met and its value stayed; written once an hour at most."""
        row = self._rows[key]
        row.last_ns = max(row.last_ns, at_ns)
        if row.last_ns - row.written_ns >= HOUR_NS:
            row.written_ns = row.last_ns
            self._dirty[key] = None

    def dirty(self) -> list[Learnt]:
        """Return what changed since the last call; a forgotten key has the value None."""
        made = []
        for key in self._dirty:
            row = self._rows.get(key)
            if row is None:
                made.append(Learnt(self.kind, key, None, 0, 0))
            else:
                # A copy: whoever writes it does so later, while this goes on changing.
                value = orjson.loads(orjson.dumps(row.value))
                made.append(Learnt(self.kind, key, value, row.first_ns, row.last_ns))
        self._dirty.clear()
        return made

    def _forget(self) -> None:
        oldest = sorted(self._rows, key=lambda key: self._rows[key].last_ns)
        for key in oldest[: max(1, self._most // 10)]:
            del self._rows[key]
            self._dirty[key] = None
            self.forgotten += 1
