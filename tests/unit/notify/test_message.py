import orjson
import pytest

from monitor.model.alerts import AlertChange
from monitor.notify import message
from tests.support.told import SECOND, T0, alert, resolved


@pytest.mark.parametrize(
    "told",
    [
        message.of_alert(alert(), AlertChange.OPENED, T0, version="1.0", text="new"),
        message.of_alert(resolved(alert(), T0 + 1), AlertChange.RESOLVED, T0 + 1, version="1.0"),
        message.of_alert(alert(subjects=(SECOND,)), AlertChange.UPDATED, T0, version="1.0"),
        message.heartbeat("hall-1", T0, {"flows": 3}, version="1.0"),
        message.sample("hall-1", T0, version="1.0"),
    ],
)
def test_a_message_comes_back_from_the_outbox_as_it_was(told: message.Message) -> None:
    assert message.from_body(message.to_body(told)) == told
    assert told.type in message.TYPES


def test_an_id_follows_from_alert_change_and_time_and_has_no_full_stop() -> None:
    opened = message.of_alert(alert(), AlertChange.OPENED, T0, version="1.0")
    same = message.of_alert(alert(times=99), AlertChange.OPENED, T0, version="2.0")
    others = {
        message.of_alert(alert(2), AlertChange.OPENED, T0, version="1.0").id,
        message.of_alert(alert(), AlertChange.UPDATED, T0, version="1.0").id,
        message.of_alert(alert(), AlertChange.OPENED, T0 + 1, version="1.0").id,
    }
    assert opened.id == same.id
    assert len(others | {opened.id}) == 4
    assert "." not in opened.id
    assert len(opened.id) <= 64


def test_what_a_newer_version_wrote_can_be_read() -> None:
    told = message.of_alert(alert(), AlertChange.OPENED, T0, version="9.0")
    values = orjson.loads(message.to_body(told))
    values["alert"]["colour"] = "red"
    values["alert"]["subjects"][0]["height"] = 3
    assert message.from_body(orjson.dumps(values).decode()) == told


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"alert": {}}', "null"])
def test_what_is_no_message_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)not a message|unexpected|input"):
        message.from_body(body)
