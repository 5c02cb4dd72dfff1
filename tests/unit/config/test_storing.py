from pathlib import Path

import pytest

from monitor import config
from monitor.errors import ConfigError
from monitor.store.retention import Retention


def test_the_days_are_those_that_retention_asks_for() -> None:
    settings = config.StoreSettings()
    assert Retention(**settings.kept()) == Retention()


def test_a_password_in_the_url_is_refused() -> None:
    with pytest.raises(ConfigError, match="use password_file"):
        config.validate({"store": {"url": "postgresql://camwatch:secret@db/camwatch"}}, "test")


def test_the_password_comes_from_a_file_and_is_never_among_the_settings(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3:cr/t\nsecond line\n")
    store = {"url": "postgresql://camwatch@db:5433/camwatch?sslmode=require"}
    settings = config.validate({"store": store | {"password_file": tmp_path / "password"}}, "test")
    assert settings.store.address() == (
        "postgresql://camwatch:s3%3Acr%2Ft@db:5433/camwatch?sslmode=require"
    )
    assert "s3" not in str(config.as_dict(settings))


def test_without_a_password_the_address_is_the_url() -> None:
    assert config.StoreSettings().address() == "sqlite:////var/lib/camwatch/camwatch.db"


def test_a_password_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    settings = config.StoreSettings(
        url="postgresql://camwatch@db/camwatch", password_file=tmp_path / "none"
    )
    with pytest.raises(
        ConfigError, match=r"store.password_file .*none: No such file.*name a readable"
    ):
        settings.address()


@pytest.mark.parametrize("days", ["0", "-1", "soon", "99999"])
def test_days_that_make_no_sense_are_refused(days: str) -> None:
    with pytest.raises(ConfigError, match=r"store.flows_days = "):
        config.load(None, {"CAMWATCH_STORE__FLOWS_DAYS": days})
