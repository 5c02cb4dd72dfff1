"""Takes the packets of one flow out of the original captures, in one pass over the files."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from monitor.capture import open_capture
from monitor.decode import Decoder
from monitor.dissect.dns import parse
from monitor.errors import CaptureError, UsageError
from monitor.flow.settings import FlowSettings
from monitor.forensics.folder import MANIFEST, RunFolder
from monitor.forensics.gathered import MAX_PACKETS, Columns, Gathered, Packet, Role
from monitor.forensics.match import DNS_PORT, FlowKey, Matches, errors_of, names_of, packets_of
from monitor.forensics.members import FRAGMENT_NS, NOT_A_COPY, Members, members
from monitor.forensics.originals import Original, check_hash, find
from monitor.forensics.shown import shown
from monitor.model.arrays import I64
from monitor.model.frames import FrameBatch
from monitor.model.packets import PacketBatch
from monitor.model.records import FlowRecord
from monitor.model.words import Fragment

MAX_NAMES: Final = 200_000
"""DNS messages of the camera that are held until the one that names the destination is found."""

_ERRORS_NS: Final = 300_000_000_000
"""How long after the last packet an ICMP error can still be credited: the longest idle timeout."""

_COPY_WINDOW_NS: Final = FlowSettings().copy_window_ns
_FAR_NS: Final = (1 << 63) - 1


@dataclasses.dataclass(frozen=True, slots=True)
class Carved:
    """One packet of the flow, where it came from, and what it is."""

    packet: Packet
    data: bytes
    input: str
    """Name of its input, as in the manifest."""

    copy_of: str
    """Empty, or the frame that a mirror showed a second time here."""

    @property
    def comment(self) -> str:
        """Where the packet stands in the original capture, and why it is here."""
        text = f"frame {self.packet.frame_no} of {self.input}"
        if self.copy_of:
            text += f"; mirror copy of {self.copy_of}"
        if self.packet.role is Role.ERROR:
            text += "; ICMP error that quotes the flow"
        elif self.packet.role is Role.NAME:
            text += "; DNS message that gave the destination's address"
        return text


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to carve out of what."""

    run: RunFolder
    record: FlowRecord
    given: Sequence[Path] = ()
    with_names: bool = False


class Carving:
    """The packets of one flow. A context manager: their bytes lie in a temporary file.

    Made by `carve`.
    """

    def __init__(
        self,
        columns: Columns,
        found: Members,
        held: Gathered,
        names: tuple[Gathered, Columns, I64],
        inputs: Sequence[str],
    ) -> None:
        self.doubt = found.doubt
        """Empty, or how the packets differ from what the record counted."""

        self.copies = int((found.is_copy & (columns.role[found.row] == Role.FLOW)).sum())
        self.errors = int((columns.role[found.row] == Role.ERROR).sum())
        self.names = len(names[2])
        self.packets = len(found.row) - self.copies - self.errors
        """Packets that the record counts."""

        self._columns = columns
        self._found = found
        self._held = held
        self._names = names
        self._inputs = inputs

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.__exit__(kind, error, trace)
        self._names[0].__exit__(kind, error, trace)

    def __len__(self) -> int:
        return self.names + len(self._found.row)

    def __iter__(self) -> Iterator[Carved]:
        """Yield the DNS messages that named the destination, then the packets in capture order."""
        held, columns, row = self._names
        for packet, data in held.packets(columns, row):
            yield Carved(packet, data, self._inputs[packet.source], "")
        taken = self._held.packets(self._columns, self._found.row)
        for (packet, data), twin in zip(taken, self._found.copy_of.tolist(), strict=True):
            copy_of = "" if twin == NOT_A_COPY else self._place(twin, packet.source)
            yield Carved(packet, data, self._inputs[packet.source], copy_of)

    @property
    def first_ns(self) -> int:
        """Earliest time of a packet; 0 when there are none."""
        times = [self._columns.ts_ns[self._found.row], self._names[1].ts_ns[self._names[2]]]
        return min((int(part.min()) for part in times if len(part)), default=0)

    def _place(self, row: int, source: int) -> str:
        text = f"frame {self._columns.frame_no[row]}"
        other = int(self._columns.source[row])
        return text if other == source else f"{text} of {self._inputs[other]}"


def carve(job: Job, progress: Callable[[int], None] | None = None) -> Carving:
    """Read the originals of a flow once, and take its packets.

    Args:
        job: What to carve.
        progress: Called with the bytes read so far.

    Returns:
        The packets; the caller closes it.

    Raises:
        UsageError: The record cannot be followed, or the frames came from standard input.
        CaptureError: An original is gone, changed, or cannot be read.
        OutputError: The temporary directory is full.
    """
    record = job.record
    try:
        key = FlowKey.of(record)
    except ValueError as error:
        raise UsageError(
            f"{record.flow_id}: {shown(str(error))}; replay the capture again"
        ) from error
    first_ns = -_FAR_NS if job.with_names else record.start_ns - FRAGMENT_NS
    originals = find(job.run, (first_ns, record.end_ns + _ERRORS_NS), job.given)
    held, names = Gathered(), Gathered(MAX_NAMES, is_rolling=True)
    try:
        settings = _flow_settings(job.run)
        taker = _Taker(
            key, record, held, names if job.with_names else None, use_vlan=settings.use_vlan
        )
        _read(originals, taker, progress)
        columns, told = held.columns(), names.columns()
        found = members(
            columns,
            record,
            vlan=key.vlan,
            settings=settings,
            next_ns=taker.next_ns,
        )
        naming = _naming(names, told, key, record)
    except BaseException:
        held.__exit__(None, None, None)
        names.__exit__(None, None, None)
        raise
    inputs = [original.input.name for original in originals]
    return Carving(columns, found, held, (names, told, naming), inputs)


def _flow_settings(run: RunFolder) -> FlowSettings:
    """Return the flow table's settings at the replay, as far as the manifest has them."""
    settings = run.manifest.get("settings")
    part = settings.get("flow") if isinstance(settings, dict) else None
    known = {field.name for field in dataclasses.fields(FlowSettings)}
    told = part if isinstance(part, dict) else {}
    try:
        return FlowSettings(**{key: value for key, value in told.items() if key in known})
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{run.path / MANIFEST}: settings that make no sense; replay the capture again"
        ) from error


class _Taker:
    """Takes from each batch what has to do with the flow."""

    def __init__(
        self,
        key: FlowKey,
        record: FlowRecord,
        held: Gathered,
        names: Gathered | None,
        *,
        use_vlan: bool,
    ) -> None:
        self._key = key
        self._use_vlan = use_vlan
        self._record = record
        self._held = held
        self._names = names
        self._has_begun = False
        self.next_ns = record.end_ns + _ERRORS_NS
        """When the next flow with this key begins, as far as it matters."""

    def take(self, frames: FrameBatch, packets: PacketBatch) -> None:
        """Look through one batch."""
        record, key = self._record, self._key
        ts_ns = packets.ts_ns
        if self._has_time(frames):
            ours = self._near(packets, packets_of(packets, key))
            errors = errors_of(packets.quotes, key)
            times = ts_ns[errors.row]
            is_near = times <= record.end_ns + _ERRORS_NS
            errors = Matches(errors.row[is_near], errors.is_from_orig[is_near])
            self._held.take(frames, packets, [(ours, Role.FLOW), (errors, Role.ERROR)])
        if self._names is not None:
            row = names_of(packets, key)
            row = row[ts_ns[row] <= record.end_ns]
            is_query = packets.dst_port[row] == DNS_PORT
            self._names.take(frames, packets, [(Matches(row, is_query), Role.NAME)])

    def check_room(self) -> None:
        """Refuse to pass off a part of the flow as the whole.

        Raises:
            CaptureError: Packets were left out.
        """
        if self._held.left_out:
            raise CaptureError(
                f"{self._record.flow_id}: the flow has {self._held.left_out} packets more than the "
                f"{MAX_PACKETS} that can be carved; cut the capture into parts and replay one"
            )

    def wants(self, frames: FrameBatch) -> bool:
        """Tell whether a batch can hold anything of the flow: others need not be decoded."""
        if self._names is not None and int(frames.ts_ns.min()) <= self._record.end_ns:
            return True
        return self._has_time(frames)

    def _has_time(self, frames: FrameBatch) -> bool:
        record = self._record
        # Captures can be out of order: once the flow has begun, a packet may have any earlier time.
        if not self._has_begun and int(frames.ts_ns.max()) < record.start_ns - FRAGMENT_NS:
            return False
        return int(frames.ts_ns.min()) <= record.end_ns + _ERRORS_NS

    def _near(self, packets: PacketBatch, ours: Matches) -> Matches:
        """Return the rows from the flow's first packet to its last, and fragments around them."""
        record = self._record
        times = packets.ts_ns[ours.row]
        is_later = packets.fragment[ours.row] == Fragment.LATER
        # Where VLANs keep flows apart, one in another VLAN does not end the wait for errors.
        is_next = (times > record.end_ns + _COPY_WINDOW_NS) & ~is_later
        if self._use_vlan:
            is_next &= packets.vlan[ours.row] == self._key.vlan
        after = times[is_next]
        if len(after):
            self.next_ns = min(self.next_ns, int(after.min()))
        until_ns = np.where(is_later, record.end_ns + FRAGMENT_NS, record.end_ns + _COPY_WINDOW_NS)
        is_begun = np.full(len(times), self._has_begun)
        if not self._has_begun:
            begins = np.flatnonzero((times == record.start_ns) & ~is_later)
            if len(begins):
                self._has_begun = True
                is_begun[begins[0] :] = True
        is_early = is_later & (times >= record.start_ns - FRAGMENT_NS)
        is_near = (is_begun | is_early) & (times <= until_ns)
        return Matches(ours.row[is_near], ours.is_from_orig[is_near])


def _read(
    originals: Sequence[Original], taker: _Taker, progress: Callable[[int], None] | None
) -> None:
    """Read the originals in time order; at the end show that they are what the run read."""
    decoder = Decoder()
    with open_capture([str(original.path) for original in originals], progress=progress) as capture:
        for frames in capture.batches():
            if len(frames) and taker.wants(frames):
                packets, _ = decoder.decode(frames)
                taker.take(frames, packets)
        for original, info in zip(originals, capture.inputs, strict=True):
            if not info.sha256:
                raise CaptureError(f"{shown(info.name)}: {shown(info.fault) or 'cannot be read'}")
            check_hash(original, info.sha256)
    taker.check_room()


def _naming(names: Gathered, told: Columns, key: FlowKey, record: FlowRecord) -> I64:
    """Return the rows of the query and the answer that gave the destination's address.

    The last answer before the flow counts; without one, the first that came while it went on.
    """
    order = np.arange(len(told))
    before = order[told.ts_ns <= record.start_ns][::-1]
    during = order[told.ts_ns > record.start_ns]
    for row in (*before.tolist(), *during.tolist()):
        if told.is_from_orig[row]:
            continue
        answer = _message(names, told, row)
        if answer is None or all(one.value != key.destination for one in answer.answers):
            continue
        for other in range(row - 1, -1, -1):
            is_pair = told.is_from_orig[other] and told.src_port[other] == told.dst_port[row]
            if is_pair:
                query = _message(names, told, other)
                if query is not None and query.id == answer.id:
                    return np.array([other, row], dtype=np.int64)
        return np.array([row], dtype=np.int64)
    return np.zeros(0, dtype=np.int64)


def _message(names: Gathered, told: Columns, row: int) -> Any:
    packet, data = next(names.packets(told, np.array([row], dtype=np.int64)))
    start = packet.payload_off
    return parse(data[start : start + packet.payload_len])
