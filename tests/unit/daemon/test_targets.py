from pathlib import Path

import pytest

from monitor import config
from monitor.daemon import targets
from monitor.daemon.targets import Target
from monitor.errors import ConfigError
from monitor.model.alerts import AlertChange, AlertEvent
from monitor.model.words import Severity
from monitor.notify import message
from tests.support.told import T0, alert

S = 1_000_000_000


def _targets(directory: Path, *tables: str) -> list[Target]:
    path = directory / "camwatch.toml"
    path.write_text("".join(f"[[notify.target]]\n{table}\n" for table in tables))
    return targets.open_targets(config.load(path, {}).notify.target)


def _file(directory: Path, name: str, more: str = "") -> str:
    return f'name = "{name}"\nkind = "file"\npath = "{directory / name}"\n{more}'


def test_each_target_gets_what_passes_its_filters(tmp_path: Path) -> None:
    made = _targets(
        tmp_path,
        _file(tmp_path, "all"),
        _file(tmp_path, "worst", 'severity = "critical"'),
        _file(tmp_path, "media", 'rules = ["media-*", "coverage-lost"]'),
    )
    events = [
        AlertEvent(alert(1, severity=Severity.HIGH), AlertChange.OPENED, T0),
        AlertEvent(
            alert(2, severity=Severity.CRITICAL, rule="media-leaving"), AlertChange.OPENED, T0
        ),
        AlertEvent(alert(3), None, T0),
    ]
    sent = [(item.alert_id[-1], item.target) for item in targets.outgoing(events, made, T0)]
    assert sent == [("1", "all"), ("2", "all"), ("2", "worst"), ("2", "media")]
    ids = {item.message_id for item in targets.outgoing(events, made, T0 + S)}
    assert ids == {item.message_id for item in targets.outgoing(events, made, T0)}


def test_mail_is_due_at_the_end_of_its_span_for_all_messages_alike(tmp_path: Path) -> None:
    (mail,) = _targets(
        tmp_path,
        'name="post"\nkind="email"\nurl="smtp://mail.example"\nsender="a@b.example"\n'
        'to=["c@d.example"]\ndigest_s=600',
    )
    event = AlertEvent(alert(), AlertChange.OPENED, T0)
    due = {targets.outgoing([event], [mail], T0 + n * S)[0].due_ns for n in (0, 1, 199)}
    assert due == {1_795_000_200 * S}


def test_a_heartbeat_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    (one,) = _targets(tmp_path, _file(tmp_path, "all"))
    beat = targets.heartbeat("hall-1", one, T0, {"flows": 3})
    assert (beat.type, beat.is_replacing, beat.alert_id) == ("camwatch.heartbeat", True, "")
    assert one.wants(message.from_body(beat.body))


def test_syslog_bears_the_enterprise_number_of_the_settings(tmp_path: Path) -> None:
    beat = message.heartbeat("hall-1", T0, {}, version="1")
    (ours, usual) = _targets(
        tmp_path,
        'name = "ours"\nkind = "syslog"\nurl = "tls://127.0.0.1:1"\nenterprise = 64999',
        'name = "usual"\nkind = "syslog"\nurl = "tls://127.0.0.1:1"\nformat = "cef"',
    )
    # Nobody listens there; the receipt tells what would have been sent.
    assert "camwatch@64999 " in ours.sender.send([beat], T0).request
    assert "camwatch@32473 " in usual.sender.send([beat], T0).request


@pytest.mark.parametrize(
    "table",
    [
        'kind = "webhook"\nurl = "https://soc.example/"\nsecret_files = ["/none"]',
        'kind = "alertmanager"\nurl = "https://am.example"\nca_file = "/none"',
        'kind = "syslog"\nurl = "tls://siem.example"\nca_file = "/none"',
        'kind = "file"\npath = "/none/eve.json"',
        (
            'kind = "email"\nurl = "smtp://m.example"\nsender = "a@b.example"\n'
            'to = ["c@d.example"]\nuser = "u"\npassword_file = "/none"'
        ),
    ],
)
def test_a_file_that_is_missing_is_said_with_the_name_of_the_target(
    table: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"^notify\.target 'soc': /none.*: No such file"):
        _targets(tmp_path, f'name = "soc"\n{table}')
