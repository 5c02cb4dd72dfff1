"""Watches that look at cameras and at the sensor, not at flows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from monitor.data.restrictions import restrictions
from monitor.model.clock import utc_text
from monitor.model.records import Evidence
from monitor.model.words import DeviceKind
from monitor.policy.book import Hit
from monitor.policy.rule import DAY_NS, Rule
from monitor.policy.status import CameraStatus, Status

_CAMERAS: Final = (DeviceKind.CAMERA, DeviceKind.RECORDER)


class SensorWatch:
    """Asks every rule that looks at no flows. Remembers one pair of totals."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [rule for rule in rules if rule.watch in _WATCHES or rule.watch == "loss"]
        self._received, self._lost = 0, 0

    def look(self, status: Status, now_ns: int) -> list[Hit]:
        """Return what holds now."""
        hits: list[Hit] = []
        for rule in self._rules:
            if rule.watch == "loss":
                hits += self._loss(rule, status, now_ns)
            else:
                hits += _WATCHES[rule.watch](rule, status, now_ns)
        self._received, self._lost = status.received, status.lost
        return hits

    def _loss(self, rule: Rule, status: Status, now_ns: int) -> Iterator[Hit]:
        # Totals begin at 0 again when the sensor does.
        is_later = status.received >= self._received and status.lost >= self._lost
        received = status.received - self._received if is_later else status.received
        lost = status.lost - self._lost if is_later else status.lost
        if lost and lost * int(rule.settings["share"]) > received + lost:
            text = f"{lost} of {received + lost} packets since the last look"
            yield Hit(rule, (), None, now_ns, times=lost, evidence=(Evidence("loss", text),))


def _of_camera(rule: Rule, camera: CameraStatus, now_ns: int, *evidence: Evidence) -> Hit:
    subject = camera.subject
    values = {"camera": subject.key, "maker": subject.maker}
    group = tuple(values.get(part, "") for part in rule.group)
    return Hit(rule, group, subject, now_ns, evidence=evidence)


def _unlisted(rule: Rule, status: Status, now_ns: int) -> Iterator[Hit]:
    for camera in status.cameras:
        if camera.is_listed is False and camera.kind in _CAMERAS:
            subject = camera.subject
            text = f"{subject.ip} {subject.mac} {subject.maker or 'unknown maker'}"
            yield _of_camera(rule, camera, now_ns, Evidence("device", text))


def _restricted(rule: Rule, status: Status, now_ns: int) -> Iterator[Hit]:
    for camera in status.cameras:
        found = restrictions(camera.subject.maker)
        if found and camera.kind in _CAMERAS:
            evidence = [
                Evidence("restriction", f"{r.rule}, since {r.since}: {r.scope}") for r in found
            ]
            yield _of_camera(rule, camera, now_ns, *evidence)


def _differs(rule: Rule, status: Status, now_ns: int) -> Iterator[Hit]:
    for camera in status.cameras:
        subject, wanted = camera.subject, camera.wanted_maker
        maker = subject.maker
        if not maker:
            continue
        if wanted:
            is_other, said = wanted.lower() != maker.lower(), f"inventory: {wanted}"
        else:
            # A brand of its own is no news; one that hides a restricted maker is.
            is_other = (
                subject.brand.lower() not in ("", maker.lower()) and restrictions(maker) != ()
            )
            said = f"label: {subject.brand}"
        if is_other:
            text = f"{said}; on the wire: {maker}"
            yield _of_camera(rule, camera, now_ns, Evidence("maker", text))


def _coverage(rule: Rule, status: Status, now_ns: int) -> Iterator[Hit]:
    for camera in status.cameras:
        if camera.missing:
            text = f"{camera.subject.name or camera.subject.ip}: {camera.missing}"
            yield _of_camera(rule, camera, now_ns, Evidence("coverage", text))
    for gap in status.gaps:
        group = ("",) * len(rule.group)
        yield Hit(rule, group, None, now_ns, evidence=(Evidence("coverage", gap),))


def _old_geo(rule: Rule, status: Status, now_ns: int) -> Iterator[Hit]:
    for name, made_ns in status.databases.items():
        age_ns = now_ns - made_ns
        if age_ns > int(rule.settings["age"]):
            text = f"{name} of {utc_text(made_ns)[:10]}, {age_ns // DAY_NS} days old"
            group = ("",) * len(rule.group)
            yield Hit(rule, group, None, now_ns, evidence=(Evidence("database", text),))


_WATCHES: Final[Mapping[str, Callable[[Rule, Status, int], Iterator[Hit]]]] = {
    "unlisted": _unlisted,
    "restricted": _restricted,
    "differs": _differs,
    "coverage": _coverage,
    "old-geo": _old_geo,
}
