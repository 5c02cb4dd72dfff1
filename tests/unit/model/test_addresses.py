import ipaddress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.addresses import SITE_DEFAULT, Networks, Roles, ip_text, mac_text
from monitor.model.words import Scope

SITE = tuple(ipaddress.ip_network(text) for text in SITE_DEFAULT)


def words(text: str) -> tuple[int, int]:
    address = ipaddress.ip_address(text)
    number = int(address) if address.version == 6 else 0xFFFF << 32 | int(address)
    return number >> 64, number & (1 << 64) - 1


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("10.20.3.11", Scope.SITE),
        ("172.31.255.1", Scope.SITE),
        ("172.32.0.1", Scope.OUTSIDE),
        ("100.64.0.9", Scope.SITE),
        ("169.254.7.7", Scope.SITE),
        ("8.8.8.8", Scope.OUTSIDE),
        ("224.0.0.251", Scope.MULTICAST),
        ("239.255.255.250", Scope.MULTICAST),
        ("255.255.255.255", Scope.BROADCAST),
        ("192.168.255.255", Scope.BROADCAST),
        ("0.0.0.0", Scope.SITE),  # noqa: S104  # an address in a packet, nothing is bound
        ("fe80::1", Scope.SITE),
        ("fd12::1", Scope.SITE),
        ("ff02::fb", Scope.MULTICAST),
        ("2a00:1450::1", Scope.OUTSIDE),
    ],
)
def test_an_address_lies_where_its_range_says(text: str, scope: Scope) -> None:
    address = Roles((), SITE).of(*words(text))
    assert (address.text, address.scope) == (text, scope)


@given(st.lists(st.integers(0, 2**128 - 1) | st.integers(0, 2**32 - 1).map((0xFFFF << 32).__or__)))
def test_the_scopes_of_many_are_those_of_each(numbers: list[int]) -> None:
    camera = ipaddress.ip_network("10.20.0.0/16")
    edges = [0xFFFF << 32 | int(n.broadcast_address) for n in SITE if n.version == 4]
    asked = [*numbers, *edges, 0, 0xFFFF << 32, (0xFFFF << 32) + 0xFFFFFFFF, 0xFF02 << 112]
    hi = np.array([n >> 64 for n in asked], np.uint64)
    lo = np.array([n & (1 << 64) - 1 for n in asked], np.uint64)
    for roles in (Roles((), SITE), Roles((camera,), SITE)):
        scopes = roles.scopes(hi, lo)
        each = [roles.of(n >> 64, n & (1 << 64) - 1) for n in asked]
        assert [list(Scope)[s] for s in scopes.tolist()] == [a.scope for a in each]
        among = roles.cameras_among(hi, lo, scopes)
        assert among.tolist() == [a.is_camera for a in each]


def test_without_camera_networks_every_site_address_is_a_candidate() -> None:
    roles = Roles((), SITE)
    assert roles.assumes_cameras
    assert roles.of(*words("10.0.0.1")).is_camera
    assert not roles.of(*words("8.8.8.8")).is_camera
    assert not roles.of(*words("239.1.1.1")).is_camera


def test_with_camera_networks_only_those_are_cameras() -> None:
    roles = Roles((ipaddress.ip_network("10.20.0.0/16"),), SITE)
    assert roles.of(*words("10.20.3.11")).is_camera
    assert not roles.of(*words("10.21.0.1")).is_camera
    assert roles.of(*words("10.21.0.1")).is_site


def test_a_camera_network_outside_the_site_networks_belongs_to_the_site() -> None:
    roles = Roles((ipaddress.ip_network("203.0.113.0/24"),), ())
    assert roles.of(*words("203.0.113.9")).scope is Scope.SITE


def test_remembering_is_bounded() -> None:
    roles = Roles((), SITE, bound=4)
    for last in range(50):
        assert roles.of(*words(f"10.0.0.{last}")).text == f"10.0.0.{last}"
    assert len(roles._known) <= 4


@given(st.integers(0, 2**128 - 1))
def test_text_of_any_address_is_that_of_the_standard_library(number: int) -> None:
    mapped = number >> 32 == 0xFFFF
    want = str(
        ipaddress.IPv4Address(number & 0xFFFFFFFF) if mapped else ipaddress.IPv6Address(number)
    )
    assert ip_text(number >> 64, number & (1 << 64) - 1) == want


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(8, 32)), max_size=8), st.data())
def test_a_set_of_networks_holds_what_its_networks_hold(
    parts: list[tuple[int, int]], data: st.DataObject
) -> None:
    networks = [ipaddress.ip_network((address, bits), strict=False) for address, bits in parts]
    asked = data.draw(
        st.sampled_from([address for address, _ in parts] or [0]) | st.integers(0, 2**32 - 1)
    )
    want = any(ipaddress.IPv4Address(asked) in network for network in networks)
    assert (0xFFFF << 32 | asked in Networks(networks)) is want


NETWORKS = st.lists(
    st.builds(
        lambda number, bits: ipaddress.ip_network((number, bits), strict=False),
        st.integers(0, 2**128 - 1),
        st.integers(0, 128),
    )
    | st.builds(
        lambda number, bits: ipaddress.ip_network((number, bits), strict=False),
        st.integers(0, 2**32 - 1),
        st.integers(0, 32),
    ),
    max_size=6,
)


@given(NETWORKS, st.lists(st.integers(0, 2**128 - 1), max_size=8))
def test_asking_many_addresses_gives_what_asking_each_gives(
    networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network], numbers: list[int]
) -> None:
    known = Networks(networks)
    edges = [words(str(a)) for n in networks for a in (n.network_address, n.broadcast_address)]
    asked = [*numbers, *(hi << 64 | lo for hi, lo in edges), 0, 0xFFFF << 32]
    hi = np.array([n >> 64 for n in asked], np.uint64)
    lo = np.array([n & (1 << 64) - 1 for n in asked], np.uint64)
    assert known.holds(hi, lo).tolist() == [number in known for number in asked]


def test_a_mac_is_written_with_colons_and_none_as_nothing() -> None:
    assert mac_text(0x2857BE030B0C) == "28:57:be:03:0b:0c"
    assert mac_text(2**64 - 1) == ""
