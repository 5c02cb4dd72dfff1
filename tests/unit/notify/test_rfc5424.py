from monitor.model.alerts import AlertChange
from monitor.model.words import Severity
from monitor.notify import message, rfc5424
from tests.support.told import T0, alert

OPENED = message.of_alert(alert(), AlertChange.OPENED, T0 + 123_456_789, version="1.0")


def test_a_line_has_every_part_in_its_place() -> None:
    assert rfc5424.line(OPENED, "text").decode() == (
        "<131>1 2026-11-18T11:06:40.123456Z hall-1 camwatch - opened "
        f'[camwatch@32473 id="{OPENED.id}" type="camwatch.alert.opened" version="1.0" '
        f'alert="{alert().id}" fingerprint="{alert().fingerprint}" rule="diagnostics-listed" '
        'severity="high" state="open" cameras="10.20.3.11" camerasTotal="1" operator="Hikvision" '
        'operatorCountry="CN" destinations="log.hik-connect.com" times="3"] text'
    )


def test_the_structured_data_bear_the_enterprise_number_that_was_set() -> None:
    assert " [camwatch@64999 id=" in rfc5424.line(OPENED, "text", enterprise=64999).decode()


def test_priorities_are_those_of_local0() -> None:
    lines = [
        rfc5424.line(message.of_alert(alert(severity=s), AlertChange.OPENED, T0, version="1"))
        for s in Severity
    ]
    assert [one.split(b">")[0] for one in lines] == [b"<134", b"<133", b"<132", b"<131", b"<130"]


def test_a_line_break_cannot_begin_another_message() -> None:
    told = message.of_alert(
        alert(operator='x"]\n<0>1 - - - - - -', title="t"), AlertChange.OPENED, T0, version="1"
    )
    line = rfc5424.line(told).decode()
    assert "\n" not in line
    assert 'operator="x\\"\\] <0>1 - - - - - -"' in line


def test_a_frame_says_how_many_bytes_follow() -> None:
    assert rfc5424.framed([b"abc", "é".encode()]) == b"3 abc2 \xc3\xa9"


def test_a_sensor_name_that_is_no_host_name_still_gives_a_header() -> None:
    told = message.heartbeat("hall 1 é", T0, {}, version="1.0")
    assert rfc5424.line(told).startswith(
        b"<134>1 2026-11-18T11:06:40.000000Z hall1 camwatch - heartbeat "
    )
