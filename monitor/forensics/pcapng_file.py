"""Writes pcapng: packets with their time to the nanosecond, their link type and a comment each."""

import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from monitor.errors import OutputError
from monitor.forensics.shown import shown

_SECTION: Final = 0x0A0D0D0A
_INTERFACE: Final = 1
_PACKET: Final = 6
_MAGIC: Final = 0x1A2B3C4D
_UNKNOWN_LENGTH: Final = -1
_COMMENT, _USER_APPLICATION = 1, 4
_IF_NAME, _IF_TSRESOL, _IF_TSOFFSET = 2, 9, 14
_MAX_OPTION: Final = 65_532
"""Bytes of an option's value: its length has 16 bits, and padding follows."""

_HEAD: Final = struct.Struct("<II")
_TAIL: Final = struct.Struct("<I")
_PACKET_BODY: Final = struct.Struct("<IIIII")
_OPTION: Final = struct.Struct("<HH")


class PcapngFile:
    """A capture file in the making. A context manager: left with an error, it leaves no file.

    Written under a temporary name in the same directory, and put in place by `finish`.

    Args:
        path: Where the file is to be.
        comments: Options of the section: text by what it is, ``comment`` or ``application``.
        before_1970_s: Seconds to count times from, 0 or less, so that no time is negative.

    Raises:
        OutputError: The file cannot be written.

    Source:
        draft-ietf-opsawg-pcapng, sections 4.1 to 4.3.
    """

    def __init__(self, path: Path, *, comments: Mapping[str, str], before_1970_s: int = 0) -> None:
        self.path = path
        self.packets = 0
        self._part = path.with_name(path.name + ".part")
        self._offset_s = before_1970_s
        self._interfaces: dict[tuple[str, int], int] = {}
        if path.exists() and not path.is_file():
            raise OutputError(f"{path}: is no regular file; name a new one")
        try:
            self._file = self._part.open("wb", buffering=1 << 20)
        except OSError as error:
            raise _unwritable(path, error) from error
        options = _text_option(_COMMENT, comments.get("comment", ""))
        options += _text_option(_USER_APPLICATION, comments.get("application", ""))
        body = struct.pack("<IHHq", _MAGIC, 1, 0, _UNKNOWN_LENGTH)
        self._write(_SECTION, body + _ended(options))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # What is left in the buffer of a full disk is written once more: that it fails is known.
        with suppress(OSError):
            self._file.close()
        self._part.unlink(missing_ok=True)

    def packet(
        self,
        data: bytes,
        *,
        ts_ns: int,
        wire_len: int,
        interface: tuple[str, int],
        comment: str = "",
    ) -> None:
        """Append a packet.

        Args:
            data: The captured bytes.
            ts_ns: Capture time, ns since 1970-01-01 UTC.
            wire_len: Length on the wire.
            interface: Name and LINKTYPE_ number of where it was seen; described on first use.
            comment: Text for the packet, none where empty.

        Raises:
            OutputError: The disk does not take it.
        """
        number = self._interfaces.get(interface)
        if number is None:
            number = self._interfaces[interface] = len(self._interfaces)
            self._describe(*interface)
        ticks = (ts_ns - self._offset_s * 1_000_000_000) & 0xFFFF_FFFF_FFFF_FFFF
        body = _PACKET_BODY.pack(number, ticks >> 32, ticks & 0xFFFF_FFFF, len(data), wire_len)
        self._write(_PACKET, body + _padded(data) + _ended(_text_option(_COMMENT, comment)))
        self.packets += 1

    def finish(self) -> None:
        """Complete the file and put it in place.

        Raises:
            OutputError: The disk does not take it.
        """
        try:
            self._file.close()
            self._part.replace(self.path)
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def _describe(self, name: str, link_type: int) -> None:
        options = _text_option(_IF_NAME, name) + _option(_IF_TSRESOL, b"\x09")
        if self._offset_s:
            options += _option(_IF_TSOFFSET, struct.pack("<q", self._offset_s))
        self._write(_INTERFACE, struct.pack("<HHI", link_type, 0, 0) + _ended(options))

    def _write(self, kind: int, body: bytes) -> None:
        length = len(body) + 12
        try:
            self._file.write(_HEAD.pack(kind, length) + body + _TAIL.pack(length))
        except OSError as error:
            raise _unwritable(self.path, error) from error


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _option(code: int, value: bytes) -> bytes:
    return _OPTION.pack(code, len(value)) + _padded(value)


def _text_option(code: int, text: str) -> bytes:
    if not text:
        return b""
    value = text.encode("utf-8", "replace")[:_MAX_OPTION]
    return _option(code, value.decode("utf-8", "ignore").encode())


def _ended(options: bytes) -> bytes:
    return options + _OPTION.pack(0, 0) if options else b""


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{shown(str(path))}: {error.strerror}; name a file that can be written")
