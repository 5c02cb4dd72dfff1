"""Reads the data files: lists of entries, each checked, with one clear line when one is wrong."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from monitor.errors import ConfigError

MAX_TEXT: Final = 500
"""Longest text of a field. A longer one is a slip of indentation."""

# The C loader is ten times as fast; a PyYAML built without it still works.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_document(path: Path) -> Mapping[str, Any]:
    """Return the mapping that a YAML file holds.

    Raises:
        ConfigError: It cannot be read, is not YAML, or is not a mapping.
    """
    try:
        document = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506  # a safe loader
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name a readable file") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(f"{path}: not YAML: {reason}; mend the file") from error
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: holds no mapping; start with 'version: 1'")
    return document


def load_entries(
    path: Path, key: str, fields: set[str], document: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (label for messages, entry) of the list `key` of a YAML file.

    Args:
        path: The file.
        key: Name of the list.
        fields: Names that an entry may have.
        document: What `load_document` gave, where a file holds several lists.

    Raises:
        ConfigError: There is no such list, or an entry is no mapping or has an unknown field.
    """
    entries = (load_document(path) if document is None else document).get(key)
    if not isinstance(entries, list):
        raise ConfigError(f"{path}: has no list '{key}'; write '{key}:' and its entries below")
    for number, entry in enumerate(entries, start=1):
        label = f"{key}, entry {number}"
        if not isinstance(entry, dict):
            raise ConfigError(f"{path}: {label} is not a mapping; write 'name: ...' lines")
        unknown = sorted(str(name) for name in entry if name not in fields)
        if unknown:
            raise ConfigError(
                f"{path}: {label}: unknown field '{unknown[0]}'; known are "
                f"{', '.join(sorted(fields))}"
            )
        yield label, entry


def text_of(
    path: Path, label: str, entry: Mapping[str, Any], field: str, *, default: str | None = None
) -> str:
    """Return a text field of an entry; a missing one is `default`, or an error where that is None.

    Raises:
        ConfigError: The field is missing, empty, too long or not a text.
    """
    value = entry.get(field, default)
    if isinstance(value, str) and len(value) <= MAX_TEXT and (value or default is not None):
        return value
    raise ConfigError(
        f"{path}: {label}: {field} is {value!r:.60}; write a text (in quotes where YAML would "
        "read NO, 1 or a date)"
    )
