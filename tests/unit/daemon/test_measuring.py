"""Which addresses have a label of their own in the metrics of a sensor."""

import ipaddress

import pytest

from monitor.daemon import measuring
from monitor.daemon.measuring import Measuring
from monitor.model.addresses import Networks
from monitor.model.inventory import NO_INVENTORY
from monitor.model.records import Device
from monitor.model.words import DeviceKind


def labels(*devices: Device, cameras: str = "") -> list[str]:
    named = Networks([ipaddress.ip_network(cameras)] if cameras else [])
    made = Measuring(NO_INVENTORY, named)
    made.learn(devices)
    return [one.camera for one in made.cameras()]


def test_what_shows_that_it_is_a_camera_or_a_recorder_has_one() -> None:
    seen = (
        Device("10.0.0.1", kind=DeviceKind.CAMERA),
        Device("10.0.0.2", kind=DeviceKind.RECORDER),
        Device("10.0.0.3", kind=DeviceKind.UNKNOWN),
        Device("10.0.0.4", kind=DeviceKind.OTHER),
    )
    assert labels(*seen) == ["10.0.0.1", "10.0.0.2"]


@pytest.mark.parametrize(("network", "ip"), [("10.0.0.0/24", "10.0.0.3"), ("fd00::/8", "fd00::3")])
def test_what_the_settings_call_a_camera_has_one_before_it_shows_it(network: str, ip: str) -> None:
    assert labels(Device(ip), Device("192.168.0.3"), cameras=network) == [ip]


def test_a_host_without_an_address_is_no_camera() -> None:
    assert not labels(Device("0.0.0.0", kind=DeviceKind.CAMERA), Device("::"), cameras="::/0")  # noqa: S104


def test_a_camera_that_turns_out_to_be_none_keeps_its_series() -> None:
    made = Measuring(NO_INVENTORY, Networks([]))
    made.learn([Device("10.0.0.1", kind=DeviceKind.CAMERA)])
    made.learn([Device("10.0.0.1", kind=DeviceKind.OTHER)])
    assert [one.camera for one in made.cameras()] == ["10.0.0.1"]


def test_addresses_that_are_named_later_count_from_then_on() -> None:
    made = Measuring(NO_INVENTORY, Networks([]))
    made.learn([Device("10.0.0.1")])
    made.name_cameras(Networks([ipaddress.ip_network("10.0.0.0/24")]))
    made.learn([Device("10.0.0.1")])
    assert [one.camera for one in made.cameras()] == ["10.0.0.1"]


def test_there_is_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "MOST_CAMERAS", 2)
    many = (Device(f"10.0.0.{n}", kind=DeviceKind.CAMERA) for n in range(1, 9))
    assert labels(*many) == ["10.0.0.1", "10.0.0.2"]
