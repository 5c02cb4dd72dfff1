import pytest

from monitor.api import summing
from monitor.api.shapes.common import CameraName
from monitor.api.shapes.overview import Coverage
from monitor.store.reading.sums import Sum

ONE = Sum(
    camera_ip="10.20.3.11", vlan=20, scope="outside", purpose="ntp", operator="NTP Pool",
    operator_country="", country="NL", outcome="answered", initiated_by="camera",
    flows=2, out_bytes=180, in_bytes=200, last_ns=5,
)  # fmt: skip


@pytest.mark.parametrize(
    ("sums", "verdict"),
    [
        ([ONE._replace(scope="site", purpose="discovery")], "closed"),
        ([ONE._replace(outcome="unanswered", purpose="diagnostics")], "stopped"),
        ([ONE], "infrastructure-only"),
        ([ONE, ONE._replace(purpose="diagnostics", outcome="refused")], "infrastructure-only"),
        ([ONE, ONE._replace(purpose="diagnostics")], "talks-outside"),
        ([ONE, ONE._replace(purpose="unknown")], "talks-outside"),
        ([ONE._replace(purpose="remote-access", initiated_by="destination")], "exposed"),
        (
            [ONE._replace(initiated_by="destination", outcome="unanswered")],
            "stopped",
        ),
    ],
)
def test_the_worst_that_holds_is_the_verdict(sums: list[Sum], verdict: str) -> None:
    assert summing.vlans(sums, {})[0].verdict == verdict


def test_nothing_seen_proves_nothing_where_nobody_knows_what_is_seen() -> None:
    site = [ONE._replace(scope="site")]
    good = Coverage(verdict="ok", text="both sides", breaks_claim=False)
    blind = Coverage(verdict="blind", text="the mirror is silent", breaks_claim=True)
    closed = "No flow of a camera here went outside the site."
    assert summing.vlans(site, {20: good})[0].text == closed
    assert summing.vlans(site, {})[0].text == (
        f"{closed} Whether more would have been seen is not known."
    )
    assert summing.vlans(site, {20: blind})[0].text == (
        f"{closed} More may have been missed: the mirror is silent."
    )


def test_what_was_seen_was_seen_whatever_the_mirror_misses() -> None:
    told = summing.vlans([ONE._replace(purpose="diagnostics")], {})[0]
    assert told.text == "Cameras here exchange data with services outside the site."


def test_a_vlan_that_is_judged_and_silent_is_told() -> None:
    blind = Coverage(verdict="blind", text="silent", breaks_claim=True)
    told = summing.vlans([ONE], {30: blind})
    assert [(one.vlan, one.flows) for one in told] == [(20, 2), (30, 0)]


def test_countries_of_server_and_operator_are_pairs() -> None:
    sums = [
        ONE._replace(country="DE", operator_country="CN", operator="Hikvision", out_bytes=9000),
        ONE._replace(country="DE", operator_country="", operator=""),
    ]
    told = [(one.country, one.operator_country, one.operators) for one in summing.countries(sums)]
    assert told == [("DE", "CN", ["Hikvision"]), ("DE", None, [])]


def test_talkers_are_the_ten_that_sent_most() -> None:
    sums = [ONE._replace(camera_ip=f"10.0.0.{n}", out_bytes=n) for n in range(20)]
    told = summing.talkers(
        sums,
        lambda ips: {ip: CameraName(ip=ip, label=None, maker=None, brand=None) for ip in ips},
    )
    assert [one.camera.ip for one in told] == [f"10.0.0.{n}" for n in range(19, 9, -1)]
