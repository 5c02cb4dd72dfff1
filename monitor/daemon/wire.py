"""Messages between a worker and the keeper: bytes that the keeper need not trust.

A worker reads what strangers send. Should one of its parsers be broken into, its messages must not
be able to do more than say something untrue: so they are columns of numbers, checked against what
they point to, and JSON; never pickles. What does not fit raises `WireError`, and the keeper ends the
worker.

A message is its length (u32, of what follows), its kind (u8) and its body. Numbers are in host
order, both ends being one machine. A body of records is: rows (u32), length of the JSON (u32), the
JSON, then the columns of `RecordBatch` in order. The JSON holds what is new in the vocabulary.
"""

import struct
from collections.abc import Callable, Iterator
from enum import Enum, IntEnum
from typing import Any, NamedTuple, TypeVar, cast, get_args, get_origin, get_type_hints

import numpy as np
import orjson

from monitor.model.arrays import columns_of
from monitor.model.facts import Dissection
from monitor.model.records import Device, Verdict
from monitor.model.rows import SCOPES, Party, RecordBatch, Vocabulary
from monitor.model.words import OUTCOMES

MOST_BYTES = 256 << 20
"""Longest message that is believed."""

_HEADER = struct.Struct("=IB")
_COUNTS = struct.Struct("=II")
_ID_BYTES = 30
_COLUMNS = {name: dtype for name, (dtype, _) in columns_of(RecordBatch).items()}
_LISTS = ("cameras", "parties", "verdicts", "dissections")
_POINTS = dict(zip(("camera", "party", "verdict", "dissection"), _LISTS, strict=True))
_LIMITS = {"scope": len(SCOPES), "outcome": len(OUTCOMES)}
_LIMITS |= {name: 2 for name, dtype in _COLUMNS.items() if dtype == np.bool_}

T = TypeVar("T")


class Kind(IntEnum):
    """What a message says."""

    RECORDS = 1
    STATUS = 2
    """Counters and what is known of devices, as JSON."""

    GOODBYE = 3
    """The last status: everything was handed over."""

    RELOAD = 4
    """To the worker: read settings, catalogue and databases again; the settings as JSON."""

    PACKETS = 5
    """Packets for the ring of recent ones."""

    START = 6
    """To the worker, first: its `Orders` as JSON."""

    REFUSED = 7
    """The worker goes on with what it had: why it could not reload."""


class WireError(Exception):
    """A message is none of ours."""


class Message(NamedTuple):
    """A message as it came."""

    kind: Kind
    body: memoryview


def packed(kind: Kind, *parts: bytes | memoryview) -> list[bytes | memoryview]:
    """Return the pieces of a message, to be written one after the other."""
    return [_HEADER.pack(1 + sum(len(part) for part in parts), kind), *parts]


def as_json(value: object) -> bytes:
    """Return JSON of plain data and of our named tuples; odd text is replaced, not refused."""
    try:
        return orjson.dumps(value, default=tuple)
    except TypeError:
        return orjson.dumps(_cleaned(value), default=tuple)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, tuple | list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    return value


class Messages:
    """Puts messages together from the bytes of a stream."""

    def __init__(self) -> None:
        self._held = bytearray()

    def take(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that are complete now.

        Raises:
            WireError: This cannot be a message.
        """
        self._held += data
        at = 0
        while len(self._held) - at >= _HEADER.size:
            length, kind = _HEADER.unpack_from(self._held, at)
            if not 1 <= length <= MOST_BYTES or kind not in tuple(Kind):
                raise WireError(f"kind {kind} of {length} bytes")
            if len(self._held) - at < length + 4:
                break
            yield Message(Kind(kind), memoryview(bytes(self._held[at + 5 : at + 4 + length])))
            at += 4 + length
        del self._held[:at]


class RecordSender:
    """Turns batches of records into messages, each with what is new in their vocabulary."""

    def __init__(self) -> None:
        self._words: Vocabulary | None = None
        self._sent = dict.fromkeys(_LISTS, 0)

    def message(self, batch: RecordBatch) -> list[bytes | memoryview]:
        """Return the pieces of the message of a batch."""
        is_new = batch.words is not self._words
        if is_new:
            self._words, self._sent = batch.words, dict.fromkeys(_LISTS, 0)
        told: dict[str, Any] = {"new": is_new}
        for name in _LISTS:
            items = getattr(batch.words, name)
            told[name] = items[self._sent[name] :]
            self._sent[name] = len(items)
        words = as_json(told)
        columns = [np.ascontiguousarray(getattr(batch, name)).data.cast("B") for name in _COLUMNS]
        ids = batch.community_id.astype(f"S{_ID_BYTES}").tobytes()
        return packed(
            Kind.RECORDS, _COUNTS.pack(len(batch), len(words)), words, *columns, memoryview(ids)
        )


class RecordReceiver:
    """Turns messages of one worker into batches again."""

    def __init__(self) -> None:
        self._words = Vocabulary()

    def batch(self, body: memoryview) -> RecordBatch:
        """Return the batch of a message.

        Raises:
            WireError: It contradicts itself.
        """
        if len(body) < _COUNTS.size:
            raise WireError("records without counts")
        rows, words = _COUNTS.unpack_from(body)
        row_bytes = sum(dtype.itemsize for dtype in _COLUMNS.values()) + _ID_BYTES
        if len(body) != _COUNTS.size + words + rows * row_bytes:
            raise WireError(f"{rows} rows in {len(body)} bytes")
        at = _COUNTS.size + words
        self._learn(_plain(body[_COUNTS.size : at]))
        columns: dict[str, Any] = {}
        for name, dtype in _COLUMNS.items():
            stored = np.dtype(np.uint8) if dtype == np.bool_ else dtype
            column = np.frombuffer(body, stored, rows, at)
            at += rows * dtype.itemsize
            limit = (
                len(getattr(self._words, _POINTS[name])) if name in _POINTS else _LIMITS.get(name)
            )
            if limit is not None and rows and int(column.max()) >= limit:
                raise WireError(f"column {name} points to {int(column.max())} of {limit}")
            columns[name] = column.astype(np.bool_) if dtype == np.bool_ else column
        ids = np.frombuffer(body, f"S{_ID_BYTES}", rows, at)
        return RecordBatch(words=self._words, community_id=ids, **columns)

    def _learn(self, told: dict[str, Any]) -> None:
        if told.get("new"):
            self._words = Vocabulary()
        words = self._words
        words.cameras += _each(told, "cameras", device)
        words.parties += _each(told, "parties", _party)
        words.verdicts += _each(told, "verdicts", _verdict)
        words.dissections += _each(told, "dissections", _dissection)


def plain(body: memoryview) -> dict[str, Any]:
    """Return the JSON object of a status.

    Raises:
        WireError: It is none.
    """
    return _plain(body)


def _plain(body: memoryview) -> dict[str, Any]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise WireError(f"not JSON: {error}") from error
    if not isinstance(told, dict):
        raise WireError("not a JSON object")
    return told


def device(item: object) -> Device:
    """Return the device of a list, as `as_json` wrote it.

    Raises:
        WireError: It is none.
    """
    try:
        return _device(item)
    except (TypeError, ValueError) as error:
        raise WireError(f"not a device: {error}") from error


def _each(told: dict[str, Any], name: str, make: Callable[[object], T]) -> list[T]:
    items = told.get(name)
    if not isinstance(items, list):
        raise WireError(f"{name}: not a list")
    try:
        return [make(item) for item in items]
    except (TypeError, ValueError) as error:
        raise WireError(f"{name}: {error}") from error


def _reader(kind: Any) -> Callable[[object], Any]:
    """Return what makes a value of a type out of JSON, and raises where it is of another."""
    if get_origin(kind) is tuple:
        part = _reader(get_args(kind)[0])
        return lambda item: tuple(part(value) for value in _as(list, item))
    if issubclass(kind, tuple):
        parts = [_reader(hint) for hint in get_type_hints(kind).values()]
        return lambda item: kind._make(
            part(value) for part, value in zip(parts, _as(list, item), strict=True)
        )
    if issubclass(kind, Enum):
        return cast("Callable[[object], Any]", kind)
    if kind is float:
        return lambda item: float(_as((int, float), item))
    return lambda item: _as(kind, item)


def _as(kind: Any, item: object) -> Any:
    if not isinstance(item, kind):
        raise TypeError(f"{kind} wanted, not {item!r:.80}")
    return item


_device: Callable[[object], Device] = _reader(Device)
_party: Callable[[object], Party] = _reader(Party)
_verdict: Callable[[object], Verdict] = _reader(Verdict)
_dissection: Callable[[object], Dissection] = _reader(Dissection)
