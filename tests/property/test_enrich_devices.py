"""Properties of device identity: order does not matter, shares add up, any input has an answer."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.dissect import dhcp, dns
from monitor.enrich.devices import Devices, Readers
from monitor.enrich.identity import Thresholds, resolve
from monitor.enrich.oui import OuiTable
from monitor.enrich.signs import MAX_SIGNALS
from monitor.model.addresses import Address
from monitor.model.facts import Dissection, Fact
from monitor.model.records import Signal
from tests.support.devices import (
    APPLE,
    AXIS,
    DAHUA,
    DLINK,
    ESPRESSIF,
    HIKVISION,
    NOBODY,
    RANDOM,
    outside,
    site,
)

LIMITS = Thresholds.load()
MACS = (APPLE, AXIS, DAHUA, DLINK, ESPRESSIF, HIKVISION, RANDOM, 0, (1 << 64) - 1, 0xFFFFFFFFFFFF)
ADDRESSES = (
    *(site(f"10.0.0.{number}") for number in range(1, 5)),
    site(NOBODY),
    site("fe80::aecc:8eff:fe22:91b0"),
    outside("203.0.113.9"),
)
NAMES = (
    "litedev.ezvizlife.com",
    "p2p5.reolink.com",
    "connectivitycheck.gstatic.com",
    "ntp.lorexddns.net",
    "a.example",
    "",
)
FACTS = (
    ("sadp", (("sadp.model", "DS-2CD2143G2-I"), ("sadp.oem", "ANNKE"))),
    ("dhip", (("dhip.method", "client.notifyDevInfo"), ("dhip.vendor", "Lorex"))),
    ("rtsp", (("rtsp.method", "DESCRIBE"), ("rtsp.status", "200"))),
    ("http", (("http.method", "GET"), ("http.user_agent", "Dalvik/2.1.0"))),
    ("pppp", (("pppp.message", "device-login"),)),
    ("dns", (("dns.query", "dev.ys7.com"), ("dns.query", "b.example"))),
    ("tls", (("tls.sni", "example.com"),)),
)
DISSECTIONS = tuple(
    Dissection(service, tuple(Fact(*fact) for fact in facts)) for service, facts in FACTS
)

addresses = st.sampled_from(ADDRESSES)
macs = st.sampled_from(MACS)
events = st.one_of(
    st.tuples(st.just("saw"), addresses, macs, st.booleans()),
    st.tuples(st.just("contacted"), addresses, macs, st.sampled_from(NAMES)),
    st.tuples(
        st.just("take_facts"),
        addresses,
        macs,
        addresses,
        macs,
        st.sampled_from(DISSECTIONS),
        st.booleans(),
    ),
)
signals = st.builds(
    Signal,
    st.sampled_from(("oui", "name", "p2p", "dhip", "rtsp")),
    st.sampled_from(("a", "b")),
    st.sampled_from(
        (
            *("maker=A", "maker=B", "brand=A", "brand=B", "model=1", "model=2", "firmware=1"),
            *("kind=camera", "kind=other", "kind=recorder", "kind=recorder if camera"),
        )
    ),
    st.sampled_from((0.1, 0.3, 0.45, 0.55, 0.7, 0.75, 0.9, 1.0)),
    st.just("a test"),
)
calm = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def ouis(tmp_path_factory: pytest.TempPathFactory) -> OuiTable:
    return OuiTable.open(system_lists=(), cache=tmp_path_factory.mktemp("ouis"))


_empty: list[Devices] = []


def gatherer(ouis: OuiTable) -> Devices:
    """Return an empty gatherer; the rules are read once."""
    if not _empty:
        _empty.append(Devices(ouis, Readers(dhcp.parse, dns.parse)))
    made = object.__new__(Devices)
    fresh = {
        name: type(value)() if isinstance(value, dict | set) else value
        for name, value in vars(_empty[0]).items()
    }
    vars(made).update(fresh, _signs=type(_empty[0].signs())())
    return made


def play(devices: Devices, played: list[tuple[object, ...]]) -> None:
    for name, *arguments in played:
        getattr(devices, str(name))(*arguments)


@given(st.lists(signals, max_size=12).flatmap(lambda s: st.tuples(st.just(s), st.permutations(s))))
@calm
def test_the_order_of_signals_does_not_change_the_answer(
    both: tuple[list[Signal], list[Signal]],
) -> None:
    one, other = both
    assert resolve(one, LIMITS) == resolve(other, LIMITS)


@given(st.lists(signals, max_size=8))
@calm
def test_a_signal_that_comes_twice_counts_once(some: list[Signal]) -> None:
    assert resolve([*some, *some], LIMITS) == resolve(some, LIMITS)


@given(st.lists(events, max_size=14).flatmap(lambda s: st.tuples(st.just(s), st.permutations(s))))
@calm
def test_the_order_of_what_is_seen_does_not_change_the_devices(
    ouis: OuiTable, both: tuple[list[tuple[object, ...]], list[tuple[object, ...]]]
) -> None:
    one, other = gatherer(ouis), gatherer(ouis)
    play(one, both[0])
    play(other, both[1])
    assert one.final() == other.final()


@given(st.lists(events, max_size=14), st.lists(events, max_size=14))
@calm
def test_shares_merged_are_as_one(
    ouis: OuiTable, first: list[tuple[object, ...]], second: list[tuple[object, ...]]
) -> None:
    whole, one, two = gatherer(ouis), gatherer(ouis), gatherer(ouis)
    play(whole, [*first, *second])
    play(one, first)
    one.final()
    play(two, second)
    one.merge(two.signs())
    assert one.final() == whole.final()


FACT_KINDS = ("sadp.model", "dhip.vendor", "http.server", "dns.query", "ws-discovery.name", "x.y")
any_facts = st.lists(
    st.builds(Fact, st.one_of(st.sampled_from(FACT_KINDS), st.text(max_size=12)), st.text()),
    max_size=6,
)


@given(st.text(max_size=8), any_facts, st.booleans(), st.text(max_size=40), macs)
@calm
def test_any_dissection_and_any_name_have_an_answer(
    ouis: OuiTable, service: str, facts: list[Fact], answered: bool, name: str, mac: int
) -> None:
    devices = gatherer(ouis)
    here, there = ADDRESSES[0], ADDRESSES[1]
    devices.saw(here, mac, True)
    devices.take_facts(here, mac, there, AXIS, Dissection(service, tuple(facts)), answered)
    devices.contacted(here, mac, name)
    found = devices.final()[here.text]
    assert len(found.signals) <= MAX_SIGNALS
    assert 0.0 <= sum(signal.weight for signal in found.signals) <= MAX_SIGNALS


@given(
    st.sampled_from(ADDRESSES),
    macs,
    st.sampled_from((67, 68, 5353, 5355, 9)),
    st.sampled_from((67, 68, 5353, 5355, 9)),
    st.one_of(
        st.binary(max_size=400),
        st.binary(max_size=80).map(
            lambda tail: b"\1\1\6\0" + bytes(232) + b"\x63\x82\x53\x63" + b"\x0c\x08" + tail
        ),
    ),
)
@calm
def test_any_message_bytes_have_an_answer(
    ouis: OuiTable, address: Address, mac: int, src: int, dst: int, payload: bytes
) -> None:
    devices = gatherer(ouis)
    for _ in range(2):
        devices.take_message(address, mac, src, dst, payload)
    devices.saw(address, mac, True)
    assert set(devices.final()) <= {address.text}


@given(macs, macs)
@calm
def test_at_most_one_of_two_is_preferred(ouis: OuiTable, one: int, other: int) -> None:
    devices = gatherer(ouis)
    first = devices.prefers(one, other)
    second = devices.prefers(other, one)
    assert not (first and second)
