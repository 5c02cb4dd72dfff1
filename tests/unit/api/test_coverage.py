from typing import Any

import pytest

from monitor.api.coverage import coverage_of

NOW_NS = 10**18


def _sensor(vlans: dict[str, Any], seen_ns: int = NOW_NS) -> Any:
    return {"seen_ns": seen_ns, "status": {"coverage": {"vlans": vlans}}}


def _verdict(state: str, *texts: str, breaks: bool = False) -> dict[str, Any]:
    reasons = [{"text": text, "breaks_claim": breaks} for text in texts]
    return {"state": state, "reasons": reasons, "two_sided": True}


def test_a_verdict_is_told_with_its_reasons() -> None:
    told = coverage_of([_sensor({"20": _verdict("blind", "one", "two", breaks=True)})], NOW_NS)
    assert told[20].model_dump() == {"verdict": "blind", "text": "one; two", "breaks_claim": True}


def test_untagged_frames_are_a_vlan_too() -> None:
    told = coverage_of([_sensor({"untagged": _verdict("ok")})], NOW_NS)
    assert told[None].text == "both sides of conversations are seen"
    assert told[None].breaks_claim is False


def test_of_several_sensors_the_worst_counts() -> None:
    sensors = [_sensor({"20": _verdict(state)}) for state in ("ok", "blind", "degraded")]
    assert coverage_of(sensors, NOW_NS)[20].verdict == "blind"


def test_a_sensor_that_is_down_says_nothing() -> None:
    old = _sensor({"20": _verdict("ok")}, seen_ns=NOW_NS - 121 * 10**9)
    assert coverage_of([old], NOW_NS) == {}


@pytest.mark.parametrize("status", [{}, {"coverage": None}, {"coverage": []}, [], {"coverage": {}}])
def test_a_sensor_may_say_nothing(status: Any) -> None:
    sensor: Any = {"seen_ns": NOW_NS, "status": status}
    assert coverage_of([sensor], NOW_NS) == {}
