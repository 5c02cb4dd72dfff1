import pytest

from monitor.dissect.mqtt import DISSECTOR, packets
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_net import field, mqtt, mqtt_connect
from tests.support.payloads_p2p import ISUP5, LBS, tcp


def test_a_connect_names_client_and_user_and_not_the_password() -> None:
    answer = DISSECTOR.dissect(
        tcp(1883, mqtt_connect(b"cam-000001", b"device"), b"\x20\x02\x00\x05")
    )
    assert answer == Dissection(
        "mqtt",
        (
            Fact("mqtt.version", "3.1.1"),
            Fact("mqtt.keep_alive", "60"),
            Fact("mqtt.client", "cam-000001"),
            Fact("credential", "mqtt user=device"),
            Fact("mqtt.answer", "5"),
        ),
    )


@pytest.mark.parametrize(("level", "version"), [(3, "3.1"), (4, "3.1.1"), (5, "5")])
def test_the_three_versions_are_read(level: int, version: str) -> None:
    answer = DISSECTOR.dissect(tcp(1883, mqtt_connect(b"a", level=level)))
    assert answer is not None
    assert answer.first("mqtt.version") == version


def test_topics_are_shown_without_the_identifier_of_the_client() -> None:
    stream = (
        mqtt_connect(b"cam-000001")
        + mqtt(0x82, b"\x00\x01" + field(b"dev/cam-000001/sub") + b"\x01")
        + mqtt(0x32, field(b"dev/info") + b"\x00\x02" + b"x" * 200)
    )
    answer = DISSECTOR.dissect(
        tcp(1883, stream, b"\x20\x02\0\0" + mqtt(0x30, field(b"cmd") + b"x"))
    )
    assert answer is not None
    assert answer.all("mqtt.subscribe") == ("dev/<client>/sub",)
    assert answer.all("mqtt.publish") == ("dev/info", "cmd")


def test_no_more_than_eight_topics_are_kept() -> None:
    stream = mqtt_connect(b"a") + b"".join(mqtt(0x30, field(b"t%d" % n)) for n in range(30))
    answer = DISSECTOR.dissect(tcp(1883, stream))
    assert answer is not None
    assert len(answer.all("mqtt.publish")) == 8


@pytest.mark.parametrize(
    "stream",
    [
        ISUP5,
        LBS,
        mqtt_connect(b"abc")[:-1],
        mqtt(0x10, field(b"MQTT") + b"\x04\x03\x00\x3c" + field(b"a")),
        mqtt(0x10, field(b"MQTT") + b"\x04\x02\x00\x3c" + field(b"a") + b"more"),
        mqtt(0x10, field(b"MQTX") + b"\x04\x02\x00\x3c" + field(b"a")),
        mqtt(0x30, field(b"topic")),
    ],
)
def test_what_resembles_a_connect_is_not_mqtt(stream: bytes) -> None:
    assert DISSECTOR.dissect(tcp(1883, stream)) is None


def test_a_cut_packet_ends_the_reading() -> None:
    assert list(packets(b"\xc0\x00\x30\x05ab")) == [(0xC0, b"")]
    assert list(packets(b"\x10\xff\xff\xff\xff")) == []
