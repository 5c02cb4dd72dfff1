"""What a camera did of late: the company of a flow, remembered within bounds."""

from collections import deque
from typing import Final, TypeVar

from monitor.model.records import FlowView, Verdict
from monitor.model.words import Confidence, Outcome, Purpose

K = TypeVar("K")
V = TypeVar("V")

BEFORE_S: Final = 600.0
"""How long a purpose counts as just before, in seconds: an image follows its check in minutes."""

BEFORE: Final = 8
"""Most purposes that are remembered of a camera."""

TRIED_S: Final = 120.0
"""How long a vain attempt counts, in seconds. Raising it finds slow scans, and calls more cameras
that look for a lost recorder scanners."""

AGAIN_NS: Final = 10**9
"""Vain attempts at one port of one destination within this time are remembered once."""

TRIED: Final = 64
"""Most ports of a destination, and destinations of a port, that are remembered."""

COMPANY_S: Final = 3600.0
"""How long a pair of camera and destination remembers its purposes, in seconds."""

REPEAT_NS: Final = 10 * 10**9
"""Flows of one purpose to one destination within this time are remembered once."""

SIBLINGS: Final = 4
"""Most purposes that are remembered of a pair of camera and destination."""

_SKIPPED: Final = frozenset((Purpose.DNS, Purpose.DISCOVERY, Purpose.UNKNOWN, Purpose.NTP))
"""Purposes that say nothing about what comes next."""


class Recent:
    """Remembers what cameras did.

    Bounded: each table holds at most `size` keys and drops the one that was quiet for longest,
    which costs context and never an answer.
    """

    def __init__(self, size: int = 1 << 14) -> None:
        self._size = size
        self._before: dict[str, deque[tuple[int, Purpose]]] = {}
        self._siblings: dict[tuple[str, str], tuple[int, tuple[Purpose, ...]]] = {}
        self._ports: dict[tuple[str, str], dict[int, int]] = {}
        self._hosts: dict[tuple[str, int, int], dict[str, int]] = {}

    def with_context(self, view: FlowView, camera: str, at_ns: int) -> FlowView:
        """Return the view with what the camera did before `at_ns`.

        Args:
            view: The flow.
            camera: Address or another stable key of the camera.
            at_ns: Start of the flow, ns since 1970-01-01 UTC.
        """
        since = at_ns - int(BEFORE_S * 1e9)
        happened = self._before.get(camera, ())
        pair = (camera, view.destination)
        met_ns, siblings = self._siblings.get(pair, (0, ()))
        if met_ns < at_ns - int(COMPANY_S * 1e9):
            siblings = ()
        vain = at_ns - int(TRIED_S * 1e9)
        # The last four fields are the context; `_replace` takes four times as long.
        return FlowView(
            *view[:-4],
            tuple([purpose for when, purpose in happened if when >= since]),
            siblings,
            _since(self._ports.get(pair), vain),
            _since(self._hosts.get((camera, view.protocol, view.resp_port)), vain),
        )

    def note(self, view: FlowView, camera: str, at_ns: int, verdict: Verdict) -> None:
        """Remember a classified flow; guesses are not built upon."""
        purpose = verdict.purpose
        if purpose not in _SKIPPED and verdict.confidence is not Confidence.LOW:
            pair = (camera, view.destination)
            met = self._siblings.get(pair)
            # Most flows repeat the one before: then there is nothing new to remember.
            if met is None or met[1][0] is not purpose or at_ns - met[0] > REPEAT_NS:
                self._note_company(pair, at_ns, purpose)
        if view.outcome != Outcome.ANSWERED and view.initiated_by == "camera":
            self._note_vain(view, camera, at_ns)

    def _note_company(self, pair: tuple[str, str], at_ns: int, purpose: Purpose) -> None:
        camera = pair[0]
        happened = self._before.get(camera)
        if happened is None:
            happened = deque(maxlen=BEFORE)
        _placed(self._before, camera, happened, self._size)
        happened.appendleft((at_ns, purpose))
        known = self._siblings.get(pair, (0, ()))[1]
        others = tuple(other for other in known if other is not purpose)
        _placed(self._siblings, pair, (at_ns, (purpose, *others)[:SIBLINGS]), self._size)

    def _note_vain(self, view: FlowView, camera: str, at_ns: int) -> None:
        pair = (camera, view.destination)
        tried = self._ports.get(pair, {})
        if 0 <= at_ns - tried.get(view.resp_port, at_ns + 1) < AGAIN_NS:
            return
        ports = _placed(self._ports, pair, tried, self._size)
        _placed(ports, view.resp_port, at_ns, TRIED)
        key = (camera, view.protocol, view.resp_port)
        hosts = _placed(self._hosts, key, self._hosts.get(key, {}), self._size)
        _placed(hosts, view.destination, at_ns, TRIED)


def _placed(table: dict[K, V], key: K, value: V, size: int) -> V:
    """Put a value at the young end of a table, and drop the oldest when it is full."""
    table.pop(key, None)
    if len(table) >= size:
        del table[next(iter(table))]
    table[key] = value
    return value


def _since(times: dict[K, int] | None, since: int) -> int:
    if not times:
        return 0
    # The oldest stands first: where it still counts, all do.
    if next(iter(times.values())) >= since:
        return len(times)
    return sum(when >= since for when in times.values())
