"""What a camera did of late: the company of a flow, remembered within bounds."""

from collections import OrderedDict, deque
from typing import Final, TypeVar

from monitor.classify import rules
from monitor.classify.evidence import P2P
from monitor.model.records import FlowView, Verdict
from monitor.model.words import Confidence, Outcome, Protocol, Purpose

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

_ALONE: Final[dict[Purpose, tuple[Purpose, ...]]] = {purpose: (purpose,) for purpose in Purpose}
_BEFORE_NS: Final = int(BEFORE_S * 1e9)
_COMPANY_NS: Final = int(COMPANY_S * 1e9)
_TRIED_NS: Final = int(TRIED_S * 1e9)
_TCP: Final = Protocol.TCP.value


def is_company(verdict: Verdict) -> bool:
    """Tell whether a verdict is remembered as company; guesses are not built upon."""
    return verdict.purpose not in _SKIPPED and verdict.confidence is not Confidence.LOW


def is_vain(view: FlowView) -> bool:
    """Tell whether the camera tried in vain."""
    return view.outcome != Outcome.ANSWERED and view.initiated_by == "camera"


class Recent:
    """Remembers what cameras did.

    Bounded: each table holds at most `size` keys and drops the one that was quiet for longest,
    which costs context and never an answer.
    """

    # Ordered dictionaries, since a plain one walks over all that was dropped to find its oldest.

    def __init__(self, size: int = 1 << 14) -> None:
        self._size = size
        self._before: OrderedDict[str, deque[tuple[int, Purpose]]] = OrderedDict()
        self._siblings: OrderedDict[tuple[str, str], tuple[int, tuple[Purpose, ...]]]
        self._siblings = OrderedDict()
        self._ports: OrderedDict[tuple[str, str], dict[int, int]] = OrderedDict()
        self._hosts: OrderedDict[tuple[str, int, int], dict[str, int]] = OrderedDict()

    def with_context(self, view: FlowView, camera: str, at_ns: int) -> FlowView:
        """Return the view with what the camera did before `at_ns`.

        Args:
            view: The flow.
            camera: Address or another stable key of the camera.
            at_ns: Start of the flow, ns since 1970-01-01 UTC.
        """
        since = at_ns - _BEFORE_NS
        happened = self._before.get(camera, ())
        pair = (camera, view.destination)
        met_ns, siblings = self._siblings.get(pair, (0, ()))
        if met_ns < at_ns - _COMPANY_NS:
            siblings = ()
        vain = at_ns - _TRIED_NS
        # The last four fields are the context; `_replace` takes four times as long.
        return FlowView(
            *view[:-4],
            tuple([purpose for when, purpose in happened if when >= since]),
            siblings,
            _since(self._ports.get(pair), vain),
            _since(self._hosts.get((camera, view.protocol, view.resp_port)), vain),
        )

    def is_friend(self, camera: str, destination: str) -> bool:
        """Tell whether P2P stands among what the camera did with the destination, at any time."""
        met = self._siblings.get((camera, destination))
        return met is not None and not P2P.isdisjoint(met[1])

    def is_searching(
        self, camera: str, destination: str, protocol: int, port: int, at_ns: int
    ) -> bool:
        """Tell whether the camera tried as many hosts or ports in vain as make a scan."""
        since = at_ns - _TRIED_NS
        hosts = self._hosts.get((camera, protocol, port))
        if _reaches(hosts, rules.SCAN_HOSTS, since):
            return True
        if protocol != _TCP:
            return False
        return _reaches(self._ports.get((camera, destination)), rules.SCAN_PORTS, since)

    def note(self, view: FlowView, camera: str, at_ns: int, verdict: Verdict) -> None:
        """Remember a classified flow; guesses are not built upon."""
        if is_company(verdict):
            self.note_company(camera, view.destination, at_ns, verdict.purpose)
        if is_vain(view):
            self.note_vain(camera, view.destination, view.protocol, view.resp_port, at_ns)

    def note_company(self, camera: str, destination: str, at_ns: int, purpose: Purpose) -> None:
        """Remember what the camera did with the destination.

        Args:
            camera: Key of the camera.
            destination: Address of the other side.
            at_ns: Start of the flow, ns since 1970-01-01 UTC.
            purpose: A purpose for which `is_company` holds.
        """
        pair = (camera, destination)
        siblings = self._siblings
        met = siblings.get(pair)
        known = _ALONE[purpose]
        if met is not None:
            # Most flows repeat the one before: then there is nothing new to remember.
            if met[1][0] is purpose and at_ns - met[0] <= REPEAT_NS:
                return
            siblings.move_to_end(pair)
            if met[1] != known:
                others = [other for other in met[1] if other is not purpose]
                known = (purpose, *others[: SIBLINGS - 1])
        elif len(siblings) >= self._size:
            siblings.popitem(last=False)
        siblings[pair] = (at_ns, known)
        happened = self._before.get(camera)
        if happened is None:
            happened = _placed(self._before, camera, deque(maxlen=BEFORE), self._size)
        else:
            self._before.move_to_end(camera)
        happened.appendleft((at_ns, purpose))

    def note_vain(
        self, camera: str, destination: str, protocol: int, port: int, at_ns: int
    ) -> None:
        """Remember an attempt of the camera that was not answered."""
        pair = (camera, destination)
        ports = self._ports.get(pair)
        if ports is None:
            ports = _placed(self._ports, pair, {}, self._size)
        else:
            tried_ns = ports.get(port)
            if tried_ns is not None and 0 <= at_ns - tried_ns < AGAIN_NS:
                return
            self._ports.move_to_end(pair)
        _renewed(ports, port, at_ns)
        key = (camera, protocol, port)
        hosts = self._hosts.get(key)
        if hosts is None:
            hosts = _placed(self._hosts, key, {}, self._size)
        else:
            self._hosts.move_to_end(key)
        _renewed(hosts, destination, at_ns)


def _placed(table: OrderedDict[K, V], key: K, value: V, size: int) -> V:
    """Put a new key at the young end of a table, and drop the oldest when it is full."""
    if len(table) >= size:
        table.popitem(last=False)
    table[key] = value
    return value


def _renewed(times: dict[K, int], key: K, at_ns: int) -> None:
    """Put a time at the young end, and drop the oldest when there are many."""
    if times.pop(key, None) is None and len(times) >= TRIED:
        del times[next(iter(times))]
    times[key] = at_ns


def _reaches(times: dict[K, int] | None, least: int, since: int) -> bool:
    # The length first: most cameras never come near.
    return times is not None and len(times) >= least and _since(times, since) >= least


def _since(times: dict[K, int] | None, since: int) -> int:
    if not times:
        return 0
    # The oldest stands first: where it still counts, all do.
    if next(iter(times.values())) >= since:
        return len(times)
    return sum(when >= since for when in times.values())
