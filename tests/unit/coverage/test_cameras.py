"""The inventory against what was seen."""

from monitor.coverage.cameras import Change, compare
from monitor.coverage.parts import Station
from monitor.model.inventory import Inventory, ListedCamera

GATE = ListedCamera("gate", "44:19:b6:00:00:01", "10.20.3.11", 20)
YARD = ListedCamera("yard", ip="10.20.3.12", vlan=20)


def station(
    ip: str,
    mac: str = "44:19:b6:00:00:01",
    vlan: int | None = 20,
    *,
    sent: int = 5,
    last_ns: int = 100,
    is_camera: bool = True,
) -> Station:
    return Station(ip, mac, vlan, is_camera, 50, last_ns, sent, sent * 100, 3, 300)


def changes(*stations: Station, listed: ListedCamera = GATE) -> tuple[Change, ...]:
    (one,) = compare(Inventory((listed,)), stations).cameras
    return one.changes


def test_a_camera_where_it_is_listed_is_seen_and_unchanged() -> None:
    result = compare(Inventory((GATE,)), [station("10.20.3.11"), station("", last_ns=120)])
    (one,) = result.cameras
    assert (one.is_silent, one.changes, one.ips, one.last_ns) == (False, (), ("10.20.3.11",), 120)
    assert result.unlisted == ()


def test_a_camera_that_sent_nothing_is_silent_though_others_send_to_it() -> None:
    result = compare(Inventory((GATE, YARD)), [station("10.20.3.11", sent=0)])
    assert [one.is_silent for one in result.cameras] == [True, True]
    assert [one["name"] for one in result.as_dict("x")["silent"]] == ["gate", "yard"]


def test_a_camera_that_speaks_arp_only_is_not_silent() -> None:
    (one,) = compare(Inventory((GATE,)), [station("")]).cameras
    assert (one.is_silent, one.ips, one.changes) == (False, (), ())


def test_a_camera_that_dhcp_moved_is_followed_and_its_change_told() -> None:
    result = compare(Inventory((GATE,)), [station("10.20.3.77")])
    assert result.cameras[0].changes == (Change.ADDRESS,)
    assert result.unlisted == ()
    (told,) = result.as_dict("x")["changed"]
    assert (told["ip"], told["seen_ips"]) == ("10.20.3.11", ["10.20.3.77"])


def test_an_ipv6_address_beside_the_listed_one_is_no_change() -> None:
    assert changes(station("10.20.3.11"), station("fe80::1")) == ()
    assert changes(station("fe80::1")) == ()


def test_another_device_at_a_listed_address_is_told_and_not_listed() -> None:
    result = compare(Inventory((GATE,)), [station("10.20.3.11", "02:00:00:00:00:09")])
    (one,) = result.cameras
    assert (one.is_silent, one.changes, one.mac) == (True, (Change.DEVICE,), "02:00:00:00:00:09")
    assert [other.ip for other in result.unlisted] == ["10.20.3.11"]


def test_a_camera_in_another_vlan_is_told() -> None:
    assert changes(station("10.20.3.11", vlan=30)) == (Change.VLAN,)
    assert changes(station("10.20.3.11"), station("10.20.3.11", vlan=30)) == ()


def test_behind_a_router_addresses_count_and_its_mac_does_not() -> None:
    router = "02:00:00:00:00:aa"
    seen = [station(f"10.20.3.{host}", router) for host in range(11, 20)]
    result = compare(Inventory((GATE, YARD)), seen)
    assert [(one.is_silent, one.changes) for one in result.cameras] == [(False, ()), (False, ())]
    assert len(result.unlisted) == 7


def test_what_is_no_camera_is_not_called_unlisted() -> None:
    office = station("10.20.3.50", "02:00:00:00:00:50", is_camera=False)
    assert compare(Inventory((GATE,)), [office]).unlisted == ()
    result = compare(Inventory((GATE,)), [office], lambda one: one.ip.endswith(".50"))
    assert [one.ip for one in result.unlisted] == ["10.20.3.50"]


def test_those_that_are_not_listed_are_bounded() -> None:
    seen = [
        station(f"10.{host >> 8}.{host & 255}.1", f"02:00:00:00:{host >> 8:02x}:{host & 255:02x}")
        for host in range(1100)
    ]
    result = compare(Inventory((GATE,)), seen)
    assert (len(result.unlisted), result.unlisted_left_out) == (1000, 100)
