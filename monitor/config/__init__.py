"""Settings: one TOML file and the environment; every default stands here, once."""

import difflib
import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pydantic

from monitor.config.coverage import CoverageSettings, MetricsSettings
from monitor.config.notify import NotifySettings
from monitor.config.policy import PolicySettings
from monitor.config.reading import CatalogSettings, FlowSettings, GeoSettings, SiteSettings
from monitor.config.section import Section
from monitor.config.sensor import SensorSettings
from monitor.config.serving import ApiSettings
from monitor.config.storing import StoreSettings
from monitor.errors import ConfigError

__all__ = [
    "ApiSettings",
    "CatalogSettings",
    "CoverageSettings",
    "FlowSettings",
    "GeoSettings",
    "MetricsSettings",
    "NotifySettings",
    "PolicySettings",
    "SensorSettings",
    "Settings",
    "SiteSettings",
    "StoreSettings",
    "as_dict",
    "load",
    "networks",
    "toml_text",
    "validate",
]

ENVIRONMENT_PREFIX = "CAMWATCH_"


class Settings(Section):
    """All settings."""

    site: SiteSettings = SiteSettings()
    flow: FlowSettings = FlowSettings()
    geo: GeoSettings = GeoSettings()
    catalog: CatalogSettings = CatalogSettings()
    policy: PolicySettings = PolicySettings()
    notify: NotifySettings = NotifySettings()
    api: ApiSettings = ApiSettings()
    store: StoreSettings = StoreSettings()
    sensor: SensorSettings = SensorSettings()
    coverage: CoverageSettings = CoverageSettings()
    metrics: MetricsSettings = MetricsSettings()


def load(path: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a TOML file (or the defaults) with the environment laid over them.

    ``CAMWATCH_SECTION__KEY`` overrides ``key`` of ``[section]``; lists are separated by commas.

    Raises:
        ConfigError: The file cannot be read, a key is unknown, or a value does not fit.
    """
    values = _read(path) if path is not None else {}
    _overlay(values, os.environ if environment is None else environment)
    where = str(path) if path is not None else "the environment"
    return validate(values, where)


def validate(values: Mapping[str, Any], where: str) -> Settings:
    """Return settings made of plain values.

    Raises:
        ConfigError: With the place, the reason, and the nearest valid name for an unknown key.
    """
    try:
        return Settings.model_validate(values)
    except pydantic.ValidationError as error:
        raise ConfigError(_explain(error, where)) from error


def networks(texts: str, option: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Parse networks or addresses separated by commas, as given on the command line.

    Raises:
        ConfigError: One of them is neither.
    """
    found = []
    for text in filter(None, (part.strip() for part in texts.split(","))):
        try:
            found.append(ipaddress.ip_network(text, strict=False))
        except ValueError as error:
            raise ConfigError(
                f"{option}: '{text}' is no address or network; write 10.20.0.0/16 or 10.20.3.11"
            ) from error
    return tuple(found)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name a readable TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}; mend the file") from error


def _overlay(values: dict[str, Any], environment: Mapping[str, str]) -> None:
    for name, text in environment.items():
        if not name.startswith(ENVIRONMENT_PREFIX) or "__" not in name:
            continue
        section, _, key = name[len(ENVIRONMENT_PREFIX) :].lower().partition("__")
        part = values.setdefault(section, {})
        if isinstance(part, dict):
            field = Settings.model_fields.get(section)
            model = field.annotation if field is not None else None
            wanted = getattr(model, "model_fields", {}).get(key)
            is_list = wanted is not None and "tuple" in str(wanted.annotation)
            part[key] = [t.strip() for t in text.split(",") if t.strip()] if is_list else text


def _explain(error: pydantic.ValidationError, where: str) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(place, _all_keys(), n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else "see 'camwatch show-config'"
        return f"{where}: unknown setting '{place}'; {hint}"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing" or isinstance(first["input"], dict | list | tuple | Section):
        # A whole table was looked at: its values are not repeated, the message names what matters.
        return f"{where}: {place}: {message}; see 'camwatch show-config'"
    return f"{where}: {place} = {first['input']!r}: {message}; see 'camwatch show-config'"


def _all_keys() -> list[str]:
    keys = []
    for name, field in Settings.model_fields.items():
        keys.append(name)
        keys += [f"{name}.{key}" for key in getattr(field.annotation, "model_fields", {})]
    return keys


def as_dict(settings: Settings) -> dict[str, Any]:
    """Return the settings as plain data, for the manifest and ``show-config``."""
    return settings.model_dump(mode="json")


def toml_text(value: object) -> str:
    """Return a setting's value as it stands in a TOML file; an unset one as a comment."""
    if value is None:
        return '""  # unset'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(toml_text(str(item)) for item in value) + "]"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
