"""Makers and kinds on recorded captures: right or unknown, never wrong."""

from typing import NamedTuple

import pytest
from typing_extensions import override

from monitor.enrich.devices import Devices
from monitor.model.addresses import Address
from monitor.model.facts import Dissection
from tests.support.recorded import replayed

SENTINEL = "IoT_Sentinel/{}.pcap"
HIDDEN = "smart-home-hidden-communication-patterns/devices/cameras/{}.anon.pcap"
LIFE = "Lifecycle-Based-Traffic-Dataset/{}.pcap"
WANSVIEW = "MUDscope/outputs/{}-rejected.pcap"
EZVIZ = "EZVIZ-Security-Camera-Analysis/{}.pcap"
FIREWALL = "smart-home-firewall/eval/latency/{}.pcap"
EXCERPTS = "iot-firewall/data/traces/xiaomi-cam/{}.pcap"

NAXCLOW = "a9-v720/docs/fake-server-cap.pcapng"
REOLINK = "neolink/crates/core/src/bc/samples/e1_firmwareupgrade.pcapng"
BLINK = "tj-oconnor_IoT-Dataset/pcaps/blink-cam-01.pcap"
EZVIZ_APP = EZVIZ.format("ADB/capture_tcpdump")
TAPO_VIEW = HIDDEN.format("TapoCamera/node_pruning/stream/0_root/traces/1732642626")
XIAOMI_VIEW = HIDDEN.format("XiaomiCamera/node_pruning/stream/0_root/traces/1732525393")

XIAOMI = ("Imilab", "Xiaomi", "")
"""Imilab (Chuangmi) builds these cameras and Xiaomi sells them."""


class Camera(NamedTuple):
    """A camera whose maker is known, and what may be said of its maker."""

    capture: str
    ip: str
    makers: tuple[str, ...]


CAMERAS = (
    Camera(EZVIZ.format("Network/Camera_alone"), "192.168.56.5", ("Hikvision",)),
    Camera(EZVIZ_APP, "192.168.84.25", ("Hikvision",)),
    Camera(NAXCLOW, "10.42.0.22", ("Naxclow",)),
    Camera(REOLINK, "192.168.1.101", ("Reolink",)),
    Camera(LIFE.format("xiaobai_Y2camera_lifecycle/xiaobai_Y2camera_delete"), "192.168.1.165", XIAOMI),
    Camera(LIFE.format("xiaobai_Y2camera_lifecycle/xiaobai_Y2camera_idle_local"), "192.168.1.165", XIAOMI),
    Camera(LIFE.format("xiaobai_Y2camera_lifecycle/xiaobai_Y2camera_setup"), "192.168.1.165", XIAOMI),
    Camera(SENTINEL.format("D-LinkCam/Setup-A-1-STA"), "10.10.10.37", ("D-Link",)),
    Camera(SENTINEL.format("D-LinkCam/Setup-A-2-STA"), "10.10.10.37", ("D-Link",)),
    Camera(SENTINEL.format("D-LinkDayCam/Setup-A-1-STA"), "10.10.10.58", ("D-Link",)),
    Camera(SENTINEL.format("EdimaxCam1/Setup-A-1-STA"), "10.10.10.51", ("Edimax",)),
    Camera(SENTINEL.format("EdnetCam1/Setup-A-1-STA"), "10.10.10.186", ("",)),
    Camera(SENTINEL.format("EdnetCam2/Setup-A-1-STA"), "10.10.10.207", ("",)),
    Camera(BLINK, "192.168.1.129", ("Amazon", "Blink")),
    Camera(FIREWALL.format("dlink-cam/no-firewall/wan"), "192.168.1.115", ("D-Link",)),
    Camera(FIREWALL.format("all-devices/my-firewall/xiaomi-cam"), "192.168.1.161", XIAOMI),
    Camera(HIDDEN.format("DLinkCamera/node_pruning/boot/0_root/traces/1741796843"), "192.168.1.115", ("D-Link",)),
    Camera(HIDDEN.format("DLinkCamera/node_pruning/stream/0_root/traces/1732798796"), "192.168.1.115", ("D-Link",)),
    Camera(HIDDEN.format("TapoCamera/node_pruning/boot/0_root/traces/1741368970"), "192.168.1.139", ("TP-Link",)),
    Camera(TAPO_VIEW, "192.168.1.139", ("TP-Link",)),
    Camera(HIDDEN.format("XiaomiCamera/node_pruning/boot/0_root/traces/1741531491"), "192.168.1.161", XIAOMI),
    Camera(XIAOMI_VIEW, "192.168.1.161", XIAOMI),
    Camera(EXCERPTS.format("dns-xiaomi"), "192.168.1.161", XIAOMI),
    Camera(EXCERPTS.format("http-xiaomi-cloud"), "192.168.1.161", XIAOMI),
    Camera(EXCERPTS.format("open-app-local"), "192.168.1.161", XIAOMI),
    Camera(WANSVIEW.format("ut-wansview-cam-exp1/ut_exp1_tplink_tplink_00000_20211118151046"), "192.168.32.3", ("Wansview", "")),
    Camera(WANSVIEW.format("ut-wansview-cam-exp2/ut_exp2_wansview_tplink_00001_20211118155542"), "192.168.32.3", ("Wansview", "")),
)  # fmt: skip

OTHERS = (
    (EZVIZ_APP, "192.168.84.21"),
    (EZVIZ_APP, "192.168.8.2"),
    (EZVIZ_APP, "192.168.84.1"),
    (NAXCLOW, "10.42.0.1"),
    (REOLINK, "192.168.1.15"),
    (LIFE.format("xiaodu_plug_lifecycle/xiaodu_plug_setup"), "192.168.1.221"),
    (LIFE.format("xiaodu_plug_lifecycle/xiaodu_plug_update"), "192.168.1.221"),
    (SENTINEL.format("D-LinkCam/Setup-A-1-STA"), "10.10.10.28"),
    (SENTINEL.format("D-LinkHomeHub/Setup-C-3-STA"), "10.10.10.87"),
    (SENTINEL.format("D-LinkHomeHub/Setup-C-3-STA"), "10.10.10.30"),
    (SENTINEL.format("D-LinkSensor/Setup-A-1-STA"), "10.10.10.72"),
    (SENTINEL.format("D-LinkSiren/Setup-C-12-STA"), "10.10.10.39"),
    (SENTINEL.format("D-LinkSwitch/Setup-C-4-STA"), "10.10.10.176"),
    (SENTINEL.format("EdimaxPlug1101W/Setup-A-1-STA"), "10.10.10.186"),
    (SENTINEL.format("TP-LinkPlugHS100/Setup-A-1-STA"), "10.10.10.228"),
    (FIREWALL.format("all-devices/my-firewall/xiaomi-cam"), "192.168.1.222"),
    (BLINK, "192.168.1.1"),
    (TAPO_VIEW, "192.168.1.110"),
    (TAPO_VIEW, "192.168.1.134"),
    (TAPO_VIEW, "192.168.1.135"),
    (TAPO_VIEW, "192.168.1.141"),
    (TAPO_VIEW, "192.168.1.231"),
    (XIAOMI_VIEW, "192.168.1.110"),
    (XIAOMI_VIEW, "192.168.1.103"),
    (XIAOMI_VIEW, "192.168.1.167"),
    (EXCERPTS.format("dns-xiaomi"), "192.168.1.1"),
    (EXCERPTS.format("open-app-local"), "192.168.1.222"),
    ("nDPI/tests/cfgs/default/pcap/xiaomi.pcap", "192.168.2.100"),
)
"""Telephones, computers, plugs, lamps, hubs, sensors and routers."""


ROUTER = 0x001C7F53D028


class BehindRouter(Devices):
    """Sees every packet come from the MAC of one router."""

    @override
    def saw(self, address: Address, mac: int, spoke: bool) -> None:
        super().saw(address, ROUTER, spoke)
        super().saw(address._replace(is_site=False), ROUTER, True)

    @override
    def take_message(
        self,
        address: Address,
        mac: int,
        src_port: int,
        dst_port: int,
        payload: bytes,
    ) -> None:
        super().take_message(address, ROUTER, src_port, dst_port, payload)

    @override
    def take_facts(
        self,
        orig: Address,
        orig_mac: int,
        resp: Address,
        resp_mac: int,
        dissection: Dissection,
        answered: bool = True,
    ) -> None:
        super().take_facts(orig, ROUTER, resp, ROUTER, dissection, answered)

    @override
    def contacted(self, address: Address, mac: int, name: str) -> None:
        super().contacted(address, ROUTER, name)


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda camera: f"{camera.capture}-{camera.ip}")
def test_the_maker_of_a_camera_is_right_or_unknown(camera: Camera) -> None:
    found = replayed(camera.capture).devices[camera.ip]
    assert found.maker in camera.makers, found.signals
    assert str(found.kind) in ("camera", "unknown"), found.signals


@pytest.mark.parametrize(("capture", "ip"), OTHERS)
def test_what_is_no_camera_is_not_called_one(capture: str, ip: str) -> None:
    found = replayed(capture).devices[ip]
    assert str(found.kind) in ("other", "unknown"), found.signals


def test_most_cameras_are_found_and_most_makers_named() -> None:
    """Of 25 cameras with a known maker 20 are named, and 21 of 27 are called cameras."""
    found = [(replayed(camera.capture).devices[camera.ip], camera.makers) for camera in CAMERAS]
    assert sum(bool(device.maker) for device, makers in found if makers != ("",)) >= 20
    assert sum(str(device.kind) == "camera" for device, _ in found) >= 21


def test_behind_a_router_makers_are_right_or_unknown_and_most_are_named() -> None:
    """Of 25 cameras with a known maker 17 are named by what they say and by DHCP."""
    found = [
        (camera, replayed(camera.capture, BehindRouter).devices[camera.ip]) for camera in CAMERAS
    ]
    wrong = [one for one in found if one[1].maker not in (*one[0].makers, "")]
    assert wrong == []
    assert sum(bool(device.maker) for _, device in found) >= 17


@pytest.mark.parametrize(
    ("capture", "ip", "brand", "model"),
    [
        (EZVIZ_APP, "192.168.84.25", "EZVIZ", "CS-CV206-C0-1A1WFR-KJDS"),
        (TAPO_VIEW, "192.168.1.139", "Tapo", "C200"),
        (SENTINEL.format("D-LinkCam/Setup-A-1-STA"), "10.10.10.37", "", "DCS-935L"),
        (BLINK, "192.168.1.129", "Blink", ""),
        (FIREWALL.format("all-devices/my-firewall/xiaomi-cam"), "192.168.1.161", "Xiaomi", ""),
    ],
)
def test_label_and_model_are_told_where_something_says_them(
    capture: str, ip: str, brand: str, model: str
) -> None:
    found = replayed(capture).devices[ip]
    assert (found.brand, found.model) == (brand, model)
