from pathlib import Path

import pytest
import typer.testing

from monitor import config
from monitor.cli.main import app
from monitor.config.notify import NotifySettings, TargetSettings
from monitor.errors import ConfigError

WEBHOOK = 'name = "soc"\nkind = "webhook"\nurl = "https://soc.example/in"\nsecret_files = ["/k"]\n'


def _load(directory: Path, *tables: str) -> NotifySettings:
    path = directory / "camwatch.toml"
    path.write_text("".join(f"[[notify.target]]\n{table}\n" for table in tables))
    return config.load(path, {}).notify


def test_a_target_gets_the_defaults_of_its_kind(tmp_path: Path) -> None:
    hook, mail = _load(
        tmp_path,
        WEBHOOK,
        'name="post"\nkind="email"\nurl="smtp://mail.example"\nsender="a@b.example"\nto=["c@d.example"]',
    ).target
    assert (hook.form, hook.beat_s, hook.where) == ("ecs", 300, "https://soc.example/in")
    assert (mail.form, mail.beat_s, mail.digest_s) == ("text", 86_400, 900)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("", "notify.target.0.name: Field required"),
        (WEBHOOK.replace('"soc"', '"a b"'), "give it a name of letters, digits and hyphens"),
        (WEBHOOK.replace("webhook", "carrier pigeon"), "notify.target.0.kind = 'carrier pigeon'"),
        (
            WEBHOOK + 'urll = "x"',
            "unknown setting 'notify.target.0.urll'; did you mean 'notify.target",
        ),
        (WEBHOOK + "digest_s = 5", "'soc': digest_s does not go with kind webhook"),
        (WEBHOOK + 'format = "cef"', "'soc': kind webhook has no format 'cef'; it has ecs, ocsf"),
        (WEBHOOK.partition("secret")[0], "'soc': kind webhook needs secret_files"),
        (
            WEBHOOK.replace("https://soc.example/in", ""),
            "'soc': give its address, as url or in url_file",
        ),
        (WEBHOOK + 'url_file = "/u"', "'soc': give its address, as url or in url_file"),
        (
            WEBHOOK.replace("https:", "http:"),
            "'soc': http to another machine can be read on the way",
        ),
        (WEBHOOK.replace("https:", "gopher:"), "'soc': url is no address; give https://HOST"),
        (WEBHOOK.replace("example/in", "example:port/"), "'soc': url is no address"),
        (WEBHOOK + "heartbeat_s = -1", "notify.target.0.heartbeat_s = -1: "),
    ],
)
def test_a_target_that_cannot_work_is_refused_in_one_line(
    table: str, why: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, table)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://u:s3cret@soc.example/", "https://soc.example/?k=s3cret"])
def test_an_address_with_a_secret_is_refused_without_being_shown(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="url may hold a secret") as caught:
        _load(tmp_path, WEBHOOK.replace("https://soc.example/in", url))
    assert "s3cret" not in str(caught.value)


def test_two_targets_need_two_names(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="two targets are called 'soc'; name each once"):
        _load(tmp_path, WEBHOOK, WEBHOOK)


def test_targets_come_from_the_file_only() -> None:
    with pytest.raises(ConfigError, match=r"notify\.target"):
        config.load(None, {"CAMWATCH_NOTIFY__TARGET": "soc"})


def test_http_within_this_machine_needs_no_permission(tmp_path: Path) -> None:
    table = WEBHOOK.replace("https://soc.example", "http://127.0.0.1:8080")
    assert _load(tmp_path, table).target[0].url == "http://127.0.0.1:8080/in"


def test_what_show_config_prints_can_be_read_again(tmp_path: Path) -> None:
    _load(tmp_path, WEBHOOK + 'rules = ["a\\"b", "c*"]', WEBHOOK.replace('"soc"', '"other"'))
    shown = typer.testing.CliRunner().invoke(
        app, ["show-config", "--config", str(tmp_path / "camwatch.toml")]
    )
    text = "\n".join(line for line in shown.output.splitlines() if "# unset" not in line)
    kept = [line for line in text.splitlines() if not line.endswith('= ""')]
    start = kept.index("[[notify.target]]")
    (tmp_path / "again.toml").write_text("\n".join(kept[start:]))
    again = config.load(tmp_path / "again.toml", {}).notify.target
    assert [target.name for target in again] == ["soc", "other"]
    assert again[0].rules == ('a"b', "c*")


def test_every_key_is_explained() -> None:
    assert all(info.description for info in TargetSettings.model_fields.values())
