from monitor.model.alerts import AlertChange
from monitor.model.words import Severity
from monitor.notify import mail, message
from tests.support.told import CAMERA, T0, alert

BETWEEN = mail.Envelope("camwatch@hall.example", ("soc@hall.example",))


def _subject(*told: message.Message) -> str:
    return str(mail.digest(told, BETWEEN, T0)["Subject"])


def test_the_subject_says_what_one_mail_is_about() -> None:
    one = message.of_alert(alert(title="Two\nlines"), AlertChange.RESOLVED, T0, version="1.0")
    worse = message.of_alert(
        alert(2, severity=Severity.CRITICAL), AlertChange.OPENED, T0, version="1.0"
    )
    beat = message.heartbeat("hall-1", T0, {"flows": 3}, version="1.0")
    assert _subject(one) == "[camwatch] hall-1: high: resolved: Two lines"
    assert _subject(one, worse, beat) == "[camwatch] hall-1: 2 messages, worst critical"
    assert _subject(beat) == "[camwatch] hall-1: is watching"
    assert _subject(message.sample("hall-1", T0, version="1.0")) == "[camwatch] hall-1: test"


def test_the_same_messages_have_the_same_message_id() -> None:
    told = [message.of_alert(alert(n), AlertChange.OPENED, T0, version="1.0") for n in (1, 2)]
    first, second = (mail.digest(told, BETWEEN, now) for now in (T0, T0 + 10**12))
    assert first["Message-ID"] == second["Message-ID"]
    assert mail.digest(told[:1], BETWEEN, T0)["Message-ID"] != first["Message-ID"]
    assert first["Auto-Submitted"] == "auto-generated"


def test_forty_cameras_are_one_block_that_names_twenty() -> None:
    crowd = tuple(CAMERA._replace(ip=f"10.20.3.{n}", name="") for n in range(40))
    told = message.of_alert(
        alert(subjects=crowd), AlertChange.UPDATED, T0, version="1.0", text="28 more cameras"
    )
    text = mail.digest([told], BETWEEN, T0).get_content()
    assert "10.20.3.19 and 20 more\n" in text
    assert "changed: 28 more cameras" in text
    assert "operator: Hikvision (CN)" in text
    assert "because: name log.hik-connect.com" in text
