"""Flow records as JSON lines: written in parts as they come, put together in time order at the end.

A line is kept without its camera, whose identity is known only when all signs are in; putting
the parts together fills it in. So the file does not depend on how many processes worked, on how
the capture was cut, or on when a camera said who it is.
"""

import array
import dataclasses
import hashlib
import json
import mmap
import queue
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from monitor.errors import OutputError
from monitor.model.clock import utc_text
from monitor.model.records import Device, FlowRecord, Verdict

FILE_NAME = "flows.jsonl"

BATCHES_BEHIND = 8
"""Batches that may wait for the disk; the run waits when there are more."""

LINES_AT_ONCE = 8192


class FlowLines:
    """Turns records into lines of JSON; what repeats is turned once and kept, within a bound.

    Lines are pure ASCII, so that characters and bytes are the same count.
    """

    def __init__(self, bound: int = 1 << 15) -> None:
        self._bound = bound
        self._texts: dict[str, str] = {"": "null"}
        self._verdicts: dict[int, tuple[Verdict, str]] = {}

    def halves(self, record: FlowRecord) -> tuple[str, str]:
        """Return what stands before the camera's object in the line, and what stands after it."""
        (flow_id, community_id, start_ns, end_ns, vlan, scope, protocol, service, _, to,
         initiated_by, outcome, orig, resp, verdict) = record  # fmt: skip
        text = self._text
        known = self._verdicts.get(id(verdict))
        return (
            (
                f'{{"flow_id":"{flow_id}","community_id":"{community_id}",'
                f'"start":"{utc_text(start_ns)}","end":"{utc_text(end_ns)}",'
                f'"vlan":{"null" if vlan is None else vlan},"scope":"{scope}",'
                f'"protocol":"{protocol}","service":{text(service)},"camera":'
            ),
            (
                f',"destination":{{"ip":"{to.ip}","port":{to.port},"name":{text(to.name)},'
                f'"name_source":{text(to.name_source)},"country":{text(to.country)},'
                f'"asn":{to.asn or "null"},"as_org":{text(to.as_org)},'
                f'"operator":{text(to.operator)},"operator_country":{text(to.operator_country)}}},'
                f'"initiated_by":"{initiated_by}","outcome":"{outcome}",'
                f'"orig":{{"ip":"{orig.ip}","port":{orig.port},"packets":{orig.packets},'
                f'"bytes":{orig.bytes}}},'
                f'"resp":{{"ip":"{resp.ip}","port":{resp.port},"packets":{resp.packets},'
                f'"bytes":{resp.bytes}}},'
                f"{known[1] if known is not None else self._verdict(verdict)}}}\n"
            ),
        )

    def line(self, record: FlowRecord) -> str:
        """Return the record as one whole line, with its line feed."""
        head, tail = self.halves(record)
        return head + device_json(record.camera) + tail

    def _text(self, value: str) -> str:
        known = self._texts.get(value)
        if known is None:
            if len(self._texts) >= self._bound:
                self._texts = {"": "null"}
            known = self._texts[value] = json.dumps(value)
        return known

    # Keyed by identity, which is quicker than hashing a nested tuple; holding the object in the
    # value keeps its id from being given to another.
    def _verdict(self, verdict: Verdict) -> str:
        if len(self._verdicts) >= self._bound:
            self._verdicts.clear()
        text = verdict_members(verdict)
        self._verdicts[id(verdict)] = (verdict, text)
        return text


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


class FlowPart:
    """Writes one part of the flow lines.

    A context manager; leaving it leaves no file behind. Encoding and writing run in a thread of
    their own, a few batches behind: both let go of Python's lock.
    """

    def __init__(self, directory: Path, number: int) -> None:
        self._path = directory / f"{FILE_NAME}.part{number}"
        self._lines = FlowLines()
        self._cameras: dict[str, int] = {}
        self._devices: list[Device] = []
        self._columns = {code: array.array(code) for code in "qQHIL"}
        self._file: IO[bytes] = self._path.open("wb", buffering=0)
        self._queue: queue.Queue[list[str] | None] = queue.Queue(BATCHES_BEHIND)
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
        self._path.unlink(missing_ok=True)

    def write(self, records: Iterable[FlowRecord]) -> None:
        """Append records.

        Raises:
            OutputError: What was written before did not reach the disk.
        """
        self._raise_fault()
        halves, cameras = self._lines.halves, self._cameras
        starts, ids, heads, lengths, whose = self._columns.values()
        texts = []
        for record in records:
            head, tail = halves(record)
            camera = cameras.get(record.camera.ip)
            if camera is None:
                camera = cameras[record.camera.ip] = len(cameras)
                self._devices.append(record.camera)
            starts.append(record.start_ns)
            ids.append(int(record.flow_id, 16))
            heads.append(len(head))
            lengths.append(len(head) + len(tail))
            whose.append(camera)
            texts.append(head)
            texts.append(tail)
        if texts:
            self._queue.put(texts)

    def close(self) -> PartIndex:
        """Finish the part and return its index; the file stays until the part is left.

        Raises:
            OutputError: The file could not be written.
        """
        self._stop()
        self._raise_fault()
        starts, ids, heads, lengths, whose = self._columns.values()
        return PartIndex(
            path=self._path,
            start_ns=np.array(starts, np.int64),
            flow_id=np.array(ids, np.uint64),
            head=np.array(heads, np.uint16),
            length=np.array(lengths, np.uint32),
            camera=np.array(whose, np.uint32),
            cameras=self._devices,
        )

    def _run(self) -> None:
        while (texts := self._queue.get()) is not None:
            content = memoryview("".join(texts).encode("ascii"))
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
                digest.update(content)
                left = memoryview(content)
                while left:
                    left = left[file.write(left) :]
        new.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        new.unlink(missing_ok=True)
    return digest.hexdigest()


def _chunks(parts: Sequence[PartIndex], devices: Mapping[str, Device]) -> Iterator[bytes]:
    parts = [part for part in parts if len(part.length)]
    if not parts:
        return
    order = np.lexsort(
        (
            np.concatenate([part.flow_id for part in parts]),
            np.concatenate([part.start_ns for part in parts]),
        )
    )
    which = np.repeat(np.arange(len(parts)), [len(part.length) for part in parts])[order]
    begin = np.concatenate([_offsets(part) for part in parts])[order]
    middle = begin + np.concatenate([part.head for part in parts])[order]
    end = begin + np.concatenate([part.length for part in parts])[order]
    camera = np.concatenate([part.camera for part in parts])[order]
    objects = [
        [device_json(devices.get(device.ip, device)).encode() for device in part.cameras]
        for part in parts
    ]
    contents = [_mapped(part.path) for part in parts]
    try:
        for at in range(0, len(order), LINES_AT_ONCE):
            pieces: list[bytes] = []
            rows = slice(at, at + LINES_AT_ONCE)
            columns = (which[rows], begin[rows], middle[rows], end[rows], camera[rows])
            for part, first, cut, last, who in zip(*(c.tolist() for c in columns), strict=True):
                content = contents[part]
                pieces += (content[first:cut], objects[part][who], content[cut:last])
            yield b"".join(pieces)
    finally:
        for content in contents:
            content.close()


def _offsets(part: PartIndex) -> NDArray[np.int64]:
    ends = np.cumsum(part.length, dtype=np.int64)
    return ends - part.length


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: {error.strerror}; make room or name another directory")
