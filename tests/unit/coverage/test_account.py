"""A run added up from its intervals."""

import pytest

from monitor.coverage.account import Account, upper_bound
from monitor.coverage.judge import CaptureLoss, Judge, State
from monitor.coverage.parts import IntervalPart, VlanCounts
from tests.support.coverage_script import CAMERA, T0, VLAN, is_from_camera, parts_of, stream
from tests.support.packets import SECOND_NS, Packet


def added(packets: list[Packet], losses: CaptureLoss | None = None) -> Account:
    account, judge = Account(), Judge()
    for part in parts_of(packets):
        account.add(part, judge.take(part, losses), losses)
    return account


def test_times_and_sums_are_those_of_all_intervals() -> None:
    account = added(stream())
    assert (account.intervals, account.start_ns) == (3, T0)
    of = account.vlans[VLAN]
    assert (of.state, of.two_sided, of.counts.frames) == (State.OK, True, 1703)
    assert of.time_ns[State.OK] == account.end_ns + 1 - T0
    assert account.cameras_in(VLAN) == 1
    assert {one.ip for one in account.stations if one.is_camera} == {CAMERA}


def test_one_bad_interval_stays_in_the_account() -> None:
    some = [
        packet
        for packet in stream()
        if packet.ts_ns < T0 + 60 * SECOND_NS or is_from_camera(packet)
    ]
    account = added(some)
    of = account.vlans[VLAN]
    assert (of.state, of.two_sided) == (State.DEGRADED, False)
    (reason,) = of.reasons(breaking=True)
    assert reason.text.endswith(
        "(and so in 2 intervals, 110 s in all, from 2023-11-14 22:15:00 to 2023-11-14 22:16:49 UTC)"
    )


def test_loss_is_bounded_by_what_was_measured() -> None:
    account = added(stream(), CaptureLoss(received=900, dropped=100))
    # 850 segments without a hole: 0.32 % at most; and a tenth was dropped before.
    bound = account.loss_bound(VLAN)
    assert bound is not None
    assert bound == pytest.approx(1 - 0.9 * (1 - 0.003173), abs=1e-5)
    assert Account().loss_bound(VLAN) is None


@pytest.mark.parametrize(
    ("hits", "of", "wanted"),
    [(0, 100, 0.02634), (2, 100, 0.05865), (50, 100, 0.58117), (0, 0, 1.0)],
)
def test_the_upper_bound_is_that_of_wilson(hits: int, of: int, wanted: float) -> None:
    assert upper_bound(hits, of) == pytest.approx(wanted, abs=2e-4)


def test_stations_are_bounded_and_the_rest_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.coverage.account.MOST_STATIONS", 1)
    account = added(stream(30.0))
    assert len(account.stations) == 1
    assert account.stations_left_out > 0


def test_plain_data_tells_it_all() -> None:
    told = added(stream()).as_dict()
    assert told["state"] == "ok"
    assert told["vlans"]["20"]["cameras"] == 1
    assert told["vlans"]["20"]["lost_share"] == 0
    assert told["vlans"]["20"]["lost_share_at_most"] == 0.003173
    assert told["vlans"]["20"]["reasons"] == []


def test_an_empty_account_is_plain_too() -> None:
    account, judge = Account(), Judge(vlans=(VLAN,))
    part = IntervalPart(start_ns=T0, end_ns=T0 + 1, vlans={99: VlanCounts()})
    account.add(part, judge.take(part))
    assert account.as_dict()["vlans"]["20"]["last_frame"] is None
