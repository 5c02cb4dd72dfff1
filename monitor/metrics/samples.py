"""How each family is read from a snapshot. Every known series is there, as 0 until it moves."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from monitor.metrics.family import (
    MOST_CAMERAS,
    MOST_COUNTRIES,
    MOST_RULES,
    MOST_TARGETS,
    MOST_VLANS,
    OTHER,
    UNTAGGED,
    Samples,
)
from monitor.metrics.snapshot import CameraLabels, EgressKey, Snapshot
from monitor.model.words import EndReason, Purpose, Severity, Stop

_SKIPPED: Final = (Stop.ARP, Stop.NOT_IP)
_ENDS: Final = (EndReason.IDLE, EndReason.END_OF_FLOW, EndReason.FORCED, EndReason.NO_RESOURCES)
_OUTCOMES: Final = ((False, "attempted"), (True, "answered"))
_STATES: Final = ("ok", "degraded", "blind")
_VERDICTS: Final = ("closed", "open", "cannot-tell")
_RESULTS: Final = ("delivered", "failed", "dead")
_DATABASES: Final = ("country", "asn")


DIGEST_LETTERS: Final = 12
"""As many as `camwatch doctor` shows: enough to tell catalogues apart."""


def build(s: Snapshot) -> Samples:
    """Version."""
    yield (s.version,), 1


def catalog(s: Snapshot) -> Samples:
    """Digest of the catalogue; none before a worker has read one."""
    if s.catalog:
        yield (s.catalog[:DIGEST_LETTERS],), 1


def started(s: Snapshot) -> Samples:
    """Start of the process."""
    yield (), _seconds(s.started_ns)


def received(s: Snapshot) -> Samples:
    """Frames by interface."""
    return _by_interface(s, "received")


def dropped(s: Snapshot) -> Samples:
    """Lost frames by interface and cause."""
    for name, counts in s.interfaces.items():
        for cause in ("kernel", "interface", "queue"):
            yield (name, cause), getattr(counts, f"dropped_{cause}")


def freezes(s: Snapshot) -> Samples:
    """Full rings by interface."""
    return _by_interface(s, "freezes")


def filtered(s: Snapshot) -> Samples:
    """Frames left out by the kernel filter, by interface."""
    return _by_interface(s, "filtered")


def decode_frames(s: Snapshot) -> Samples:
    """Frames given to decoding."""
    yield (), sum(counts.processed for counts in s.interfaces.values())


def packets(s: Snapshot) -> Samples:
    """Frames that were packets."""
    yield (), s.packets


def skipped(s: Snapshot) -> Samples:
    """Frames that are no packets by nature."""
    for reason in _SKIPPED:
        yield (reason.name.lower(),), s.stopped.get(reason, 0)


def decode_errors(s: Snapshot) -> Samples:
    """Frames that could not be decoded."""
    for reason in Stop:
        if reason is not Stop.NONE and reason not in _SKIPPED:
            yield (reason.name.lower(),), s.stopped.get(reason, 0)


def flows(s: Snapshot) -> Samples:
    """Flows in the table."""
    yield ("active",), s.flows_active


def opened(s: Snapshot) -> Samples:
    """Flows that began."""
    yield (), s.flows_opened


def ended(s: Snapshot) -> Samples:
    """Flows that ended."""
    for reason in _ENDS:
        yield (reason.name.lower(),), s.flows_ended.get(reason, 0)


def evictions(s: Snapshot) -> Samples:
    """What was cut short for lack of room."""
    yield ("table",), s.flows_ended.get(EndReason.NO_RESOURCES, 0)
    yield ("payload",), s.conversations_cut


def pressure(s: Snapshot) -> Samples:
    """How often the flow table was under pressure."""
    yield (), s.pressure_steps


def records(s: Snapshot) -> Samples:
    """Flow records of cameras."""
    yield (), s.records


def cameras(s: Snapshot) -> Samples:
    """What is known of each camera."""
    for one in _named(s):
        yield (one.camera, _vlan(one.vlan), one.maker, one.brand, one.firmware), 1


def camera_last(s: Snapshot) -> Samples:
    """Last frame of each camera."""
    for one in _named(s):
        yield (one.camera,), _seconds(s.last_seen_ns.get(one.camera, 0))


def egress_bytes(s: Snapshot) -> Samples:
    """Bytes of cameras to the outside."""
    return _egress(s, s.egress_bytes)


def egress_flows(s: Snapshot) -> Samples:
    """Flows of cameras with the outside."""
    return _egress(s, s.egress_flows)


def country_bytes(s: Snapshot) -> Samples:
    """Bytes to the outside by country: the largest, the others together."""
    sums: dict[str, int] = {}
    for (country, _), count in s.country_bytes.items():
        if country:
            sums[country] = sums.get(country, 0) + count
    # By bytes, then name: the order of arrival must not decide.
    kept = set(sorted(sums, key=lambda one: (-sums[one], one))[:MOST_COUNTRIES])
    folded: dict[tuple[str, str], int] = {}
    for (country, purpose), count in s.country_bytes.items():
        label = "unknown" if not country else country if country in kept else OTHER
        key = (label, str(purpose))
        folded[key] = folded.get(key, 0) + count
    return folded.items()


def vlan_last(s: Snapshot) -> Samples:
    """Last frame by VLAN."""
    for vlan in _vlans(s):
        yield (_vlan(vlan),), _seconds(s.vlan_last_ns.get(vlan, 0))


def coverage_ok(s: Snapshot) -> Samples:
    """Whether the sensor sees everything."""
    yield (), s.coverage == "ok"


def vlan_coverage_ok(s: Snapshot) -> Samples:
    """Whether a VLAN is seen wholly; before the first interval ended it is not."""
    for vlan in _vlans(s):
        yield (_vlan(vlan),), s.vlan_coverage.get(vlan) == "ok"


def vlan_coverage(s: Snapshot) -> Samples:
    """Coverage as a set of states."""
    return _states(s, s.vlan_coverage, _STATES, "blind")


def lost_segments(s: Snapshot) -> Samples:
    """Segments that the mirror did not show."""
    return _by_vlan(s, s.vlan_lost_segments)


def isolation(s: Snapshot) -> Samples:
    """Isolation as a set of states."""
    return _states(s, s.vlan_isolation, _VERDICTS, "cannot-tell")


def canaries_sent(s: Snapshot) -> Samples:
    """Canaries sent."""
    return _by_vlan(s, s.canaries_sent)


def canaries_returned(s: Snapshot) -> Samples:
    """Canaries that came back."""
    return _by_vlan(s, s.canaries_returned)


def canaries_forged(s: Snapshot) -> Samples:
    """Canaries that are not ours."""
    yield (), s.canaries_forged


def alerts(s: Snapshot) -> Samples:
    """Alerts opened, by rule."""
    known = dict.fromkeys(list(s.rules)[:MOST_RULES], 0)
    other = dict.fromkeys((str(severity) for severity in Severity), 0)
    for key, count in s.alerts.items():
        if key in known:
            known[key] += count
        elif key[1] in other:
            other[key[1]] += count
    yield from known.items()
    yield from (((OTHER, severity), count) for severity, count in other.items())


def alerts_open(s: Snapshot) -> Samples:
    """Open alerts by severity."""
    for severity in Severity:
        yield (str(severity),), s.alerts_open.get(str(severity), 0)


def deliveries(s: Snapshot) -> Samples:
    """Attempts to deliver."""
    for target in list(s.targets)[:MOST_TARGETS]:
        for result in _RESULTS:
            yield (target, result), s.deliveries.get((target, result), 0)


def oldest_pending(s: Snapshot) -> Samples:
    """Oldest message that waits."""
    for target in list(s.targets)[:MOST_TARGETS]:
        yield (target,), _seconds(s.oldest_pending_ns.get(target, 0))


def geo(s: Snapshot) -> Samples:
    """Age of the databases."""
    for database in _DATABASES:
        yield (database,), _seconds(s.geo_build_ns.get(database, 0))


def stored(s: Snapshot) -> Samples:
    """Records in the store."""
    yield (), s.store_rows


def backlog(s: Snapshot) -> Samples:
    """Records that wait."""
    yield (), s.store_backlog


def store_lost(s: Snapshot) -> Samples:
    """Records given up."""
    yield (), s.store_lost


def store_last(s: Snapshot) -> Samples:
    """Last commit."""
    yield (), _seconds(s.store_last_ns)


def restarts(s: Snapshot) -> Samples:
    """Worker processes that died."""
    yield (), s.worker_restarts


def _seconds(ns: int) -> float:
    return ns / 1e9


def _vlan(vlan: int | None) -> str:
    return UNTAGGED if vlan is None else str(vlan)


def _vlans(s: Snapshot) -> Sequence[int | None]:
    return list(dict.fromkeys(s.vlans))[:MOST_VLANS]


def _named(s: Snapshot) -> Iterable[CameraLabels]:
    known = {one.camera: one for one in s.cameras}
    return list(known.values())[:MOST_CAMERAS]


def _by_interface(s: Snapshot, field: str) -> Samples:
    for name, counts in s.interfaces.items():
        yield (name,), getattr(counts, field)


def _by_vlan(s: Snapshot, numbers: Mapping[int | None, int]) -> Samples:
    for vlan in _vlans(s):
        yield (_vlan(vlan),), numbers.get(vlan, 0)


def _states(
    s: Snapshot, held: Mapping[int | None, str], states: Sequence[str], unknown: str
) -> Samples:
    for vlan in _vlans(s):
        state = held.get(vlan, unknown)
        for one in states:
            yield (_vlan(vlan), one), one == state


def _egress(
    s: Snapshot, numbers: Mapping[EgressKey, int]
) -> Iterator[tuple[tuple[str, ...], float]]:
    """Every camera, purpose and outcome; those of cameras without a label under `OTHER`."""
    names = [one.camera for one in _named(s)]
    known = set(names)
    other: dict[tuple[Purpose, bool], int] = {}
    for (camera, purpose, is_answered), count in numbers.items():
        if camera not in known:
            key = (purpose, is_answered)
            other[key] = other.get(key, 0) + count
    for camera in (*names, OTHER):
        for purpose in Purpose:
            for is_answered, outcome in _OUTCOMES:
                if camera == OTHER:
                    count = other.get((purpose, is_answered), 0)
                else:
                    count = numbers.get(EgressKey(camera, purpose, is_answered), 0)
                yield (camera, str(purpose), outcome), count
