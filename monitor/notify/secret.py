"""Secrets stand in files, are read when they are needed, and are masked in everything that is shown."""

from collections.abc import Iterable
from pathlib import Path

from monitor.errors import ConfigError

MASK = "***"
SHORTEST = 4
"""Shorter secrets are not masked in texts: they would blot out half of them."""


def read(path: Path) -> str:
    """Return the one line of a secret's file.

    It is read anew for each use, so that a key can be changed while camwatch runs.

    Raises:
        ConfigError: It cannot be read, is empty, or has more than one line.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror}; give camwatch a secret file that it may read"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not text; put the secret into it, as one line") from error
    if not text or not text.isprintable():
        why = "more than one line" if text else "empty"
        raise ConfigError(f"{path}: {why}; put the secret into it, as one line")
    return text


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return a text in which no secret stands."""
    for secret in secrets:
        if len(secret) >= SHORTEST:
            text = text.replace(secret, MASK)
    return text
