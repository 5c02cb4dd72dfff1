"""Settings: one TOML file and the environment; every default stands here, once."""

import difflib
import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from monitor.errors import ConfigError
from monitor.model.addresses import SITE_DEFAULT

ENVIRONMENT_PREFIX = "CAMWATCH_"

Network = Annotated[
    ipaddress.IPv4Network | ipaddress.IPv6Network,
    pydantic.BeforeValidator(lambda value: ipaddress.ip_network(value, strict=False)),
]

OptionalPath = Annotated[
    Path | None, pydantic.BeforeValidator(lambda value: None if value == "" else value)
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SiteSettings(_Section):
    """Which addresses are cameras, and which belong to the site."""

    cameras: tuple[Network, ...] = Field(
        default=(),
        description="Networks or addresses of the cameras. Empty: every site address that talks.",
    )
    networks: tuple[Network, ...] = Field(
        default=tuple(ipaddress.ip_network(text) for text in SITE_DEFAULT),
        description="Networks that belong to the site; everything else is outside.",
    )


class FlowSettings(_Section):
    """The flow table: raising a limit costs memory, raising a timeout joins what is far apart."""

    max_flows: int = Field(
        default=1_000_000, ge=16, le=50_000_000, description="Flows kept at once, about 300 B each."
    )
    use_vlan: bool = Field(
        default=True,
        description="Whether the VLAN tag tells flows apart. Switch off where a mirror tags one "
        "direction only.",
    )
    tcp_idle_s: float = Field(
        default=300,
        gt=0,
        lt=1e9,
        allow_inf_nan=False,
        description="Seconds without a packet that end an open TCP flow.",
    )
    udp_idle_s: float = Field(
        default=60,
        gt=0,
        lt=1e9,
        allow_inf_nan=False,
        description="Seconds without a packet that end a UDP flow.",
    )
    active_s: float = Field(
        default=1800,
        gt=0,
        description="Seconds after which a record is written of a flow that goes on.",
    )


class GeoSettings(_Section):
    """Where countries and networks are looked up."""

    country: OptionalPath = Field(
        default=None, description="Country database (MMDB). Empty: the newest that is found."
    )
    asn: OptionalPath = Field(
        default=None, description="ASN database (MMDB). Empty: the newest that is found."
    )


class CatalogSettings(_Section):
    """The knowledge that purposes rest on."""

    directory: OptionalPath = Field(
        default=None, description="Directory of your own entries, which add to or override ours."
    )


class Settings(_Section):
    """All settings."""

    site: SiteSettings = SiteSettings()
    flow: FlowSettings = FlowSettings()
    geo: GeoSettings = GeoSettings()
    catalog: CatalogSettings = CatalogSettings()


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
    return f"{where}: {place} = {first['input']!r}: {first['msg']}; see 'camwatch show-config'"


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
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return f'"{value}"'
