"""gzip, zstd and xz as streams of plain bytes, in bounded memory.

Every format is fed in small pieces of fixed size, so that what is lost before a damaged place is
little, and the same however large the reader's buffer is.
"""

import lzma
import zlib
from typing import Protocol

import zstandard

from monitor.capture.window import Source

_RAW_BYTES = 1 << 18
_OUT_BYTES = 1 << 18
_XZ_MEMORY = 256 << 20
"""Most memory for an xz stream; ``xz -9`` needs 65 MiB to decompress."""

_MAGIC_BYTES = 6
_DAMAGE = (zlib.error, lzma.LZMAError, zstandard.ZstdError)


class _Decoder(Protocol):
    """One member of a compressed file."""

    piece_bytes: int
    """How much to feed at a time."""

    @property
    def is_hungry(self) -> bool:
        """Nothing more comes out before something is fed."""

    @property
    def is_done(self) -> bool:
        """The member is complete."""

    @property
    def unused(self) -> bytes:
        """What was fed from behind the end of the member."""

    def decode(self, piece: bytes) -> bytes:
        """Feed `piece`, which is empty unless hungry, and return what comes out."""


class _Gzip:
    piece_bytes = 1 << 14

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._is_full = False
        self._error: zlib.error | None = None

    @property
    def is_hungry(self) -> bool:
        return not self._is_full and not self._stream.unconsumed_tail and self._error is None

    @property
    def is_done(self) -> bool:
        return self._stream.eof

    @property
    def unused(self) -> bytes:
        return self._stream.unused_data

    def decode(self, piece: bytes) -> bytes:
        if self._error is not None:
            raise self._error
        piece = piece or self._stream.unconsumed_tail
        before = self._stream.copy()
        try:
            out = self._stream.decompress(piece, _OUT_BYTES)
        except zlib.error as error:
            # zlib drops what it made of this piece; a wrong checksum at the very end would cost
            # all of a small file. The copy goes byte by byte to the damaged place instead.
            self._error = error
            return _up_to_damage(before, piece)
        self._is_full = len(out) == _OUT_BYTES
        return out


def _up_to_damage(stream: "zlib._Decompress", piece: bytes) -> bytes:
    out = bytearray()
    try:
        for at in range(len(piece)):
            out += stream.decompress(piece[at : at + 1])
    except zlib.error:
        pass
    return bytes(out)


class _Xz:
    piece_bytes = 1 << 14

    def __init__(self) -> None:
        self._stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    @property
    def is_hungry(self) -> bool:
        return self._stream.needs_input

    @property
    def is_done(self) -> bool:
        return self._stream.eof

    @property
    def unused(self) -> bytes:
        return self._stream.unused_data

    def decode(self, piece: bytes) -> bytes:
        return self._stream.decompress(piece, _OUT_BYTES)


class _Zstd:
    # What comes out of one piece cannot be limited. Four bytes can stand for a block of 128 KiB,
    # so a hostile piece of this size makes 128 MiB, which is also the largest window accepted.
    piece_bytes = 1 << 12
    is_hungry = True

    def __init__(self) -> None:
        self._stream = zstandard.ZstdDecompressor().decompressobj()

    @property
    def is_done(self) -> bool:
        return self._stream.eof

    @property
    def unused(self) -> bytes:
        return self._stream.unused_data

    def decode(self, piece: bytes) -> bytes:
        return self._stream.decompress(piece)


_DECODERS: dict[str, type[_Gzip] | type[_Xz] | type[_Zstd]] = {
    "gzip": _Gzip,
    "xz": _Xz,
    "zstd": _Zstd,
}


def compression_of(head: bytes) -> str:
    """Return ``gzip``, ``zstd``, ``xz`` or ``none`` by the first bytes of a file.

    Source:
        RFC 1952 section 2.3.1; RFC 8878 sections 3.1.1 and 3.1.2 (skippable frames, which some
        writers put first); the .xz file format 1.2.1, section 2.1.1.1.
    """
    if head.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return "zstd"
    if head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50:
        return "zstd"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    return "none"


class CompressedSource:
    """The plain bytes of a compressed stream, of one member or several.

    Args:
        compression: ``gzip``, ``zstd`` or ``xz``.
        head: Bytes that were read from `raw` already.
        raw: The compressed stream.
    """

    def __init__(self, compression: str, head: bytes, raw: Source) -> None:
        self.fault = ""
        self._name = compression
        self._raw = raw
        self._room = memoryview(bytearray(_RAW_BYTES))
        self._chunk = head
        self._used = 0
        self._origin = 0
        self._fed_at = 0
        self._out = memoryview(b"")
        self._decoder: _Decoder | None = _DECODERS[compression]()

    def read_into(self, room: memoryview) -> int:
        """Fill `room` as far as that needs one read of the compressed stream; 0 at the end."""
        total = 0
        while total < len(room):
            if not self._out:
                dry = self._used == len(self._chunk)
                if total and dry and (self._decoder is None or self._decoder.is_hungry):
                    break
                if not self._advance():
                    break
            count = min(len(room) - total, len(self._out))
            room[total : total + count] = self._out[:count]
            self._out = self._out[count:]
            total += count
        return total

    def _advance(self) -> bool:
        """Take one step; False at the end of the stream."""
        if self._decoder is None and not self._next_member():
            return False
        decoder = self._decoder
        if decoder is None or self.fault:
            return False
        piece = b""
        if decoder.is_hungry:
            self._fed_at = self._origin + self._used
            if self._used == len(self._chunk) and not self._read():
                self.fault = self._raw.fault or (
                    f"compressed byte {self._fed_at}: the file ends inside the {self._name} stream"
                )
                return False
            piece = self._chunk[self._used : self._used + decoder.piece_bytes]
            self._used += len(piece)
        try:
            self._out = memoryview(decoder.decode(piece))
        except _DAMAGE as error:
            self.fault = (
                f"compressed byte {self._fed_at}: the {self._name} stream is damaged: {error}"
            )
            return False
        if decoder.is_done:
            self._used -= len(decoder.unused)
            self._decoder = None
        return True

    def _next_member(self) -> bool:
        """Start the member that follows; False where none does."""
        # Archivers on tapes filled up with zeros, and xz aligns to 4 bytes with them.
        rest = self._chunk[self._used :].lstrip(b"\0")
        while len(rest) < _MAGIC_BYTES:
            self._used = len(self._chunk) - len(rest)
            if not self._read():
                break
            rest = self._chunk[self._used :].lstrip(b"\0")
        self._used = len(self._chunk) - len(rest)
        if not rest:
            self.fault = self._raw.fault
            return False
        if compression_of(rest) != self._name:
            at = self._origin + self._used
            self.fault = f"compressed byte {at}: something else follows the {self._name} stream"
            return False
        self._decoder = _DECODERS[self._name]()
        return True

    def _read(self) -> bool:
        """Append a read of the compressed stream to what is left of the last; False at its end."""
        count = self._raw.read_into(self._room)
        self._origin += self._used
        self._chunk = self._chunk[self._used :] + self._room[:count]
        self._used = 0
        return count > 0
