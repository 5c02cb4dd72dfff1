import re

from monitor.model.alerts import AlertChange
from monitor.notify import cef, message
from tests.support.told import CAMERA, SECOND, T0, alert

UNESCAPED_BAR = re.compile(r"(?<!\\)\|")


def test_an_alert_is_one_line_with_seven_header_fields() -> None:
    told = message.of_alert(alert(title="a|b\\c"), AlertChange.OPENED, T0, version="1.0")
    text = cef.text(told)
    assert "\n" not in text
    assert UNESCAPED_BAR.split(text, maxsplit=7)[:7] == [
        "CEF:0", "camwatch", "camwatch", "1.0", "diagnostics-listed", "a\\|b\\\\c", "8",
    ]  # fmt: skip
    assert text.endswith("src=10.20.3.11 smac=44:19:b6:5e:20:a1 dhost=log.hik-connect.com")
    assert (
        "msg=The camera sends diagnostics; block it or ask \\= why | \\\\ now.\\nSecond line. "
        in text
    )
    assert " rt=1795000000000 " not in text
    assert "|rt=1795000000000 externalId=msg_" in text


def test_many_cameras_stand_in_a_custom_string() -> None:
    told = message.of_alert(
        alert(subjects=(CAMERA, SECOND), destinations=("203.0.113.9",)),
        AlertChange.OPENED,
        T0,
        version="1.0",
    )
    text = cef.text(told)
    assert " cs4=10.20.3.11,10.20.3.12 cn1Label=camerasTotal cn1=2 dst=203.0.113.9" in text
    assert " src=" not in text


def test_a_heartbeat_has_no_severity_to_speak_of() -> None:
    text = cef.text(message.heartbeat("hall-1", T0, {}, version="1.0"))
    assert text.startswith(
        "CEF:0|camwatch|camwatch|1.0|camwatch.heartbeat|hall-1 is watching|1|rt="
    )
