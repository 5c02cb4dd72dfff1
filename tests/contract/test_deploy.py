"""The compose files are valid, complete, bounded, and give no more rights than are said."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from monitor import config
from tests.support import boards, compose
from tests.support.compose import DEPLOY
from tests.support.shared import ROOT

SCHEMA = ROOT / "tests" / "support" / "compose_schema" / "compose-spec.json"
PLAIN = ("docker-compose.yml",)
DEMO = ("docker-compose.yml", "docker-compose.demo.yml")


@pytest.fixture(params=[PLAIN, DEMO], ids=["plain", "demo"])
def project(request: pytest.FixtureRequest) -> dict[str, Any]:
    return compose.load(*request.param)


def _validator() -> Any:
    return jsonschema.Draft201909Validator(json.loads(SCHEMA.read_text()))


def test_a_compose_file_is_valid(project: dict[str, Any]) -> None:
    assert [error.message for error in _validator().iter_errors(project)] == []


def test_the_schema_refuses_what_is_misspelt(project: dict[str, Any]) -> None:
    project["services"]["sensor"]["capadd"] = ["NET_ADMIN"]
    assert not _validator().is_valid(project)


def test_every_service_is_bounded_watched_and_pinned(project: dict[str, Any]) -> None:
    for name, service in project["services"].items():
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        # The sensor sets it by itself: tests/service/test_compose_chain.py looks.
        fixed = [] if name == "sensor" else ["no-new-privileges:true"]
        assert service["security_opt"] == fixed, name
        assert re.search(r":(v?\d[\w.-]+|local)$", service["image"]), name
        assert ":latest" not in service["image"]
        assert "privileged" not in service
        if name != "player":
            assert service["healthcheck"]["test"][0] == "CMD", name


def test_rights_are_those_that_are_needed() -> None:
    services = compose.load(*PLAIN)["services"]
    rights = {
        name: service["cap_add"] for name, service in services.items() if "cap_add" in service
    }
    assert rights == {
        "sensor": ["NET_RAW"],
        "postgres": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"],
    }
    assert "user" not in services["sensor"], "that of the image"
    hosts = [name for name, service in services.items() if service.get("network_mode") == "host"]
    assert hosts == ["sensor"]


def test_nothing_is_open_to_other_machines(project: dict[str, Any]) -> None:
    for service in project["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert project["networks"]["inside"] == {"internal": True}


def test_secrets_are_files_and_no_password_stands_in_the_environment(
    project: dict[str, Any],
) -> None:
    script = (DEPLOY / "secrets.sh").read_text(encoding="utf-8")
    for name, secret in project["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}
        assert name in script
    for service in project["services"].values():
        for key, value in service.get("environment", {}).items():
            if "PASSWORD" in key:
                assert value.startswith("/run/secrets/"), key


def test_what_is_mounted_is_there(project: dict[str, Any]) -> None:
    for service in project["services"].values():
        for volume in service.get("volumes", ()):
            path = compose.mounted(volume)
            assert path is None or path.exists(), volume
            assert path is not None or volume.split(":")[0] in project["volumes"], volume


def test_without_an_interface_nothing_starts() -> None:
    with pytest.raises(AssertionError, match="INTERFACES is needed"):
        compose.load(*PLAIN, env=compose.environment() | {"INTERFACES": ""})


def test_every_variable_is_in_the_example() -> None:
    text = "".join((DEPLOY / name).read_text(encoding="utf-8") for name in DEMO)
    used = set(re.findall(r"\$\{(\w+)", text))
    assert set(compose.environment()) - used == {"COMPOSE_PROJECT_NAME"}
    assert used - set(compose.environment()) == {"BASE", "STORE_URL"}


@pytest.mark.parametrize("file", ["camwatch.toml", "demo/camwatch.toml"])
def test_settings_in_containers_are_taken(file: str) -> None:
    services = compose.load(*PLAIN)["services"]
    told = {
        key: value
        for name in ("sensor", "page")
        for key, value in services[name]["environment"].items()
    }
    loaded = config.load(DEPLOY / file, told)
    assert loaded.sensor.interfaces == ("eth1",)
    assert loaded.sensor.user == "camwatch"
    assert loaded.metrics.listen == "172.31.84.1:9465"
    assert [target.kind for target in loaded.notify.target] == ["alertmanager"]


def test_grafana_is_given_what_the_boards_ask_for() -> None:
    sources = yaml.safe_load((DEPLOY / "compose/grafana/datasources/camwatch.yml").read_text())
    given = {source["type"] for source in sources["datasources"]}
    asked = {
        panel["datasource"]["type"]
        for path in boards.FILES
        for panel in boards.panels(boards.load(path))
    }
    assert asked == given
    provider = yaml.safe_load((DEPLOY / "compose/grafana/dashboards/camwatch.yml").read_text())
    (one,) = provider["providers"]
    volumes = compose.load(*PLAIN)["services"]["grafana"]["volumes"]
    assert f"../dashboards/grafana:{one['options']['path']}:ro" in volumes


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_takes_the_settings(tmp_path: Path) -> None:
    text = (DEPLOY / "compose/prometheus.yml").read_text(encoding="utf-8")
    path = tmp_path / "prometheus.yml"
    path.write_text(text.replace("/etc/prometheus/rules", str(boards.RULES)), encoding="utf-8")
    for rule in ("recording.yml", "alerts.yml"):
        assert (boards.RULES / rule).exists()
    done = subprocess.run(  # noqa: S603  # a program of the test
        ["promtool", "check", "config", "--syntax-only", str(path)],  # noqa: S607  # found on PATH
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("script", ["install.sh", "secrets.sh", "compose/postgres/10-roles.sh"])
def test_a_script_is_one_for_every_shell(script: str) -> None:
    shell = shutil.which("dash") or "/bin/sh"
    done = subprocess.run(  # noqa: S603  # our own scripts, read only
        [shell, "-n", str(DEPLOY / script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_image_is_made_of_what_the_dockerfile_copies() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    copied = [
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, flags=re.MULTILINE)
        for word in line.split()[:-1]
    ]
    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert source in allowed or str(Path(source).parent) in allowed, source
    assert "USER camwatch" in text
