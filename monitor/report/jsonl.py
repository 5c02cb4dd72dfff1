"""Flow records as JSON lines: written in parts as they come, put together in time order at the end.

A line is kept without its camera, whose identity is known only when all signs are in; putting
the parts together fills it in. So the file does not depend on how many processes worked, on how
the capture was cut, or on when a camera said who it is.
"""

import dataclasses
import hashlib
import json
import mmap
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from monitor.errors import OutputError
from monitor.model.addresses import ip_text
from monitor.model.arrays import I64, U8, U16, U32, U64
from monitor.model.clock import utc_text
from monitor.model.records import Device, FlowRecord, Verdict
from monitor.model.rows import MOST_WORDS, SCOPES, Party, RecordBatch, Vocabulary, protocol_text
from monitor.model.words import OUTCOMES
from monitor.report import kernel_lines

FILE_NAME = "flows.jsonl"

BATCHES_BEHIND = 2
"""Batches that may wait for the disk; the run waits when there are more."""

LINES_AT_ONCE = 8192


class Fragments:
    """Pieces of ASCII text behind one another, in arrays that grow by doubling."""

    def __init__(self) -> None:
        self._data = np.zeros(1 << 16, np.uint8)
        self._begin = np.zeros(1 << 10, np.int64)
        self.count = 0

    def add(self, text: str) -> int:
        """Add a piece; return its number."""
        content = np.frombuffer(text.encode("ascii"), np.uint8)
        start = int(self._begin[self.count])
        end = start + len(content)
        if end > len(self._data):
            self._data = np.concatenate([self._data, np.zeros(max(end, len(self._data)), np.uint8)])
        if self.count + 2 > len(self._begin):
            self._begin = np.concatenate([self._begin, np.zeros_like(self._begin)])
        self._data[start:end] = content
        self._begin[self.count + 1] = end
        self.count += 1
        return self.count - 1

    @property
    def pieces(self) -> kernel_lines.Fragments:
        """What the kernel reads."""
        return kernel_lines.Fragments(self._data, self._begin)

    def lengths(self, pieces: I64) -> int:
        """Return the bytes of some pieces together."""
        return int((self._begin[pieces + 1] - self._begin[pieces]).sum())


class _Pieces:
    """The pieces of one vocabulary: for each of its lists, the piece of each entry so far."""

    def __init__(self, words: Vocabulary) -> None:
        self.words = words
        self.fragments = Fragments()
        self.addresses: dict[int, int] = {}
        self._parties: list[int] = []
        self._verdicts: list[int] = []
        self._services: list[int] = []
        self._service_pieces: dict[str, int] = {}

    def catch_up(self) -> tuple[I64, I64, I64]:
        """Take in new entries; return the pieces of parties, verdicts and services."""
        add, words = self.fragments.add, self.words
        for party in words.parties[len(self._parties) :]:
            self._parties.append(add(party_members(party)))
        for verdict in words.verdicts[len(self._verdicts) :]:
            self._verdicts.append(add(verdict_members(verdict)))
        for dissection in words.dissections[len(self._services) :]:
            service = dissection.service
            piece = self._service_pieces.get(service)
            if piece is None:
                piece = self._service_pieces[service] = add(json.dumps(service or None))
            self._services.append(piece)
        return (
            np.array(self._parties, np.int64),
            np.array(self._verdicts, np.int64),
            np.array(self._services, np.int64),
        )

    def address_pieces(self, hi: U64, lo: U64) -> I64:
        """Return the piece of each address that is not IPv4, and -1 for the others."""
        pieces = np.full(len(hi), -1, np.int64)
        for row in np.flatnonzero((hi != 0) | (lo >> np.uint64(32) != 0xFFFF)).tolist():
            number = int(hi[row]) << 64 | int(lo[row])
            piece = self.addresses.get(number)
            if piece is None:
                piece = self.fragments.add(ip_text(int(hi[row]), int(lo[row])))
                self.addresses[number] = piece
            pieces[row] = piece
        return pieces

    @property
    def is_full(self) -> bool:
        """Whether addresses were so many that it is better to begin anew."""
        return len(self.addresses) > MOST_WORDS


class FlowLines:
    """Turns batches of records into lines, without the camera's object. Pure ASCII."""

    def __init__(self) -> None:
        self._pieces = _Pieces(Vocabulary())
        small = Fragments()
        for text in (*SCOPES, *OUTCOMES, *map(protocol_text, range(256))):
            small.add(text)
        data, begin = small.pieces
        self._small = kernel_lines.Small(data, begin, len(SCOPES), len(SCOPES) + len(OUTCOMES))

    def lines(self, batch: RecordBatch) -> tuple[U8, U16, U32]:
        """Return the lines, and of each the bytes before the camera's object and in all."""
        pieces = self._pieces
        if pieces.words is not batch.words or pieces.is_full:
            pieces = self._pieces = _Pieces(batch.words)
        parties, verdicts, services = pieces.catch_up()
        rows = kernel_lines.Rows(
            flow_id=batch.flow_id,
            community_id=np.frombuffer(batch.community_id.tobytes(), np.uint8),
            community_width=batch.community_id.dtype.itemsize,
            start_ns=batch.start_ns,
            end_ns=batch.end_ns,
            vlan=batch.vlan,
            scope=batch.scope,
            protocol=batch.protocol,
            outcome=batch.outcome,
            is_ours=batch.is_ours,
            orig_lo=batch.orig_lo,
            resp_lo=batch.resp_lo,
            orig_text=pieces.address_pieces(batch.orig_hi, batch.orig_lo),
            resp_text=pieces.address_pieces(batch.resp_hi, batch.resp_lo),
            orig_port=batch.orig_port,
            resp_port=batch.resp_port,
            orig_pkts=batch.orig_pkts,
            resp_pkts=batch.resp_pkts,
            orig_bytes=batch.orig_bytes,
            resp_bytes=batch.resp_bytes,
            service=services[batch.dissection],
            party=parties[batch.party],
            verdict=verdicts[batch.verdict],
        )
        fragments = pieces.fragments
        room = kernel_lines.MOST_FIXED * len(batch) + sum(
            fragments.lengths(column) for column in (rows.service, rows.party, rows.verdict)
        )
        out = np.empty(room, np.uint8)
        head, length = np.empty(len(batch), np.uint16), np.empty(len(batch), np.uint32)
        end = kernel_lines.write_lines(rows, fragments.pieces, self._small, out, head, length)
        return out[:end], head, length


def line(record: FlowRecord) -> str:
    """Return one record as a whole line: what `FlowLines` does, slowly and plainly."""
    return _plain(members(record)) + "\n"


def members(record: FlowRecord) -> dict[str, Any]:
    """Return the members of the line of a record."""
    to = record.destination
    sides = {
        name: {"ip": side.ip, "port": side.port, "packets": side.packets, "bytes": side.bytes}
        for name, side in (("orig", record.orig), ("resp", record.resp))
    }
    return {
        "flow_id": record.flow_id,
        "community_id": record.community_id,
        "start": utc_text(record.start_ns),
        "end": utc_text(record.end_ns),
        "vlan": record.vlan,
        "scope": str(record.scope),
        "protocol": record.protocol,
        "service": record.service or None,
        "camera": json.loads(device_json(record.camera)),
        "destination": {"ip": to.ip, "port": to.port}
        | json.loads("{" + party_members(Party(*to[2:]))[1:-1] + "}"),
        "initiated_by": record.initiated_by,
        "outcome": record.outcome,
        **sides,
        **json.loads("{" + verdict_members(record.verdict) + "}"),
    }


def party_members(party: Party) -> str:
    """Return the members of ``destination`` behind the port, and the brace that closes it."""
    name, source, country, asn, as_org, operator, operator_country, host, home = map(_text, party)
    return (
        f',"name":{name},"name_source":{source},"country":{country},"asn":{asn},'
        f'"as_org":{as_org},"operator":{operator},"operator_country":{operator_country},'
        f'"hosting":{host},"hosting_country":{home}}}'
    )


@lru_cache(1 << 15)
def _text(value: str | int) -> str:
    return json.dumps(value or None)


def _plain(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def device_json(device: Device) -> str:
    """Return the object ``camera`` of a flow line."""
    return _plain(
        {
            "ip": device.ip,
            "mac": device.mac or None,
            "maker": device.maker or None,
            "brand": device.brand or None,
            "kind": str(device.kind),
            "name": device.name or None,
        }
    )


def verdict_members(verdict: Verdict) -> str:
    """Return the members ``purpose``, ``confidence`` and ``evidence`` of a flow line."""
    members = {
        "purpose": str(verdict.purpose),
        "confidence": str(verdict.confidence),
        "evidence": [
            {"kind": e.kind, "value": e.value, "catalog": e.catalog or None}
            for e in verdict.evidence
        ],
    }
    return _plain(members)[1:-1]


@dataclasses.dataclass(slots=True, kw_only=True)
class PartIndex:
    """Where the lines of a part stand, row by row; 26 bytes a flow."""

    path: Path
    start_ns: NDArray[np.int64]
    flow_id: NDArray[np.uint64]
    head: NDArray[np.uint16]
    """Bytes before the camera's object."""

    length: NDArray[np.uint32]
    """Bytes of the line without it."""

    camera: NDArray[np.uint32]
    """Index into `cameras`."""

    cameras: Sequence[Device]


def part_path(directory: Path, number: int) -> Path:
    """Return where a part lies until the parts are put together."""
    return directory / f"{FILE_NAME}.part{number}"


class FlowPart:
    """Writes one part of the flow lines.

    A context manager; leaving it leaves no file behind, unless the file is handed on. Writing runs
    in a thread of its own, a few batches behind.
    """

    def __init__(self, directory: Path, number: int) -> None:
        self._path = part_path(directory, number)
        self._is_handed_on = False
        self._lines = FlowLines()
        self._cameras: dict[str, int] = {}
        self._devices: list[Device] = []
        self._words: Vocabulary | None = None
        self._known: list[int] = []
        self._columns: list[tuple[I64, U64, U16, U32, U32]] = []
        self._file: IO[bytes] = self._path.open("wb", buffering=0)
        self._queue: queue.Queue[U8 | None] = queue.Queue(BATCHES_BEHIND)
        self._fault: OSError | None = None
        self._writer = threading.Thread(target=self._run, name="flows.jsonl", daemon=True)
        self._writer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        if not self._is_handed_on:
            self._path.unlink(missing_ok=True)

    def hand_on(self) -> None:
        """Leave the file to another process, which removes it."""
        self._is_handed_on = True

    def write(self, batch: RecordBatch) -> None:
        """Append records.

        Raises:
            OutputError: What was written before did not reach the disk.
        """
        self._raise_fault()
        if not len(batch):
            return
        content, head, length = self._lines.lines(batch)
        self._columns.append((batch.start_ns, batch.flow_id, head, length, self._whose(batch)))
        self._queue.put(content)

    def _whose(self, batch: RecordBatch) -> U32:
        """Return the camera of each row as an index into the part's own cameras."""
        if batch.words is not self._words:
            self._words, self._known = batch.words, []
        for device in batch.words.cameras[len(self._known) :]:
            number = self._cameras.get(device.ip)
            if number is None:
                number = self._cameras[device.ip] = len(self._devices)
                self._devices.append(device)
            self._known.append(number)
        return np.array(self._known, np.uint32)[batch.camera]

    def close(self) -> PartIndex:
        """Finish the part and return its index; the file stays until the part is left.

        Raises:
            OutputError: The file could not be written.
        """
        self._stop()
        self._raise_fault()
        kinds = (np.int64, np.uint64, np.uint16, np.uint32, np.uint32)
        starts, ids, heads, lengths, whose = (
            np.concatenate([np.zeros(0, kind), *(row[at] for row in self._columns)])
            for at, kind in enumerate(kinds)
        )
        return PartIndex(
            path=self._path,
            start_ns=starts,
            flow_id=ids,
            head=heads,
            length=lengths,
            camera=whose,
            cameras=self._devices,
        )

    def _run(self) -> None:
        while (lines := self._queue.get()) is not None:
            content = memoryview(lines.data)
            try:
                while content and self._fault is None:
                    content = content[self._file.write(content) :]
            except OSError as error:
                self._fault = error

    def _stop(self) -> None:
        if self._writer.is_alive():
            self._queue.put(None)
            self._writer.join()
        self._file.close()

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise _unwritable(self._path, self._fault) from self._fault


def put_together(directory: Path, parts: Sequence[PartIndex], devices: Mapping[str, Device]) -> str:
    """Write flows.jsonl from its parts: by start, then id; each camera as known at the end.

    Returns:
        SHA-256 of the file.

    Raises:
        OutputError: The file cannot be written.
    """
    path = directory / FILE_NAME
    new = directory / (FILE_NAME + ".new")
    digest = hashlib.sha256()
    try:
        with new.open("wb", buffering=0) as file:
            for content in _chunks(parts, devices):
                left = memoryview(content.data)
                digest.update(left)
                while left:
                    left = left[file.write(left) :]
        new.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        new.unlink(missing_ok=True)
    return digest.hexdigest()


def _chunks(parts: Sequence[PartIndex], devices: Mapping[str, Device]) -> Iterator[U8]:
    """Yield the file piece by piece; each holds until the next is asked for."""
    parts = [part for part in parts if len(part.length)]
    if not parts:
        return
    order = np.lexsort(
        (
            np.concatenate([part.flow_id for part in parts]),
            np.concatenate([part.start_ns for part in parts]),
        )
    )
    counts = [len(part.length) for part in parts]
    which = np.repeat(np.arange(len(parts)), counts)[order]
    row = order - np.concatenate([[0], np.cumsum(counts)])[which]
    laid = [_Laid(part, devices) for part in parts]
    size = np.concatenate([part.size for part in laid])[order]
    # One buffer for all: fresh memory costs as much as what is written to it.
    most = max(
        int(size[at : at + LINES_AT_ONCE].sum()) for at in range(0, len(size), LINES_AT_ONCE)
    )
    buffer = np.empty(most, np.uint8)
    try:
        for at in range(0, len(order), LINES_AT_ONCE):
            here = slice(at, at + LINES_AT_ONCE)
            ends = np.cumsum(size[here])
            room = buffer[: int(ends[-1])]
            for number, part in enumerate(laid):
                mine = which[here] == number
                part.put(row[here][mine], room, (ends - size[here])[mine])
                part.forget()
            yield room
    finally:
        for part in laid:
            part.close()


class _Laid:
    """A part laid open: its lines in memory, and the object of each of its cameras."""

    def __init__(self, part: PartIndex, devices: Mapping[str, Device]) -> None:
        objects = [device_json(devices.get(d.ip, d)).encode() for d in part.cameras]
        self._part = part
        self._objects = np.frombuffer(b"".join(objects), np.uint8)
        self._object_begin = np.cumsum([0, *map(len, objects)])
        self._begin = np.cumsum(part.length, dtype=np.int64) - part.length
        self.size = part.length + np.diff(self._object_begin)[part.camera]
        """Bytes of each line with its camera."""

        self._map = _mapped(part.path)
        self._content = np.frombuffer(self._map, np.uint8)

    def put(self, rows: I64, room: U8, at: I64) -> None:
        """Copy the lines of some rows to their places in `room`."""
        part = self._part
        kernel_lines.put_lines(
            self._content, self._begin, part.head, part.length, part.camera, self._objects,
            self._object_begin, rows, room, at,
        )  # fmt: skip

    def forget(self) -> None:
        """Give the memory back that lines were read into: the file has them."""
        self._map.madvise(mmap.MADV_DONTNEED)

    def close(self) -> None:
        """Let go of the lines."""
        # The map cannot be closed while an array looks into it.
        self._content = np.zeros(0, np.uint8)
        self._map.close()


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: {error.strerror}; make room or name another directory")
