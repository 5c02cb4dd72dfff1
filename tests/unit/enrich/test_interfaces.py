"""Which MACs are a device's own, and which addresses are one device."""

import pytest

from monitor.enrich.interfaces import eui64, interfaces, is_own
from monitor.enrich.signs import Signs
from tests.support.devices import APPLE, AXIS, DAHUA


def seen(*pairs: tuple[str, int]) -> Signs:
    signs = Signs()
    for pair in pairs:
        signs.add_pair(pair)
    return signs


@pytest.mark.parametrize(
    ("mac", "expected"),
    [
        (AXIS, True),
        (0x1EF29AF25514, True),
        (0, False),
        (0xFFFFFFFFFFFF, False),
        (0x01005E0000FB, False),
        (0x00005E000101, False),
        (0x00005E000205, False),
        (0x00000C07AC01, False),
        ((1 << 64) - 1, False),
    ],
)
def test_groups_virtual_routers_and_links_without_macs_are_no_devices_own(
    mac: int, expected: bool
) -> None:
    assert is_own(mac) is expected


@pytest.mark.parametrize(
    ("ip", "mac"),
    [
        ("fe80::aecc:8eff:fe22:91b0", 0xACCC8E2291B0),
        ("fd5c:71a2:20:8:aecc:8eff:fe22:91b0", 0xACCC8E2291B0),
        ("fe80::1465:87ff:fe75:c85e", 0),
        ("fe80::1", 0),
        ("2001:db8::1:2:3:4", 0),
        ("::", 0),
        ("10.0.0.1", 0),
        ("::ffff:10.0.0.1", 0),
        ("", 0),
    ],
)
def test_an_ipv6_address_holds_a_mac_only_in_its_eui64_form(ip: str, mac: int) -> None:
    """The third was made of a locally administered MAC, which tells nothing."""
    assert eui64(ip) == mac


def test_an_address_that_moved_keeps_the_signs_of_both_macs() -> None:
    found = interfaces(seen(("10.0.0.5", AXIS), ("10.0.0.5", DAHUA), ("10.0.0.6", DAHUA)))
    assert found["10.0.0.5"].macs == (AXIS, DAHUA)
    assert found["10.0.0.6"].macs == (DAHUA,)
    assert ("10.0.0.5", AXIS) not in found["10.0.0.6"].pairs
    assert ("10.0.0.6", DAHUA) not in found["10.0.0.5"].pairs


def test_two_leases_of_one_address_leave_it_without_a_mac() -> None:
    signs = seen(("10.0.0.5", APPLE))
    signs.add_router(APPLE)
    signs.add_lease("10.0.0.5", AXIS)
    assert interfaces(signs)["10.0.0.5"].macs == (AXIS,)
    signs.add_lease("10.0.0.5", DAHUA)
    assert interfaces(signs)["10.0.0.5"].macs == ()


def test_a_frame_without_a_mac_says_nothing_of_other_addresses_without_one() -> None:
    found = interfaces(seen(("10.0.0.5", 0), ("10.0.0.6", 0)))
    assert found["10.0.0.5"] == ((), (), (("10.0.0.5", 0),))


def test_many_ipv6_addresses_make_no_router() -> None:
    found = interfaces(seen(*((f"fd00::{number:x}:1", AXIS) for number in range(9))))
    assert all(one.macs == (AXIS,) for one in found.values())
