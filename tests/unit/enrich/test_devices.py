"""Which device is behind an address, and who made it."""

from pathlib import Path

import pytest

from monitor.enrich import devices as module
from monitor.enrich.devices import Devices
from monitor.model.facts import Dissection, Fact
from monitor.model.records import Device
from monitor.model.words import Confidence, DeviceKind
from tests.support.devices import (
    AMCREST,
    APPLE,
    AXIS,
    DAHUA,
    DLINK,
    ESPRESSIF,
    EZVIZ,
    HIKVISION,
    LOREX,
    NOBODY,
    RANDOM,
    announces,
    dhcp,
    gatherer,
    outside,
    site,
)

CAMERA = site("10.20.3.11")
PEER = site("10.20.3.5")
SERVER = outside("203.0.113.9")

DHIP_LOREX = Dissection(
    "dhip",
    (
        Fact("dhip.method", "client.notifyDevInfo"),
        Fact("dhip.vendor", "Lorex"),
        Fact("dhip.class", "IPC"),
        Fact("dhip.model", "E893AB"),
        Fact("dhip.firmware", "2.800.0000000.8.R"),
    ),
)
SADP_ANNKE = Dissection(
    "sadp",
    (
        Fact("sadp.types", "hello"),
        Fact("sadp.model", "I91BM"),
        Fact("sadp.oem", "ANNKE"),
        Fact("sadp.firmware", "V5.7.12build 230214"),
    ),
)
PLAYS = Dissection("rtsp", (Fact("rtsp.method", "DESCRIBE"), Fact("rtsp.status", "200")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ouis")


@pytest.fixture
def devices(folder: Path) -> Devices:
    return gatherer(folder)


def only(devices: Devices, ip: str = CAMERA.text) -> Device:
    return devices.final()[ip]


def answer(device: Device) -> tuple[str, str, str]:
    return device.maker, device.brand, str(device.kind)


@pytest.mark.parametrize(
    ("mac", "maker", "brand", "kind"),
    [
        (HIKVISION, "Hikvision", "", "camera"),
        (EZVIZ, "Hikvision", "EZVIZ", "camera"),
        (AMCREST, "Dahua", "Amcrest", "camera"),
        (LOREX, "", "Lorex", "camera"),
        (AXIS, "Axis", "", "camera"),
        (DLINK, "D-Link", "", "unknown"),
        (APPLE, "Apple", "", "other"),
        (ESPRESSIF, "", "", "unknown"),
        (RANDOM, "", "", "unknown"),
    ],
)
def test_a_prefix_names_the_maker_where_it_is_one_of_devices(
    devices: Devices, mac: int, maker: str, brand: str, kind: str
) -> None:
    devices.saw(CAMERA, mac, True)
    assert answer(only(devices)) == (maker, brand, kind)


def test_the_prefix_of_a_camera_maker_is_sure_and_that_of_a_reseller_is_not(
    devices: Devices,
) -> None:
    devices.saw(CAMERA, HIKVISION, True)
    devices.saw(PEER, AMCREST, True)
    assert only(devices).confidence is Confidence.HIGH
    assert only(devices, PEER.text).confidence is Confidence.LOW


def test_an_address_that_sends_nothing_is_no_device(devices: Devices) -> None:
    devices.saw(CAMERA, HIKVISION, False)
    assert devices.final() == {}
    assert devices.current(CAMERA.text) == Device(CAMERA.text)


def test_the_label_and_the_maker_on_the_wire_are_told_apart(devices: Devices) -> None:
    devices.saw(CAMERA, ESPRESSIF, True)
    devices.take_facts(CAMERA, ESPRESSIF, PEER, AXIS, DHIP_LOREX, False)
    found = only(devices)
    assert answer(found) == ("Dahua", "Lorex", "camera")
    assert (found.model, found.firmware) == ("E893AB", "2.800.0000000.8.R")


def test_a_reseller_of_hikvision_is_unmasked_by_its_discovery(devices: Devices) -> None:
    devices.saw(CAMERA, RANDOM, True)
    devices.take_facts(CAMERA, RANDOM, PEER, AXIS, SADP_ANNKE, False)
    found = only(devices)
    assert (found.maker, found.brand, found.model) == ("Hikvision", "Annke", "I91BM")
    assert ("sadp", "brand=Annke") in {(s.kind, s.says) for s in found.signals}


def test_signs_of_two_makers_leave_it_unknown_and_are_both_kept(devices: Devices) -> None:
    devices.saw(CAMERA, HIKVISION, True)
    devices.take_facts(CAMERA, HIKVISION, PEER, AXIS, DHIP_LOREX, False)
    found = only(devices)
    assert found.maker == ""
    assert {"maker=Hikvision", "maker=Dahua"} <= {s.says for s in found.signals}


def test_what_the_answerer_says_is_not_said_of_the_one_who_asked(devices: Devices) -> None:
    asked = DHIP_LOREX._replace(facts=(Fact("dhip.method", "DHDiscover.search"), *DHIP_LOREX.facts))
    devices.saw(PEER, APPLE, True)
    devices.saw(CAMERA, ESPRESSIF, True)
    devices.take_facts(PEER, APPLE, CAMERA, ESPRESSIF, asked, True)
    assert only(devices).maker == "Dahua"
    assert only(devices, PEER.text).maker == "Apple"


def test_a_search_that_nobody_answers_says_nothing_of_the_other_side(devices: Devices) -> None:
    devices.saw(CAMERA, ESPRESSIF, True)
    devices.take_facts(PEER, APPLE, CAMERA, ESPRESSIF, PLAYS, False)
    assert only(devices).signals == ()


def test_a_camera_that_changes_its_address_is_one_device(folder: Path) -> None:
    devices = gatherer(folder, dhcp={b"request": dhcp(DLINK, hostname="DCS-935L")})
    devices.take_message(site(NOBODY), DLINK, 68, 67, b"request")
    for ip in (NOBODY, "192.168.0.20", "10.20.3.11", "fe80::b2c5:54ff:fe25:5b0e"):
        devices.saw(site(ip), DLINK, True)
    found = devices.final()
    assert {device.ip for device in found.values()} == found.keys()
    assert {answer(device) for device in found.values()} == {("D-Link", "", "camera")}
    assert {device.model for device in found.values()} == {"DCS-935L"}


def test_an_address_without_one_is_nobody_where_several_begin_there(devices: Devices) -> None:
    for mac in (HIKVISION, DAHUA):
        devices.saw(site(NOBODY), mac, True)
    assert only(devices, NOBODY) == Device(NOBODY)


def test_a_mac_that_sends_for_outside_says_nothing_of_devices_behind_it(devices: Devices) -> None:
    devices.saw(CAMERA, HIKVISION, True)
    devices.saw(SERVER, HIKVISION, True)
    assert only(devices) == Device(CAMERA.text)


def test_a_mac_of_three_addresses_is_a_routers_and_of_two_is_not(devices: Devices) -> None:
    devices.saw(site("10.0.0.1"), HIKVISION, True)
    devices.saw(site("10.0.0.2"), HIKVISION, True)
    devices.saw(site("169.254.7.7"), HIKVISION, True)
    assert only(devices, "10.0.0.1").maker == "Hikvision"
    devices.saw(site("10.0.0.3"), HIKVISION, True)
    assert only(devices, "10.0.0.1") == Device("10.0.0.1")


def test_behind_a_router_a_device_is_known_by_what_it_says(devices: Devices) -> None:
    for number in range(3):
        devices.saw(site(f"10.0.0.{number + 1}"), APPLE, True)
    devices.take_facts(site("10.0.0.2"), APPLE, PEER, AXIS, DHIP_LOREX, False)
    assert answer(only(devices, "10.0.0.2")) == ("Dahua", "Lorex", "camera")
    assert only(devices, "10.0.0.2").mac == ""
    assert only(devices, "10.0.0.1") == Device("10.0.0.1")


def test_behind_a_router_the_mac_is_the_one_that_dhcp_gave_the_address_to(folder: Path) -> None:
    devices = gatherer(folder, dhcp={b"ack": dhcp(AXIS, your_address="10.0.0.2")})
    devices.take_message(site("10.0.0.9"), APPLE, 67, 68, b"ack")
    devices.saw(SERVER, APPLE, True)
    devices.saw(site("10.0.0.2"), APPLE, True)
    found = only(devices, "10.0.0.2")
    assert (found.maker, found.mac) == ("Axis", "ac:cc:8e:22:91:b0")


def test_behind_a_router_an_ipv6_address_may_hold_the_mac(devices: Devices) -> None:
    ip = "fd5c:71a2:20:8:aecc:8eff:fe22:91b0"
    devices.saw(SERVER, APPLE, True)
    devices.saw(site(ip), APPLE, True)
    assert only(devices, ip).maker == "Axis"


def test_a_relays_mac_is_not_taken_for_the_clients(folder: Path) -> None:
    message = dhcp(RANDOM, hostname="DCS-935L", vendor_class="udhcp 1.22.1")
    devices = gatherer(folder, dhcp={b"relayed": message})
    devices.saw(site("10.0.0.1"), APPLE, True)
    devices.saw(CAMERA, RANDOM, True)
    devices.take_message(site("10.0.0.1"), APPLE, 67, 67, b"relayed")
    assert only(devices).model == "DCS-935L"
    assert only(devices, "10.0.0.1").model == ""


def test_an_announced_printer_is_something_else_though_it_has_no_known_prefix(
    folder: Path,
) -> None:
    devices = gatherer(folder, mdns={b"hello": announces(("_ipp._tcp", "Office printer"))})
    devices.saw(CAMERA, RANDOM, True)
    devices.take_message(CAMERA, RANDOM, 5353, 5353, b"hello")
    assert only(devices).kind is DeviceKind.OTHER


def test_a_router_that_repeats_announcements_is_not_what_it_repeats(folder: Path) -> None:
    message = announces(("_axis-video._tcp", "AXIS M1065-LW - ACCC8E2291B0"))
    devices = gatherer(folder, mdns={b"hello": message})
    devices.saw(CAMERA, RANDOM, True)
    devices.take_message(CAMERA, RANDOM, 5353, 5353, b"hello")
    assert answer(only(devices)) == ("Axis", "", "camera")
    devices.saw(SERVER, RANDOM, True)
    assert only(devices) == Device(CAMERA.text)


def test_the_windows_class_alone_makes_no_camera_something_else(folder: Path) -> None:
    """A Tapo C200 calls itself MSFT 5.0, as a capture of its start shows."""
    message = dhcp(RANDOM, hostname="C200", vendor_class="MSFT 5.0")
    devices = gatherer(folder, dhcp={b"request": message})
    devices.saw(CAMERA, RANDOM, True)
    devices.take_message(CAMERA, RANDOM, 68, 67, b"request")
    assert only(devices).kind is DeviceKind.UNKNOWN
    devices.contacted(CAMERA, RANDOM, "aps1-relay-dcipc-beta.i.tplinknbu.com")
    assert only(devices).kind is DeviceKind.CAMERA


def test_a_telephone_with_the_app_gets_neither_kind_nor_maker_of_the_camera(
    devices: Devices,
) -> None:
    devices.saw(CAMERA, RANDOM, True)
    for name in (
        "api.ezvizlife.com",
        "apiius.ezvizlife.com",
        "app.ys7.com",
        "pushus.ezvizlife.com",
    ):
        devices.contacted(CAMERA, RANDOM, name)
    assert answer(only(devices)) == ("", "", "unknown")
    devices.contacted(CAMERA, RANDOM, "litedev.ezvizlife.com")
    devices.contacted(CAMERA, RANDOM, "connectivitycheck.gstatic.com")
    assert only(devices).kind is not DeviceKind.CAMERA


def test_names_alone_never_make_sure_of_a_maker(devices: Devices) -> None:
    devices.saw(CAMERA, RANDOM, True)
    for name in ("dev.hik-connect.com", "litedev.hik-connect.com", "time.hikvision.com"):
        devices.contacted(CAMERA, RANDOM, name)
    assert (only(devices).maker, only(devices).confidence) == ("Hikvision", Confidence.LOW)


def test_a_name_that_was_only_asked_for_names_no_maker(devices: Devices) -> None:
    """A router that forwards the questions of a camera behind it is not that camera."""
    devices.saw(CAMERA, RANDOM, True)
    question = Dissection("dns", (Fact("dns.query", "vs-cam.u011.immedia-semi.com"),))
    devices.take_facts(CAMERA, RANDOM, SERVER, APPLE, question, True)
    assert answer(only(devices)) == ("", "", "unknown")


def test_many_unrelated_names_are_a_computers_or_a_telephones(devices: Devices) -> None:
    devices.saw(CAMERA, RANDOM, True)
    for number in range(9):
        devices.contacted(CAMERA, RANDOM, f"www.site{number}.example")
        devices.contacted(CAMERA, RANDOM, f"cdn.site{number}.example")
    assert only(devices).kind is DeviceKind.UNKNOWN
    devices.contacted(CAMERA, RANDOM, "site9.example")
    assert only(devices).kind is DeviceKind.OTHER


def test_a_camera_makers_device_that_fetches_video_is_a_recorder(devices: Devices) -> None:
    devices.saw(CAMERA, HIKVISION, True)
    devices.saw(PEER, DAHUA, True)
    devices.take_facts(CAMERA, HIKVISION, PEER, DAHUA, PLAYS, True)
    assert only(devices).kind is DeviceKind.RECORDER
    assert only(devices, PEER.text).kind is DeviceKind.CAMERA


def test_a_computer_that_watches_a_camera_is_neither(devices: Devices) -> None:
    devices.saw(CAMERA, APPLE, True)
    devices.take_facts(CAMERA, APPLE, PEER, DAHUA, PLAYS, True)
    assert only(devices).kind is DeviceKind.OTHER


def test_a_peer_to_peer_family_makes_a_camera_and_names_no_maker(devices: Devices) -> None:
    devices.saw(CAMERA, RANDOM, True)
    login = Dissection("pppp", (Fact("pppp.message", "device-login"),))
    devices.take_facts(CAMERA, RANDOM, SERVER, APPLE, login, True)
    assert answer(only(devices)) == ("", "", "camera")


def test_while_flows_are_written_only_the_prefix_counts(devices: Devices) -> None:
    devices.take_facts(CAMERA, ESPRESSIF, PEER, AXIS, DHIP_LOREX, False)
    devices.saw(CAMERA, ESPRESSIF, True)
    devices.saw(PEER, AXIS, True)
    first, second = devices.current(CAMERA.text), devices.current(PEER.text)
    assert (first.maker, first.mac, first.oui) == ("", "b4:e6:2d:84:a8:81", "Espressif Inc.")
    assert (second.maker, second.kind) == ("Axis", DeviceKind.CAMERA)


@pytest.mark.parametrize(
    ("mac", "other", "is_preferred"),
    [
        (HIKVISION, APPLE, True),
        (HIKVISION, ESPRESSIF, True),
        (ESPRESSIF, APPLE, True),
        (ESPRESSIF, RANDOM, True),
        (HIKVISION, DAHUA, False),
        (APPLE, HIKVISION, False),
        (ESPRESSIF, DLINK, False),
    ],
)
def test_of_two_that_talk_the_one_with_a_cameras_prefix_is_preferred(
    devices: Devices, mac: int, other: int, is_preferred: bool
) -> None:
    for _ in range(2):
        assert devices.prefers(mac, other) is is_preferred
    devices.take_facts(CAMERA, other, PEER, mac, DHIP_LOREX, False)
    assert devices.prefers(mac, other) is is_preferred


def test_shares_that_processes_gathered_give_the_same_together(folder: Path) -> None:
    whole, one, two = gatherer(folder), gatherer(folder), gatherer(folder)
    for part in (whole, one):
        part.saw(CAMERA, ESPRESSIF, True)
        part.take_facts(CAMERA, ESPRESSIF, PEER, AXIS, DHIP_LOREX, False)
    for part in (whole, two):
        part.saw(PEER, AXIS, True)
        part.saw(CAMERA, ESPRESSIF, True)
        part.contacted(CAMERA, ESPRESSIF, "ntp.lorexddns.net")
        part.saw(SERVER, APPLE, True)
    one.merge(two.signs())
    assert one.final() == whole.final()


def test_tables_that_are_full_count_what_they_turn_away(
    devices: Devices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.enrich.signs.MAX_DEVICES", 2)
    for number in range(4):
        devices.saw(site(f"10.0.0.{number}"), HIKVISION + number, True)
    assert len(devices.final()) == 2
    assert devices.overflow == 2


def test_what_is_remembered_to_be_quick_may_be_forgotten(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = {b"a": dhcp(RANDOM, hostname="Annke-4K"), b"b": dhcp(RANDOM, hostname="nvr")}
    plain, small = gatherer(folder, dhcp=messages), gatherer(folder, dhcp=messages)
    for devices, most in ((plain, 1 << 14), (small, 1)):
        monkeypatch.setattr(module, "MAX_MEMO", most)
        monkeypatch.setattr(module, "MAX_HEARD", most)
        devices.saw(CAMERA, RANDOM, True)
        for _ in range(2):
            devices.take_facts(CAMERA, RANDOM, PEER, AXIS, SADP_ANNKE, False)
            devices.take_facts(CAMERA, RANDOM, PEER, AXIS, PLAYS, True)
            devices.contacted(CAMERA, RANDOM, "dev.hik-connect.com")
            devices.contacted(CAMERA, RANDOM, "www.example.com")
            devices.take_message(CAMERA, RANDOM, 68, 67, b"a")
            devices.take_message(CAMERA, RANDOM, 68, 67, b"b")
            assert devices.prefers(AXIS, RANDOM)
    assert only(small) == only(plain)
    assert only(small).maker == "Hikvision"
