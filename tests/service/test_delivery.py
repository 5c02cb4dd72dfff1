"""Deliveries to a receiver that misbehaves, by a process that is killed at every step."""

import base64
import datetime as dt
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import create_engine, func, select
from standardwebhooks import Webhook

from monitor import config
from monitor.daemon.delivery import LEASE_NS, Courier, Delivery
from monitor.daemon.targets import Target, open_targets, outgoing
from monitor.model.alerts import AlertChange, AlertEvent
from monitor.notify import signing
from monitor.notify.connection import Limits
from monitor.store import outbox_lists
from monitor.store.alert_tables import ALERTS
from monitor.store.delivery_tables import DELIVERIES
from monitor.store.outbox import DAY_NS, Outbox
from tests.support.notified import Receiver, process, receiver, until
from tests.support.told import T0, alert, resolved

S = 1_000_000_000
QUICK = Limits(connect_s=1.0, read_s=0.3, total_s=0.6, answer_bytes=65_536)
SHARED = signing.new_shared(b"a shared secret of a test")
PRIVATE = signing.new_private()

POINTS = (
    *("before-lease", "after-lease", "after-send", "before-settle", "after-settle"),
    *("before-fail", "after-fail"),
)


@pytest.fixture
def soc(tmp_path: Path) -> Iterator[Receiver]:
    with receiver(tmp_path / "soc") as running:
        yield running


@pytest.fixture
def outbox(store_url: str) -> Iterator[Outbox]:
    opened = Outbox.open(store_url)
    yield opened
    opened.close()


def _config(directory: Path, *receivers: Receiver) -> Path:
    """Settings with a target for each receiver, without heartbeats."""
    lines = []
    for number, one in enumerate(receivers):
        keys = []
        for kind, text in (("private", PRIVATE), ("shared", SHARED)):
            path = directory / f"{kind}.key"
            path.write_text(text + "\n")
            keys.append(str(path))
        lines.append(
            f'[[notify.target]]\nname = "soc{number}"\nkind = "webhook"\nurl = "{one.url}/in"\n'
            f"secret_files = {keys}\nheartbeat_s = 0\n"
        )
    path = directory / "camwatch.toml"
    path.write_text("\n".join(lines))
    return path


def _targets(path: Path, limits: Limits = QUICK) -> list[Target]:
    targets = open_targets(config.load(path, {}).notify.target)
    for target in targets:
        target.sender._endpoint._limits = limits  # type: ignore[attr-defined]  # shorter than an hour of tests
    return targets


def _events(count: int) -> list[AlertEvent]:
    return [AlertEvent(alert(n), AlertChange.OPENED, T0) for n in range(1, count + 1)]


def _enqueue(outbox: Outbox, targets: Sequence[Target], events: Sequence[AlertEvent]) -> list[str]:
    items = outgoing(events, targets, T0)
    outbox.enqueue(items, T0)
    return [item.message_id for item in items]


def _work_off(courier: Courier, now_ns: int) -> None:
    """Do every step that is due."""
    while courier.step(now_ns, lambda: now_ns):
        pass


def _states(url: str) -> dict[str, int]:
    engine = create_engine(url)
    with engine.connect() as connection:
        query = select(DELIVERIES.c.state, func.count()).group_by(DELIVERIES.c.state)
        found = {row[0]: row[1] for row in connection.execute(query)}
    engine.dispose()
    return found


def _check_signatures(request: dict[str, Any]) -> None:
    """Check both signatures over what arrived, with nothing of ours."""
    headers = {name.lower(): value for name, value in request["headers"].items()}
    body = request["body"].encode()
    verifier = Webhook(SHARED)
    # The package checks the time too, and ours is simulated: that check is answered here.
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    ed25519, shared = headers["webhook-signature"].split(" ")
    when = dt.datetime.fromtimestamp(int(headers["webhook-timestamp"]), dt.UTC)
    assert verifier.sign(headers["webhook-id"], when, request["body"]) == shared
    public = base64.b64decode(signing.parse(PRIVATE, "key").public.removeprefix("whpk_"))
    version, _, signature = ed25519.partition(",")
    assert version == "v1a"
    Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature), content)


@pytest.mark.parametrize(
    ("point", "store_url"),
    [(point, "sqlite") for point in POINTS]
    + [(point, "postgresql") for point in ("after-lease", "before-settle", "after-settle")],
    indirect=["store_url"],
)
def test_a_process_that_is_killed_at_any_step_loses_no_alert(
    point: str, soc: Receiver, store_url: str, tmp_path: Path
) -> None:
    outbox = Outbox.open(store_url)
    path = _config(tmp_path, soc)
    targets = _targets(path)
    wanted = _enqueue(outbox, targets, _events(3))
    clock = tmp_path / "clock"
    clock.write_text(str(T0))
    if point.endswith("fail"):
        soc.behave("status=500 status=200")
    words = [sys.executable, "-m", "tests.support.delivering", store_url, str(path), str(clock)]
    # Killed without closing anything: SQLite's and PostgreSQL's transactions end as they must.
    with process([*words, point]) as dying:
        assert dying.wait(20) == -signal.SIGKILL
    _work_off(Courier(targets[0], outbox), T0 + LEASE_NS)
    outbox.close()
    assert _states(store_url) == {"delivered": 3}
    arrived = soc.ids()
    assert set(arrived) == set(wanted)
    for request in soc.requests():
        _check_signatures(request)
    # Only where the answer came and was not noted yet may a message come a second time.
    is_between = point in ("after-send", "before-settle")
    is_refused = point.endswith("fail")
    assert len(arrived) == (4 if is_between or is_refused else 3)


@pytest.mark.parametrize(("when", "rows"), [("before", 0), ("after", 1)])
def test_a_kill_around_the_commit_leaves_alert_and_delivery_or_neither(
    when: str, rows: int, store_url: str
) -> None:
    words = [sys.executable, "-m", "tests.support.committing", store_url, when]
    with process(words) as dying:
        assert dying.wait(20) == -signal.SIGKILL
    outbox = Outbox.open(store_url)
    with outbox.reading() as connection:
        for table in (ALERTS, DELIVERIES):
            count = select(func.count()).select_from(table)
            assert connection.execute(count).scalar_one() == rows
    outbox.close()


@pytest.mark.parametrize(("word", "times"), [("kill", 2), ("answerkill", 2)])
def test_a_process_that_is_killed_while_the_target_answers_sends_again_with_the_same_id(
    word: str, times: int, soc: Receiver, tmp_path: Path
) -> None:
    store_url = f"sqlite:///{tmp_path / 'camwatch.db'}"
    outbox = Outbox.open(store_url)
    path = _config(tmp_path, soc)
    targets = _targets(path)
    (wanted,) = _enqueue(outbox, targets, _events(1))
    clock = tmp_path / "clock"
    clock.write_text(str(T0))
    # The receiver needs to know whom to kill before anything arrives: the clock of the lease helps.
    soc.behave(f"{word} status=200")
    words = [sys.executable, "-m", "tests.support.delivering", store_url, str(path), str(clock)]
    leased = outbox.lease("soc0", T0, lease_ns=LEASE_NS, limit=1)
    with process(words) as dying:
        (soc.directory / "sender").write_text(str(dying.pid))
        outbox.release([item.id for item in leased])
        assert dying.wait(20) == -signal.SIGKILL
    _work_off(Courier(targets[0], outbox), T0 + LEASE_NS)
    # A kill after the answer may come after it was noted, too.
    assert soc.ids() in ([wanted] * times, [wanted] if word == "answerkill" else [wanted] * times)
    outbox.close()


def test_nothing_is_sent_again_after_a_clean_acknowledgement(
    soc: Receiver, outbox: Outbox, tmp_path: Path
) -> None:
    targets = _targets(_config(tmp_path, soc))
    wanted = _enqueue(outbox, targets, _events(5))
    courier = Courier(targets[0], outbox)
    for hour in range(100):
        _work_off(courier, T0 + hour * 3600 * S)
    assert soc.ids() == wanted
    assert courier.counts == (5, 5, 0, 0)


@pytest.mark.parametrize(
    ("word", "status", "error"),
    [
        ("status=500", 500, "it answered 500 Internal Server Error"),
        ("status=404", 404, "it answered 404 Not Found"),
        ("redirect", 307, "it answered 307 Temporary Redirect; redirects are not followed"),
        ("reset", None, "it broke off the connection"),
        ("hang", None, "it did not answer in time"),
        ("drip", None, "it took longer than 0.6 s"),
        ("garbage", None, "its answer cannot be understood: BadStatusLine"),
    ],
)
def test_what_is_no_acknowledgement_is_tried_again_after_five_seconds(
    word: str, status: int | None, error: str, soc: Receiver, tmp_path: Path
) -> None:
    outbox = Outbox.open(f"sqlite:///{tmp_path / 'camwatch.db'}")
    targets = _targets(_config(tmp_path, soc))
    (wanted,) = _enqueue(outbox, targets, _events(1))
    soc.behave(f"{word} status=200")
    courier = Courier(targets[0], outbox, chance=lambda: 0.5)
    assert courier.step(T0, lambda: T0)
    with outbox.reading() as connection:
        (listed,) = outbox_lists.of_alert(connection, alert().id)
    assert (listed.state, listed.attempts, listed.status, listed.error) == (
        "pending",
        1,
        status,
        error,
    )
    assert not courier.step(T0 + 5 * S - 1, lambda: T0)
    assert courier.step(T0 + 5 * S, lambda: T0 + 5 * S)
    assert soc.ids() == [wanted, wanted]
    assert {request["path"] for request in soc.requests()} == {"/in"}
    outbox.close()


def test_an_answer_without_end_is_bounded_and_its_status_counts(
    soc: Receiver, tmp_path: Path
) -> None:
    outbox = Outbox.open(f"sqlite:///{tmp_path / 'camwatch.db'}")
    targets = _targets(_config(tmp_path, soc))
    _enqueue(outbox, targets, _events(1))
    soc.behave("flood")
    courier = Courier(targets[0], outbox)
    assert courier.step(T0, lambda: T0)
    assert courier.counts.delivered == 1
    outbox.close()


@pytest.mark.parametrize(
    ("value", "seconds"), [("120", 120), ("Wed,_18_Nov_2026_12:06:40_GMT", 3600), ("soon", 5)]
)
def test_the_wait_that_a_target_asks_for_is_kept_for_all_messages(
    value: str, seconds: int, soc: Receiver, tmp_path: Path
) -> None:
    outbox = Outbox.open(f"sqlite:///{tmp_path / 'camwatch.db'}")
    targets = _targets(_config(tmp_path, soc))
    _enqueue(outbox, targets, _events(2))
    soc.behave(f"later={value} status=200")
    courier = Courier(targets[0], outbox, chance=lambda: 0.5)
    assert courier.step(T0, lambda: T0)
    early = T0 + seconds * S - 1
    if value == "soon":
        assert courier.step(early, lambda: early)
    assert not courier.step(early, lambda: early)
    late = T0 + seconds * S
    _work_off(courier, late)
    assert len(soc.ids()) == 3
    outbox.close()


def test_a_target_that_is_gone_is_left_alone_until_it_is_switched_on(
    soc: Receiver, tmp_path: Path
) -> None:
    outbox = Outbox.open(f"sqlite:///{tmp_path / 'camwatch.db'}")
    targets = _targets(_config(tmp_path, soc))
    wanted = _enqueue(outbox, targets, _events(2))
    soc.behave("status=410 status=200")
    courier = Courier(targets[0], outbox)
    assert courier.step(T0, lambda: T0)
    assert not courier.step(T0 + DAY_NS, lambda: T0 + DAY_NS)
    outbox.switch_on("soc0")
    _work_off(courier, T0 + DAY_NS)
    assert sorted(soc.ids()[1:]) == sorted(wanted)
    outbox.close()


def test_a_day_without_the_target_costs_few_tries_and_no_alert(
    tmp_path: Path,
) -> None:
    """Alerts open, and resolve, through a day in which nobody listens; then it is back."""
    outbox = Outbox.open(f"sqlite:///{tmp_path / 'camwatch.db'}")
    with receiver(tmp_path / "soc") as running:
        targets = _targets(_config(tmp_path, running))
    courier = Courier(targets[0], outbox, chance=lambda: 0.5)
    wanted = []
    for minute in range(0, 24 * 60, 15):
        now = T0 + minute * 60 * S
        if minute % 60 == 0:
            number = minute // 60 + 1
            events = [
                AlertEvent(alert(number), AlertChange.OPENED, now),
                AlertEvent(resolved(alert(number), now), AlertChange.RESOLVED, now + 1),
            ]
            items = outgoing(events, targets, now)
            outbox.enqueue(items, now)
            wanted += [item.message_id for item in items]
        _work_off(courier, now)
    assert courier.counts.delivered == 0
    # Four an hour by the breaker, and a few before it opened.
    assert courier.counts.attempts < 110
    with receiver(tmp_path / "soc") as running:
        back = T0 + DAY_NS + 900 * S
        _work_off(courier, back)
        arrived = running.ids()
        assert sorted(arrived) == sorted(wanted)
        kinds = {r["headers"]["webhook-id"]: r["body"] for r in running.requests()}
    for opened_id, resolved_id in zip(wanted[::2], wanted[1::2], strict=True):
        assert arrived.index(opened_id) < arrived.index(resolved_id)
        assert '"type":"camwatch.alert.resolved"' in kinds[resolved_id]
    assert courier.counts.dead == 0
    outbox.close()


def test_after_the_last_try_a_message_is_dead_and_can_be_sent_again(
    soc: Receiver, tmp_path: Path
) -> None:
    outbox = Outbox.open(f"sqlite:///{tmp_path / 'camwatch.db'}")
    targets = _targets(_config(tmp_path, soc))
    (wanted,) = _enqueue(outbox, targets, _events(1))
    soc.behave("status=500")
    courier = Courier(targets[0], outbox, chance=lambda: 0.5)
    # Source: the table "Example retry schedule" of the specification, in seconds since the start.
    for second in (0, 5, 305, 2105, 9305, 27305, 63305, 113705, 185705, 272105):
        now = T0 + second * S
        assert not courier.step(now - 1, lambda: T0)
        assert courier.counts.dead == 0
        assert courier.step(now, lambda now=now: now)  # type: ignore[misc]  # bound at once
    assert courier.counts.dead == 1
    soc.behave("status=200")
    with outbox.writing() as connection:
        assert outbox_lists.resend(connection, T0 + 5 * DAY_NS) == 1
    later = T0 + 5 * DAY_NS
    assert courier.step(later, lambda: later)
    assert soc.ids() == [wanted] * 11
    outbox.close()


def test_a_slow_target_does_not_delay_another(tmp_path: Path, outbox: Outbox) -> None:
    with receiver(tmp_path / "slow") as slow, receiver(tmp_path / "good") as good:
        slow.behave("hang")
        targets = _targets(_config(tmp_path, slow, good), Limits(read_s=30.0))
        _enqueue(outbox, targets, _events(3))
        delivery = Delivery(targets, outbox, sensor="hall-1", now_ns=lambda: T0, look_s=0.02)
        delivery.start()
        until(lambda: len(good.ids()) == 3, "the good target has everything")
        assert len(slow.ids()) <= 1
        until(lambda: delivery.counts()["soc1"].delivered == 3, "it is settled")
        assert delivery.counts()["soc0"] == (0, 0, 0, 0)
    delivery.stop()


def test_the_body_that_arrives_is_the_envelope(soc: Receiver, tmp_path: Path) -> None:
    outbox = Outbox.open(f"sqlite:///{tmp_path / 'camwatch.db'}")
    targets = _targets(_config(tmp_path, soc))
    _enqueue(outbox, targets, _events(1))
    Courier(targets[0], outbox).step(T0, lambda: T0)
    outbox.close()
    (request,) = soc.requests()
    body = json.loads(request["body"])
    assert (body["type"], body["timestamp"]) == (
        "camwatch.alert.opened",
        "2026-11-18T11:06:40.000000000Z",
    )
    assert body["data"]["camera_egress"]["alert_id"] == alert().id
    assert request["headers"]["Content-Type"] == "application/json"
