from typing import Any

from monitor.model.alerts import Subject
from monitor.model.words import DeviceKind
from monitor.policy.load import shipped_rules
from monitor.policy.rule import DAY_NS
from monitor.policy.sensor_watch import SensorWatch
from monitor.policy.status import CameraStatus, Status

NOW = 1_795_824_000 * 10**9


def camera(maker: str = "Axis", brand: str = "", **more: Any) -> CameraStatus:
    subject = Subject("10.20.3.11", "00:40:8c:11:22:33", "Gate", maker, brand, 20)
    return CameraStatus(subject, DeviceKind.CAMERA, **{"is_listed": True, **more})


def seen(*looks: Status) -> list[list[tuple[str, str]]]:
    watch = SensorWatch(shipped_rules())
    return [
        [(hit.rule.id, hit.evidence[0].value) for hit in watch.look(status, NOW)]
        for status in looks
    ]


def of_cameras(*cameras: CameraStatus) -> list[str]:
    return [rule for rule, _ in seen(Status(cameras=cameras))[0]]


def test_all_is_well_when_nothing_is_wrong() -> None:
    assert seen(Status(cameras=[camera()], received=10, databases={"country": NOW})) == [[]]


def test_a_camera_that_no_inventory_names_is_told_where_there_is_one() -> None:
    assert of_cameras(camera(is_listed=False)) == ["camera-unlisted"]
    assert of_cameras(camera(is_listed=None)) == []
    assert of_cameras(camera(is_listed=False)._replace(kind=DeviceKind.OTHER)) == []


def test_a_maker_that_a_public_body_restricts_is_told_with_the_rules() -> None:
    watch = SensorWatch(shipped_rules())
    (hit,) = watch.look(Status(cameras=[camera("Hikvision")]), NOW)
    assert hit.rule.id == "restricted-maker"
    assert hit.group == ("Hikvision",)
    assert [e.value.partition(",")[0] for e in hit.evidence] == [
        "US NDAA FY2019 section 889",
        "FCC Covered List",
    ]


def test_a_label_that_hides_a_restricted_maker_and_an_inventory_that_errs_are_told() -> None:
    assert of_cameras(camera("Dahua", "Lorex")) == ["restricted-maker", "maker-differs"]
    assert of_cameras(camera("TP-Link", "Tapo")) == []
    assert seen(Status(cameras=[camera(wanted_maker="Bosch")])) == [
        [("maker-differs", "inventory: Bosch; on the wire: Axis")]
    ]
    assert of_cameras(camera("", wanted_maker="Bosch")) == []


def test_what_is_not_seen_is_told_for_cameras_and_for_the_sensor() -> None:
    status = Status(cameras=[camera(missing="not seen for 2 h")], gaps=["VLAN 30: one direction"])
    assert seen(status) == [
        [
            ("coverage-lost", "Gate: not seen for 2 h"),
            ("coverage-lost", "VLAN 30: one direction"),
        ]
    ]


def test_loss_counts_since_the_last_look_and_not_before_a_restart() -> None:
    assert seen(
        Status(received=100_000, lost=99),
        Status(received=200_000, lost=299),
        Status(received=300_000, lost=299),
        Status(received=1000, lost=5),
    ) == [
        [],
        [("capture-loss", "200 of 100200 packets since the last look")],
        [],
        [("capture-loss", "5 of 1005 packets since the last look")],
    ]


def test_a_database_is_old_after_ninety_days() -> None:
    old = {"country": NOW - 91 * DAY_NS, "asn": NOW - 90 * DAY_NS}
    assert seen(Status(databases=old)) == [[("geo-old", "country of 2026-08-29, 91 days old")]]
