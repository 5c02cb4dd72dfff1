"""Who a camera is: its MAC first, then its address."""

from monitor.model.inventory import Inventory, ListedCamera

GATE = ListedCamera("gate", "44:19:b6:00:00:01", "10.20.3.11", 20)
YARD = ListedCamera("yard", ip="10.20.3.12")
ROOF = ListedCamera("roof", "44:19:b6:00:00:03")
LIST = Inventory((GATE, YARD, ROOF), "cameras.csv")


def test_a_mac_is_followed_wherever_dhcp_moves_it() -> None:
    assert LIST.name_of("10.20.3.99", "44:19:b6:00:00:01") == "gate"


def test_an_address_names_a_camera_where_no_mac_is_known() -> None:
    assert LIST.name_of("10.20.3.11") == "gate"
    assert LIST.name_of("10.20.3.12", "02:00:00:00:00:09") == "yard"


def test_another_device_at_a_listed_address_is_not_the_camera() -> None:
    assert LIST.name_of("10.20.3.11", "02:00:00:00:00:09") == ""
    assert LIST.at("10.20.3.11") == GATE


def test_a_listed_mac_at_the_address_of_another_is_itself() -> None:
    assert LIST.name_of("10.20.3.12", "44:19:b6:00:00:03") == "roof"


def test_the_list_tells_its_macs_addresses_and_vlans() -> None:
    assert LIST.macs == (0x44_19_B6_00_00_01, 0x44_19_B6_00_00_03)
    assert [str(network) for network in LIST.networks] == ["10.20.3.11/32", "10.20.3.12/32"]
    assert LIST.vlans == (20,)
    assert (len(LIST), len(Inventory())) == (3, 0)
