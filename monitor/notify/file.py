"""Lines of JSON in a file: as Suricata's EVE output, so that shippers of EVE take them along.

The file is opened for each batch, so it may be renamed at any time (logrotate needs no signal);
what is appended is on the disk before it counts as delivered; a line that a kill or a full disk
cut short is ended or taken back, so that every line is whole or alone.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from monitor.errors import ConfigError
from monitor.model.clock import utc_text
from monitor.notify import ecs, ocsf
from monitor.notify.message import Message
from monitor.notify.receipt import Receipt, Result

MODE = 0o640


def eve(message: Message) -> dict[str, Any]:
    """Return a message in the shape of an EVE event of type `camera_egress`.

    Source: Suricata 7, ``doc/userguide/output/eve/eve-json-format.rst``: `timestamp` with
    microseconds and a numeric zone.
    """
    alert = message.alert
    found: dict[str, Any] = {
        "timestamp": utc_text(message.at_ns)[:26] + "+0000",
        "event_type": "camera_egress",
        "host": message.sensor,
    }
    if alert is not None and len(alert.subjects) == 1:
        found["src_ip"] = alert.subjects[0].ip
        if alert.subjects[0].vlan is not None:
            found["vlan"] = [alert.subjects[0].vlan]
    if alert is not None and len(alert.destinations) == 1 and ecs.is_address(alert.destinations[0]):
        found["dest_ip"] = alert.destinations[0]
    found["camera_egress"] = {"id": message.id, "type": message.type, **ecs.own(message)}
    return found


FORMATS: dict[str, Callable[[Message], dict[str, Any]]] = {
    "eve": eve,
    "ecs": ecs.data,
    "ocsf": ocsf.event,
}


class File:
    """A target that is a file."""

    batch = 1000
    refresh_s = 0.0

    def __init__(self, path: Path, form: str) -> None:
        """Take the file and ``eve``, ``ecs`` or ``ocsf``."""
        self._path = path
        self._form = form

    def check(self) -> None:
        """See whether the file can be opened; it is made where there is none.

        Raises:
            ConfigError: It cannot.
        """
        try:
            with _opened(self._path):
                pass
        except OSError as error:
            raise ConfigError(
                f"{self._path}: {error.strerror}; name a file in a directory that camwatch may write"
            ) from error

    def send(self, messages: Sequence[Message], now_ns: int) -> Receipt:  # noqa: ARG002  # as every sender
        """Append messages, a line each."""
        make = FORMATS[self._form]
        data = b"".join(orjson.dumps(make(m), option=orjson.OPT_APPEND_NEWLINE) for m in messages)
        shown = f"{self._path}\n{data.decode()}"
        try:
            with _opened(self._path) as handle:
                _append(handle, data)
        except OSError as error:
            return Receipt(Result.FAILED, error.strerror or str(error), request=shown)
        return Receipt(Result.DELIVERED, request=shown, answer="written to the disk")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    is_new = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, MODE)
    try:
        # Two sensors may share a file.
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)
    if is_new:
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _append(handle: int, data: bytes) -> None:
    size = os.fstat(handle).st_size
    if size and os.pread(handle, 1, size - 1) != b"\n":
        data = b"\n" + data
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(handle, size)
        raise
