import ipaddress
from pathlib import Path

import pytest

from monitor import config
from monitor.errors import ConfigError


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "camwatch.toml"
    path.write_text(text)
    return path


def test_without_a_file_every_setting_has_its_default() -> None:
    settings = config.load(None, {})
    assert settings.flow.max_flows == 1_000_000
    assert settings.site.cameras == ()
    assert ipaddress.ip_network("10.0.0.0/8") in settings.site.networks


def test_a_file_sets_and_the_environment_overrides(tmp_path: Path) -> None:
    path = written(tmp_path, '[site]\ncameras = ["10.20.0.0/16"]\n[flow]\nudp_idle_s = 30\n')
    settings = config.load(
        path, {"CAMWATCH_FLOW__UDP_IDLE_S": "45", "CAMWATCH_SITE__NETWORKS": "10.0.0.0/8, fd00::/8"}
    )
    assert settings.flow.udp_idle_s == 45
    assert [str(n) for n in settings.site.cameras] == ["10.20.0.0/16"]
    assert [str(n) for n in settings.site.networks] == ["10.0.0.0/8", "fd00::/8"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[flow]\nmax_flow = 5\n",
            "unknown setting 'flow.max_flow'; did you mean 'flow.max_flows'?",
        ),
        ("[flwo]\nmax_flows = 5\n", "unknown setting 'flwo'; did you mean 'flow'?"),
        ("[flow]\nmax_flows = 0\n", "flow.max_flows = 0: Input should be greater than"),
        ('[site]\ncameras = ["10.20.0.0/99"]\n', "site.cameras.0 = '10.20.0.0/99'"),
        ("flow = \n", "not TOML"),
        ('[policy]\nwindows = ["Tus 02:00-04:00"]\n', "'Tus 02:00-04:00' is no window; write"),
        ('[policy]\ntimezone = "Europe/Paris2"\n', "no time zone 'Europe/Paris2'; write one like"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_that_helps(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        config.load(written(tmp_path, text), {})
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_status == 3


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        config.load(tmp_path / "none.toml", {})


def test_what_show_config_prints_can_be_read_back(tmp_path: Path) -> None:
    settings = config.Settings()
    lines = []
    for section in config.Settings.model_fields:
        part = getattr(settings, section)
        lines.append(f"[{section}]")
        lines += [f"{k} = {config.toml_text(getattr(part, k))}" for k in type(part).model_fields]
    assert config.load(written(tmp_path, "\n".join(lines)), {}) == settings


def test_networks_of_an_option_are_read_or_refused() -> None:
    assert [str(n) for n in config.networks("10.20.3.11, fd00::/8", "--cameras")] == [
        "10.20.3.11/32",
        "fd00::/8",
    ]
    with pytest.raises(ConfigError, match="--site: 'ten' is no address or network"):
        config.networks("ten", "--site")
