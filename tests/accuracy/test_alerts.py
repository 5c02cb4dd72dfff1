"""A month of forty cameras: every planted event is found, and little else is said.

The figures stand in docs/accuracy.md; this test holds them.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from monitor.model.alerts import Alert, AlertChange, Subject
from monitor.model.facts import NOTHING, Dissection, Fact
from monitor.model.learnt import Learnt
from monitor.model.rows import Party
from monitor.model.words import DeviceKind, Purpose
from monitor.policy.engine import Engine
from monitor.policy.load import shipped_rules
from monitor.policy.status import CameraStatus, Status
from tests.support.site_month import BEGIN_S, DAY_S, HTTP, SECOND_NS, SITE, Month

STRANGER = Party("c2.stranger.example", "sni", "NL", 64502, "HOSTING", "Stranger Ltd", "NL")
NOBODY = Party("", "", "", 0, "", "", "")

STANDING = {
    "p2p-active", "diagnostics-sent", "diagnostics-jurisdiction", "firmware-fetched",
    "attempt-unanswered", "restricted-maker",
}  # fmt: skip
"""What these cameras do all month, or did in the outage and on the firmware day: true, and told once."""


class Planted(NamedTuple):
    """Something that must be found."""

    rule: str
    camera: int
    day: float
    plant: Callable[[Month], None]


def _flow(
    number: int, day: float, party: Party, purpose: Purpose, **more: Any
) -> Callable[[Month], None]:
    return lambda month: month.flow(number, day * DAY_S, party, purpose, **more)


def _server(month: Month, number: int, word: str, **changes: Any) -> Party:
    return month.party(month.cameras[number][1], word, **changes)


def _other_country(month: Month) -> None:
    month.flow(12, 17.3 * DAY_S, _server(month, 12, "api", country="RU"), Purpose.CLOUD_API)


def _other_purpose(month: Month) -> None:
    for number in (17, 18, 19):
        at = 18.6 * DAY_S + number * 60
        month.flow(number, at, _server(month, number, "update"), Purpose.CLOUD_STORAGE)


def _many_bytes(month: Month) -> None:
    for part in range(10):
        month.diagnostics(20, 19.2 * DAY_S + part * 1800, 100_000)


def _many_flows(month: Month) -> None:
    for part in range(200):
        month.diagnostics(25, 22.3 * DAY_S + part * 120, 500)


def _slow_rise(month: Month) -> None:
    for day in range(30):
        month.diagnostics(30, (day + 0.4) * DAY_S, int(20_000 * 1.1**day))


def _upload(month: Month) -> None:
    server = _server(month, 5, "update")
    month.flow(5, 21.5 * DAY_S, server, Purpose.UPDATE_CHECK, out_bytes=3_000_000)


def _spread(month: Month) -> None:
    for host in range(30):
        month.flow(
            8, 23.1 * DAY_S + host * 3, NOBODY, Purpose.UNKNOWN, seen=NOTHING, port=23,
            other=0x0A14_0464 + host, scope=SITE, outcome=0, in_bytes=0,
        )  # fmt: skip


def _names(month: Month) -> None:
    for part in range(120):
        secret = f"{part:02x}" * 16
        month.look_up(9, 24.7 * DAY_S + part, f"{secret}.t.stranger.example")


def _resolver(month: Month) -> None:
    doh = Party("dns.resolver.example", "sni", "US", 64503, "RESOLVER", "Resolver Inc", "US")
    month.flow(10, 25.2 * DAY_S, doh, Purpose.DNS)


def _password(month: Month) -> None:
    seen = Dissection("ftp", (Fact("credential", "ftp user=admin"),))
    host = Party("ftp.town.example", "dns", "NL", 64504, "ISP", "", "")
    month.flow(13, 27.2 * DAY_S, host, Purpose.USER_SERVICE, seen=seen, port=21)


def _under_cover(month: Month) -> None:
    month.start(37, 26.3 * DAY_S)
    month.flow(37, 26.3 * DAY_S + 30, STRANGER._replace(operator="Cover Ltd"), Purpose.UNKNOWN)


PLANTED = (
    Planted("new-operator", 3, 16.5, _flow(3, 16.5, STRANGER, Purpose.UNKNOWN)),
    Planted("new-country", 12, 17.3, _other_country),
    Planted("purpose-changed", 19, 18.6, _other_purpose),
    Planted("diagnostics-drift", 20, 19.2, _many_bytes),
    Planted("diagnostics-drift", 25, 22.3, _many_flows),
    Planted("diagnostics-drift", 30, 12.0, _slow_rise),
    Planted("upload-in-download", 5, 21.5, _upload),
    Planted("spread", 8, 23.1, _spread),
    Planted("dns-tunnel", 9, 24.7, _names),
    Planted("encrypted-resolver", 10, 25.2, _resolver),
    Planted("remote-access", 11, 26.1, _flow(11, 26.1, NOBODY, Purpose.REMOTE_ACCESS, seen=HTTP, is_ours=False, other=0xC633_64C8)),
    Planted("new-operator", 37, 26.3, _under_cover),
    Planted("cleartext-credential", 13, 27.2, _password),
    Planted("tunnel-opened", 14, 28.1, _flow(14, 28.1, STRANGER._replace(operator="Hikvision", country="IE", name="v.example"), Purpose.TUNNEL)),
)  # fmt: skip


def made(seed: int, *, planted: bool) -> Month:
    """Return a month, with or without what is planted."""
    month = Month(seed)
    month.usual()
    if planted:
        for event in PLANTED:
            event.plant(month)
    month.incidents()
    return month


def status(month: Month, day: float, *, planted: bool) -> Status:
    cameras = []
    for number, (device, _) in enumerate(month.cameras):
        subject = Subject(device.ip, device.mac, "", device.maker, "", 20)
        lost = "not seen for 2 h" if planted and number == 2 and 28 <= day < 28.5 else ""
        is_listed = not (planted and number == 33 and day >= 14)
        cameras.append(CameraStatus(subject, DeviceKind.CAMERA, is_listed, "", lost))
    packets = int(day * 10_000_000)
    return Status(cameras, received=packets, lost=50_000 if planted and day >= 27 else 0)


def run(
    month: Month, *, planted: bool, step_s: int = 3600, restarts: tuple[int, ...] = ()
) -> tuple[list[Alert], int]:
    """Return every alert that was opened, and how many messages were due.

    Args:
        month: Records.
        planted: Whether cameras are lost and so on.
        step_s: Length of a batch.
        restarts: Steps before which the process ends, and another goes on with what was kept.
    """
    engine = Engine(shipped_rules(), "gate-1")
    kept: dict[tuple[str, str], Learnt] = {}
    alerts: dict[str, Alert] = {}
    messages = 0
    for step, (now_ns, batch) in enumerate(month.batches(step_s)):
        if step in restarts:
            open_alerts = engine.open_alerts
            engine = Engine(shipped_rules(), "gate-1")
            engine.restore(kept.values(), open_alerts, now_ns)
        day = (now_ns / SECOND_NS - BEGIN_S) / DAY_S
        events = engine.take(batch, now_ns)
        events += engine.tick(now_ns, status(month, day, planted=planted))
        kept |= {(row.kind, row.key): row for row in engine.dirty()}
        for event in events:
            alerts[event.alert.id] = event.alert
            messages += event.change is not None
            assert event.change is not AlertChange.OPENED or event.alert.told > 0
    return list(alerts.values()), messages


def cameras_of(alerts: list[Alert]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for alert in alerts:
        found[alert.rule] |= {subject.mac for subject in alert.subjects}
    return found


RESTARTS = (6 * 24 + 3, 15 * 24 + 1, 25 * 24)


@pytest.fixture(scope="module")
def month() -> Month:
    return made(1, planted=True)


@pytest.fixture(scope="module")
def told(month: Month) -> list[Alert]:
    return run(month, planted=True, restarts=RESTARTS)[0]


def test_a_month_without_anything_planted_says_only_what_is_so() -> None:
    alerts, messages = run(made(2, planted=False), planted=False, restarts=RESTARTS)
    false = [(a.rule, a.group, a.evidence) for a in alerts if a.rule not in STANDING]
    assert false == []
    assert messages <= 60


def test_every_planted_event_is_found_and_names_its_camera(month: Month, told: list[Alert]) -> None:
    found = cameras_of(told)
    missed = [
        (event.rule, event.camera)
        for event in PLANTED
        if month.cameras[event.camera][0].mac not in found[event.rule]
    ]
    assert missed == []
    assert month.cameras[33][0].mac in found["camera-unlisted"]
    assert month.cameras[2][0].mac in found["coverage-lost"]
    assert "capture-loss" in found
    planted = {event.rule for event in PLANTED} | STANDING
    planted |= {"camera-unlisted", "coverage-lost", "capture-loss"}
    surplus = [(a.rule, a.group, a.evidence) for a in told if a.rule not in planted]
    assert surplus == []


def test_the_same_is_said_however_the_month_is_cut_and_whether_the_process_went_on(
    month: Month, told: list[Alert]
) -> None:
    assert cameras_of(run(month, planted=True, step_s=1200)[0]) == cameras_of(told)
