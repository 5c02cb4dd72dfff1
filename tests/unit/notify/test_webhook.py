import json
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.model.alerts import AlertChange
from monitor.notify import message, signing
from monitor.notify.receipt import Result
from monitor.notify.webhook import Endpoint, Webhook, envelope
from tests.support import certificates
from tests.support.notified import receiver
from tests.support.told import T0, alert

OPENED = message.of_alert(alert(), AlertChange.OPENED, T0, version="1.0")


def _key(directory: Path, name: str = "key") -> Path:
    (directory / name).write_text(signing.new_private())
    return directory / name


def test_the_envelope_holds_type_time_and_data() -> None:
    found = json.loads(envelope(OPENED, "ecs"))
    assert list(found) == ["type", "timestamp", "data"]
    assert found["type"] == "camwatch.alert.opened"
    assert json.loads(envelope(OPENED, "ocsf"))["data"]["class_uid"] == 2004


def test_a_key_can_be_changed_while_camwatch_runs(tmp_path: Path) -> None:
    with receiver(tmp_path / "soc") as soc:
        target = Webhook(Endpoint("soc", f"{soc.url}/in"), [_key(tmp_path)], "ecs")
        target.send([OPENED], T0)
        _key(tmp_path)
        target.send([OPENED], T0)
        both = Webhook(
            Endpoint("soc", f"{soc.url}/in"), [_key(tmp_path), _key(tmp_path, "new")], "ecs"
        )
        both.send([OPENED], T0)
        first, second, third = (r["headers"]["webhook-signature"] for r in soc.requests())
    assert first != second
    assert len(third.split(" ")) == 2


def test_tls_is_checked_against_the_file_of_the_ca(tmp_path: Path) -> None:
    made, other = (certificates.make(tmp_path / name) for name in ("tls", "other"))
    with receiver(tmp_path / "soc", (made.certificate, made.key)) as soc:
        for ca_file, error in (
            (made.ca, ""),
            (other.ca, "its certificate is not accepted: "),
            (None, "its certificate is not accepted: "),
        ):
            target = Webhook(
                Endpoint("soc", f"{soc.url}/in", ca_file=ca_file), [_key(tmp_path)], "ecs"
            )
            assert target.send([OPENED], T0).error.startswith(error)
        assert len(soc.requests()) == 1


def test_an_address_and_a_header_that_are_secret_come_from_files(tmp_path: Path) -> None:
    with receiver(tmp_path / "soc") as soc:
        (tmp_path / "url").write_text(f"{soc.url}/hook?sig=s3cret\n")
        (tmp_path / "auth").write_text("Splunk t0ken\n")
        endpoint = Endpoint("soc", tmp_path / "url", authorization=tmp_path / "auth")
        receipt = Webhook(endpoint, [_key(tmp_path)], "ecs").send([OPENED], T0)
        (request,) = soc.requests()
    assert receipt.result is Result.DELIVERED
    assert request["path"] == "/hook?sig=s3cret"
    assert request["headers"]["Authorization"] == "Splunk t0ken"
    assert "s3cret" not in receipt.request + receipt.answer
    assert "t0ken" not in receipt.request + receipt.answer


def test_a_file_that_is_not_there_is_said_at_the_start_and_a_failure_later(tmp_path: Path) -> None:
    target = Webhook(Endpoint("soc", "http://127.0.0.1:1/"), [tmp_path / "none"], "ecs")
    with pytest.raises(ConfigError, match="No such file"):
        target.check()
    receipt = target.send([OPENED], T0)
    assert (receipt.result, receipt.status) == (Result.FAILED, None)
    assert "No such file" in receipt.error
