"""Reads the inventory: ``cameras.csv`` or ``cameras.yaml``, checked line by line."""

import csv
import difflib
import io
import ipaddress
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from monitor.errors import ConfigError
from monitor.model.inventory import Inventory, ListedCamera

FIELDS: Final = ListedCamera._fields
MOST_CAMERAS: Final = 100_000
MOST_TEXT: Final = 200
_MAC: Final = re.compile(r"[0-9a-f]{12}")
_RESERVED: Final = "_other"


def read_inventory(path: Path) -> Inventory:
    """Read an inventory.

    CSV has a header line with some of the columns name, mac, ip, vlan, location, brand, separated
    by commas or semicolons; YAML is a list of mappings with these keys. Every camera has a name,
    and a MAC or an address.

    Raises:
        ConfigError: The file cannot be read or one of its lines is refused; names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name a readable file") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text: {error.reason}; save it as UTF-8") from error
    rows = _yaml_rows if path.suffix.lower() in (".yaml", ".yml") else _csv_rows
    cameras: list[ListedCamera] = []
    taken: dict[tuple[str, str], int] = {}
    for line, values in rows(path, text):
        camera = _camera(f"{path}:{line}", values)
        for field in ("name", "mac", "ip"):
            value = getattr(camera, field)
            if value and (field, value) in taken:
                raise ConfigError(
                    f"{path}:{line}: {field} {value} stands in line {taken[field, value]} too; "
                    "list each camera once"
                )
            taken[field, value] = line
        cameras.append(camera)
        if len(cameras) > MOST_CAMERAS:
            raise ConfigError(f"{path}: more than {MOST_CAMERAS} cameras; split the site")
    if not cameras:
        raise ConfigError(f"{path}: no camera in it; see docs/coverage.md for the columns")
    return Inventory(cameras, str(path))


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    # A spreadsheet that counts with commas writes semicolons.
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    header: list[str] = []
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]  # noqa: PLW2901
            if not any(cells) or cells[0].startswith("#"):
                continue
            if not header:
                header = [cell.lower() for cell in cells]
                _check_fields(f"{path}:{reader.line_num}", header)
                continue
            if len(cells) > len(header):
                raise ConfigError(
                    f"{path}:{reader.line_num}: {len(cells)} cells under {len(header)} columns; "
                    "put text that has a separator in it into double quotes"
                )
            yield reader.line_num, dict(zip(header, cells, strict=False))
    except csv.Error as error:
        raise ConfigError(f"{path}:{reader.line_num}: not CSV: {error}; mend the line") from error


def _yaml_rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        document = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        problem = getattr(error, "problem", None) or "cannot be read"
        raise ConfigError(f"{path}:{line}: not YAML: {problem}; mend the line") from error
    if document is None:
        return
    if not isinstance(document, yaml.SequenceNode):
        raise ConfigError(f"{path}:1: not a list; write '- name: ...' for each camera")
    for node in document.value:
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.MappingNode):
            raise ConfigError(f"{path}:{line}: not a mapping; write '- name: ...'")
        values: dict[str, str] = {}
        for key, value in node.value:
            place = f"{path}:{key.start_mark.line + 1}"
            if not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.ScalarNode):
                raise ConfigError(f"{place}: not a plain text; write 'key: value'")
            # Text as it is written: a MAC of digits is no number in base sixty.
            is_null = value.tag == "tag:yaml.org,2002:null"
            _check_fields(place, [*values, key.value])
            values[key.value] = "" if is_null else value.value.strip()
        yield line, values


def _check_fields(place: str, names: list[str]) -> None:
    for number, name in enumerate(names):
        if name not in FIELDS:
            near = difflib.get_close_matches(name, FIELDS, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(FIELDS)}"
            raise ConfigError(f"{place}: unknown column '{name}'; {hint}")
        if name in names[:number]:
            raise ConfigError(f"{place}: column '{name}' stands there twice; keep one")


def _camera(place: str, values: Mapping[str, str]) -> ListedCamera:
    name = values.get("name", "")
    if not name or name == _RESERVED:
        raise ConfigError(f"{place}: no name; give each camera one of its own")
    for field, text in values.items():
        if len(text) > MOST_TEXT or not text.isprintable():
            raise ConfigError(
                f"{place}: {field} is longer than {MOST_TEXT} characters or holds control "
                "characters; shorten it"
            )
    mac, ip = _mac(place, values.get("mac", "")), _ip(place, values.get("ip", ""))
    if not mac and not ip:
        raise ConfigError(f"{place}: '{name}' has no mac and no ip; give one at least")
    return ListedCamera(
        name,
        mac,
        ip,
        _vlan(place, values.get("vlan", "")),
        values.get("location", ""),
        values.get("brand", ""),
    )


def _mac(place: str, text: str) -> str:
    if not text:
        return ""
    digits = re.sub(r"[:\-.\s]", "", text.lower())
    if not _MAC.fullmatch(digits):
        raise ConfigError(f"{place}: '{text}' is no MAC; write 44:19:b6:12:34:56")
    if int(digits[:2], 16) & 1 or not int(digits, 16):
        raise ConfigError(f"{place}: {text} is the MAC of a group or of nobody; write the camera's")
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _ip(place: str, text: str) -> str:
    if not text:
        return ""
    try:
        return ipaddress.ip_address(text).compressed
    except ValueError as error:
        raise ConfigError(f"{place}: '{text}' is no address; write 10.20.3.11") from error


def _vlan(place: str, text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 4095:
        raise ConfigError(f"{place}: '{text}' is no VLAN id; write 1 to 4094, or nothing")
    return int(text)
