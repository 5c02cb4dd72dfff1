"""Flow records as JSON lines, written as they come and mended where a camera became known late."""

import hashlib
import queue
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import orjson

from monitor.errors import OutputError
from monitor.model.clock import utc_text
from monitor.model.records import Device, FlowRecord, Verdict

FILE_NAME = "flows.jsonl"

BATCHES_BEHIND = 8
"""Batches that may wait for the disk; the run waits when there are more."""

_CAMERA = b',"camera":'
_DESTINATION = b',"destination":'
_IP_END = b'",'


class FlowLines:
    """Turns records into lines of JSON; what repeats is turned once and kept, within a bound."""

    def __init__(self, bound: int = 1 << 16) -> None:
        self._bound = bound
        self._texts: dict[str, str] = {"": "null"}
        self._verdicts: dict[int, tuple[Verdict, str]] = {}
        self._devices: dict[int, tuple[Device, str]] = {}

    def line(self, record: FlowRecord) -> str:
        """Return the record as one line, with its line feed."""
        (flow_id, community_id, start_ns, end_ns, vlan, scope, protocol, service, camera, to,
         initiated_by, outcome, orig, resp, verdict) = record  # fmt: skip
        text = self._text
        return (
            f'{{"flow_id":"{flow_id}","community_id":"{community_id}",'
            f'"start":"{utc_text(start_ns)}","end":"{utc_text(end_ns)}",'
            f'"vlan":{"null" if vlan is None else vlan},"scope":"{scope}",'
            f'"protocol":"{protocol}","service":{text(service)}'
            f',"camera":{self._device(camera)},"destination":{{'
            f'"ip":"{to.ip}","port":{to.port},"name":{text(to.name)},'
            f'"name_source":{text(to.name_source)},"country":{text(to.country)},'
            f'"asn":{to.asn or "null"},"as_org":{text(to.as_org)},'
            f'"operator":{text(to.operator)},"operator_country":{text(to.operator_country)}}},'
            f'"initiated_by":"{initiated_by}","outcome":"{outcome}",'
            f'"orig":{{"ip":"{orig.ip}","port":{orig.port},"packets":{orig.packets},'
            f'"bytes":{orig.bytes}}},'
            f'"resp":{{"ip":"{resp.ip}","port":{resp.port},"packets":{resp.packets},'
            f'"bytes":{resp.bytes}}},'
            f"{self._verdict(verdict)}}}\n"
        )

    def _text(self, value: str) -> str:
        known = self._texts.get(value)
        if known is None:
            if len(self._texts) >= self._bound:
                self._texts = {"": "null"}
            known = self._texts[value] = orjson.dumps(value).decode()
        return known

    # Keyed by identity, which is quicker than hashing a nested tuple; holding the object in the
    # value keeps its id from being given to another.
    def _verdict(self, verdict: Verdict) -> str:
        known = self._verdicts.get(id(verdict))
        if known is None:
            if len(self._verdicts) >= self._bound:
                self._verdicts.clear()
            known = self._verdicts[id(verdict)] = (verdict, verdict_members(verdict))
        return known[1]

    def _device(self, device: Device) -> str:
        known = self._devices.get(id(device))
        if known is None:
            if len(self._devices) >= self._bound:
                self._devices.clear()
            known = self._devices[id(device)] = (device, device_json(device))
        return known[1]


def device_json(device: Device) -> str:
    """Return the member ``camera`` of a flow line; it starts with the address."""
    rest = {
        "mac": device.mac or None,
        "maker": device.maker or None,
        "brand": device.brand or None,
        "kind": str(device.kind),
    }
    return f'{{"ip":"{device.ip}",{orjson.dumps(rest).decode()[1:]}'


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
    return orjson.dumps(members).decode()[1:-1]


class FlowFile:
    """Writes ``flows.jsonl``: to a temporary name first, so that a broken-off run leaves none.

    A context manager; leaving it without `finish` leaves nothing behind. Encoding, hashing and
    writing run in a thread of their own, a few batches behind: all three let go of the lock.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE_NAME
        self._part = directory / (FILE_NAME + ".part")
        self._lines = FlowLines()
        self._written: dict[str, Device] = {}
        self._file: IO[bytes] = self._part.open("wb", buffering=0)
        self._hash = hashlib.sha256()
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
        self._part.unlink(missing_ok=True)

    def write(self, records: Iterable[FlowRecord]) -> None:
        """Append records.

        Raises:
            OutputError: What was written before did not reach the disk.
        """
        self._raise_fault()
        line, written = self._lines.line, self._written
        texts = []
        for record in records:
            camera = record.camera
            written[camera.ip] = camera
            texts.append(line(record))
        if texts:
            self._queue.put(texts)

    def finish(self, devices: Mapping[str, Device]) -> str:
        """Put in what became known of cameras after their flows were written, and publish.

        Returns:
            SHA-256 of the file.

        Raises:
            OutputError: The file cannot be written.
        """
        self._stop()
        self._raise_fault()
        digest = self._hash.hexdigest()
        late = {
            ip.encode(): device_json(devices[ip]).encode()
            for ip, device in self._written.items()
            if ip in devices and devices[ip] != device
        }
        if late:
            try:
                digest = self._mend(late)
            except OSError as error:
                raise _unwritable(self.path, error) from error
        self._part.replace(self.path)
        return digest

    def _run(self) -> None:
        while (texts := self._queue.get()) is not None:
            content = "".join(texts).encode()
            try:
                self._file.write(content)
            except OSError as error:
                self._fault = error
            self._hash.update(content)

    def _stop(self) -> None:
        if self._writer.is_alive():
            self._queue.put(None)
            self._writer.join()
        self._file.close()

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise _unwritable(self.path, self._fault) from self._fault

    def _mend(self, late: Mapping[bytes, bytes]) -> str:
        mended = self._part.with_suffix(".mended")
        digest = hashlib.sha256()
        with self._part.open("rb") as old, mended.open("wb", buffering=1 << 20) as new:
            for line in old:
                # What stands before the member holds no free text, and free text cannot hold an
                # unescaped quote: the first match of each is the member itself.
                start = line.index(_CAMERA) + len(_CAMERA)
                ip_from = start + len(b'{"ip":"')
                member = late.get(line[ip_from : line.index(_IP_END, ip_from)])
                if member is not None:
                    line = line[:start] + member + line[line.index(_DESTINATION, start) :]  # noqa: PLW2901  # the mended line takes its place
                digest.update(line)
                new.write(line)
        mended.replace(self._part)
        return digest.hexdigest()


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: {error.strerror}; make room or name another directory")
