"""Unpacks the shipped databases once, to where they can be mapped into memory."""

import contextlib
import hashlib
import json
import lzma
import os
import stat
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from monitor.data import data_path
from monitor.errors import ConfigError

MANIFEST: Final = "geo.json"


class Workplace:
    """A folder for unpacked files: the user's cache, or a temporary one that goes when closed."""

    def __init__(self, folder: Path | None = None) -> None:
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._folder = folder or cache_folder()

    def epoch(self, name: str) -> int | None:
        """Return the date of the shipped database `name`; None where none is shipped.

        Raises:
            ConfigError: The manifest is damaged.
        """
        if not data_path(f"{name}.mmdb.xz").exists():
            return None
        return _shipped(name).build_epoch

    def unpacked(self, name: str) -> Path:
        """Return the path of the shipped database `name`, unpacked.

        A file of an earlier start is taken when its name and size are those of the manifest; its
        checksum is compared when it is written. The name carries the checksum, so that versions
        of the program do not fight over one file.

        Raises:
            ConfigError: The shipped file is missing or damaged, or there is nowhere to put it.
        """
        packed = data_path(f"{name}.mmdb.xz")
        size, sha256, _ = _shipped(name)
        target = f"{name}-{sha256[:16]}.mmdb"
        path = self._folder / target
        if is_ours(path) and path.stat().st_size == size:
            return path
        raw = _unpack(packed, size, sha256)
        try:
            return write_atomic(path, raw)
        except OSError:
            # A read-only home or a full disk must not stop the program: use a temporary folder.
            return self._write_temporary(target, raw)

    def close(self) -> None:
        """Remove the temporary folder, if there was need of one."""
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def _write_temporary(self, target: str, raw: bytes) -> Path:
        try:
            if self._temporary is None:
                self._temporary = tempfile.TemporaryDirectory(prefix="camwatch-")
            return write_atomic(Path(self._temporary.name) / target, raw)
        except OSError as error:
            raise ConfigError(
                f"{self._folder}: the shipped database cannot be unpacked there, nor in a "
                f"temporary folder ({error.strerror}); make one of them writable"
            ) from error


def cache_folder() -> Path:
    """Return ``$XDG_CACHE_HOME/camwatch``, else ``~/.cache/camwatch``.

    Source: XDG base directory specification; a relative value is to be ignored.
    """
    given = os.environ.get("XDG_CACHE_HOME", "")
    if given and Path(given).is_absolute():
        return Path(given) / "camwatch"
    try:
        return Path.home() / ".cache" / "camwatch"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"camwatch-{os.getuid()}"


def is_ours(path: Path) -> bool:
    """Return whether `path` is a file that this user or root wrote: nobody else's is read."""
    try:
        found = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_uid in (0, os.geteuid())


def write_atomic(path: Path, raw: bytes) -> Path:
    """Write a file so that nobody ever sees a part of it, and return its path.

    Raises:
        OSError: The folder cannot be made or written.
    """
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    return path


class _Shipped(NamedTuple):
    """What the manifest says of a database."""

    size: int
    sha256: str
    build_epoch: int


def _shipped(name: str) -> _Shipped:
    try:
        entry = json.loads(data_path(MANIFEST).read_text("utf-8"))[name]
        return _Shipped(int(entry["size"]), str(entry["sha256"]), int(entry["build_epoch"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{data_path(MANIFEST)}: does not tell the checksum of {name}; reinstall camwatch"
        ) from error


def _unpack(packed: Path, size: int, sha256: str) -> bytes:
    try:
        # The bound keeps a swapped file from filling the memory.
        raw = lzma.LZMADecompressor().decompress(packed.read_bytes(), max_length=size + 1)
    except (OSError, lzma.LZMAError, EOFError) as error:
        raise ConfigError(f"{packed}: cannot be unpacked ({error}); reinstall camwatch") from error
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise ConfigError(f"{packed}: its checksum is wrong; reinstall camwatch")
    return raw
