"""``camwatch notify`` against a real receiver and a real store."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.testing

from monitor.cli.main import app
from monitor.notify import signing
from monitor.store.outbox import Failure, Outbox, Outgoing
from tests.support.notified import Receiver, receiver
from tests.support.told import T0


@pytest.fixture
def soc(tmp_path: Path) -> Iterator[Receiver]:
    with receiver(tmp_path / "soc") as running:
        (tmp_path / "key").write_text(signing.new_private())
        (tmp_path / "auth").write_text("Bearer t0ken")
        (tmp_path / "camwatch.toml").write_text(
            f'[[notify.target]]\nname = "soc"\nkind = "webhook"\nurl = "{running.url}/in"\n'
            f'secret_files = ["{tmp_path / "key"}"]\nauthorization_file = "{tmp_path / "auth"}"\n'
        )
        yield running


def _run(directory: Path, *words: str) -> typer.testing.Result:
    options = []
    if words[0] in ("targets", "test", "keys"):
        options += ["--config", str(directory / "camwatch.toml")]
    if words[0] != "keys":
        options += ["--store", f"sqlite:///{directory / 'camwatch.db'}"]
    return typer.testing.CliRunner().invoke(app, ["notify", *words, *options])


def _give_up(directory: Path, *numbers: int) -> None:
    outbox = Outbox.open(f"sqlite:///{directory / 'camwatch.db'}")
    items = [Outgoing(f"msg_{n}", "soc", "camwatch.alert.opened", "", "{}", T0) for n in numbers]
    outbox.enqueue(items, T0)
    leased = outbox.lease("soc", T0, lease_ns=1, limit=9)
    outbox.fail(
        "soc", Failure("it answered 410 Gone", 410, {m.id: None for m in leased}, 0, True), T0
    )
    outbox.close()


def test_test_shows_request_and_answer_and_masks_secrets(soc: Receiver, tmp_path: Path) -> None:
    done = _run(tmp_path, "test", "soc")
    assert done.exit_code == 0, done.output
    assert f"> POST {soc.url}/in" in done.output
    assert "> Authorization: ***" in done.output
    assert "< 200 OK" in done.output
    assert "t0ken" not in done.output
    assert done.output.endswith("delivered\n")
    (request,) = soc.requests()
    assert '"type":"camwatch.test"' in request["body"]
    assert not (tmp_path / "camwatch.db").exists()


def test_a_test_that_fails_says_why_and_exits_with_1(soc: Receiver, tmp_path: Path) -> None:
    soc.behave("status=503")
    done = _run(tmp_path, "test", "soc")
    assert done.exit_code == 1
    assert "not delivered: it answered 503 Service Unavailable" in done.output


def test_a_target_that_was_gone_is_on_again_after_a_test(soc: Receiver, tmp_path: Path) -> None:
    _give_up(tmp_path, 1)
    assert "off: it answered 410; 'camwatch notify test soc'" in _run(tmp_path, "targets").output
    assert _run(tmp_path, "test", "soc").exit_code == 0
    shown = _run(tmp_path, "targets").output
    assert "off:" not in shown
    assert f"soc: webhook, ecs, {soc.url}/in\n  0 waiting, 0 delivered, 1 given up" in shown


def test_an_unknown_target_is_a_usage_error_that_names_the_known_ones(
    soc: Receiver, tmp_path: Path
) -> None:
    done = _run(tmp_path, "test", "sco")
    assert str(done.exception) == ("notify test: there is no target 'sco'; the settings have: soc")
    assert soc.requests() == []


def test_what_was_given_up_is_listed_and_sent_again(tmp_path: Path) -> None:
    _give_up(tmp_path, 1, 2, 3)
    listed = _run(tmp_path, "dead").output.splitlines()
    assert [re.split(r" {2}", line)[4] for line in listed] == [
        "msg_3", "msg_2", "msg_1",
    ]  # fmt: skip
    number = listed[1].split()[0]
    assert _run(tmp_path, "resend", number).output == "1 to be sent again\n"
    assert _run(tmp_path, "resend", "--target", "soc").output == "2 to be sent again\n"
    assert _run(tmp_path, "dead").output == "nothing was given up\n"


def test_resend_asks_which_ones(tmp_path: Path) -> None:
    assert "which ones" in str(_run(tmp_path, "resend").exception)


def test_keys_are_made_once_and_only_their_public_half_is_shown(
    soc: Receiver, tmp_path: Path
) -> None:
    path = tmp_path / "new.key"
    made = _run(tmp_path, "keys", "--new", str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    public = signing.parse(path.read_text().strip(), "key").public
    assert public in made.output
    assert path.read_text().strip() not in made.output
    assert "File exists; name a new file" in str(
        _run(tmp_path, "keys", "--new", str(path)).exception
    )
    assert re.search(r"^soc: .*/key: whpk_\S+$", _run(tmp_path, "keys").output, re.MULTILINE)
    assert soc.requests() == []
