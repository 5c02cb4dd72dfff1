"""Answers that are given again for a moment: many who look at the same page ask the same."""

import threading
from collections.abc import Callable, Hashable
from typing import Final, NamedTuple

MOST: Final = 64
"""Answers kept; the oldest go first."""


class _Answer(NamedTuple):
    made_ns: int
    keep_ns: int
    content: bytes


class Kept:
    """Answers by what was asked.

    Who asks while one is being made waits for it; where there is an old one that is not twice as old as
    it may be, they get that: otherwise all would wait, each time that it is made.
    """

    def __init__(self, seconds: float, now_ns: Callable[[], int]) -> None:
        self._keep_ns = round(seconds * 1e9)
        self._now_ns = now_ns
        self._answers: dict[Hashable, _Answer] = {}
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], bytes], times: float = 1) -> bytes:
        """Return the answer to a question; what `make` raises is raised, and nothing is kept.

        Args:
            key: What was asked.
            make: Makes the answer, in JSON.
            times: How much longer than others the answer is kept.
        """
        found = self._found(key)
        if found is not None:
            return found
        with self._lock:
            others = self._making.get(key)
            making = self._making.setdefault(key, threading.Lock())
        if others is not None:
            found = self._found(key, ages=2)
            if found is not None:
                return found
        try:
            with making:
                # Somebody may have made it while we waited.
                found = self._found(key)
                if found is None:
                    found = make()
                    self._keep(key, found, times)
        finally:
            with self._lock:
                self._making.pop(key, None)
        return found

    def _found(self, key: Hashable, ages: int = 1) -> bytes | None:
        answer = self._answers.get(key)
        if answer is None or not 0 <= self._now_ns() - answer.made_ns < ages * answer.keep_ns:
            return None
        return answer.content

    def _keep(self, key: Hashable, content: bytes, times: float) -> None:
        with self._lock:
            self._answers.pop(key, None)
            self._answers[key] = _Answer(self._now_ns(), round(self._keep_ns * times), content)
            while len(self._answers) > MOST:
                self._answers.pop(next(iter(self._answers)))
