"""The ordered stages, from frames to records; the only place that knows the order."""

import copy
import dataclasses
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np

from monitor.assembly import Assembler, Message
from monitor.classify import Classifier
from monitor.config import Settings
from monitor.config.inventory_file import read_inventory
from monitor.coverage.kernel import watch as watch_packets
from monitor.coverage.run import CoverageRun
from monitor.coverage.stage import Watched
from monitor.decode import Decoder
from monitor.decode.kernel import decode_rows
from monitor.dissect import dhcp, dns
from monitor.dissect.kernel_digest import digests
from monitor.dissect.registry import Registry
from monitor.enrich.attribution import in_use, lines
from monitor.enrich.devices import Devices, Readers
from monitor.enrich.geo import Geo
from monitor.enrich.names import NameTable
from monitor.enrich.operators import Operators
from monitor.enrich.oui import OuiTable
from monitor.flow import FlowSettings, FlowStage
from monitor.flow.kernel import follow
from monitor.indexing import Stages
from monitor.model.addresses import Networks, Roles
from monitor.model.flows import FlowCounts, FlowStep
from monitor.model.frames import FrameBatch, Tick
from monitor.model.inventory import NO_INVENTORY
from monitor.model.jit import is_cached
from monitor.model.packets import PacketBatch
from monitor.model.rows import RecordBatch, joined, no_rows
from monitor.model.shards import WHOLE, Shard
from monitor.model.words import EndReason, Stop
from monitor.report.kernel_lines import put_lines

ROWS_TOGETHER = 16_384
"""Records are handed on by so many: sums and lines cost less for many at a time."""

STEPS_AHEAD = 4
"""Steps that the packet side may be ahead of the flow side: bounds memory, hides waiting."""


@dataclasses.dataclass(slots=True)
class Counts:
    """Running totals over all stages; ``frames == packets + stopped.sum()``."""

    frames: int = 0
    packets: int = 0
    stopped: np.ndarray[Any, np.dtype[np.int64]] = dataclasses.field(
        default_factory=lambda: np.zeros(len(Stop), dtype=np.int64)
    )
    flow: FlowCounts = dataclasses.field(default_factory=FlowCounts)
    flows_ended: int = 0
    """Flow records of the flow stage, over all shares."""

    records: int = 0
    """Of those, the ones with a camera, in this share."""


class Frames(Protocol):
    """Where frames come from: files, which end, or interfaces, which tick."""

    def batches(self) -> Iterator[FrameBatch | Tick]:
        """Yield frames; a batch holds until the next item is asked for."""


class Watch(Protocol):
    """What looks at packets beside the stages; its calls never overlap."""

    def see(self, frames: FrameBatch, packets: PacketBatch) -> None:
        """Look at a batch, and keep nothing of it."""

    def tick(self, now_ns: int) -> None:
        """Take note that time has moved on."""


@dataclasses.dataclass(slots=True)
class _Work:
    messages: list[Message]
    step: FlowStep
    counts: "Counts | None" = None
    """At a tick: everything that was counted so far, frames before it and none after."""

    beside: object = None
    """What `at_tick` gave then."""


def is_compiled() -> bool:
    """Return whether the largest kernels are on disk; else the first batch takes a while."""
    return all(is_cached(one) for one in (decode_rows, follow, digests, watch_packets, put_lines))


class Pipeline:
    """One run over one capture. Packet work runs in a thread of its own, without the GIL."""

    def __init__(
        self,
        settings: Settings,
        stages: Stages,
        shard: Shard = WHOLE,
        watch: Watch | None = None,
        at_tick: Callable[[], object] = lambda: None,
    ) -> None:
        """Make empty tables.

        Args:
            settings: The site and the bounds of the flow table.
            stages: What was loaded by `open_stages`.
            shard: The part of the flows that is handled.
            watch: What else looks at packets.
            at_tick: Called in the thread of packets at each tick; what it gives stands in `beside`
                when the records of before the tick are handed on.
        """
        self.counts = Counts()
        self.told = Counts()
        """The counts of the last tick: they agree with each other, and with the records so far."""

        self.beside: object = None
        self._watch = watch
        self._at_tick = at_tick
        self._stages = stages
        self._shard = shard
        self._assembler = Assembler(stages)
        self._decoder = Decoder()
        self._flows = FlowStage(
            FlowSettings(
                max_flows=settings.flow.max_flows,
                use_vlan=settings.flow.use_vlan,
                tcp_idle_s=settings.flow.tcp_idle_s,
                udp_idle_s=settings.flow.udp_idle_s,
                active_s=settings.flow.active_s,
            )
        )

    def renew(self, stages: Stages) -> None:
        """Go on with other knowledge; flows, and what was learnt of hosts, stay. Between batches."""
        self._stages = stages
        self._assembler.renew(stages)

    def run(self, capture: Frames) -> Iterator[RecordBatch]:
        """Yield the records of flows as they end, until the capture is read.

        At a tick, what there is comes at once, be it nothing: a batch without rows. Stopping early
        is allowed: the reader is told and waited for.
        """
        work: queue.Queue[_Work | BaseException | None] = queue.Queue(STEPS_AHEAD)
        stop = threading.Event()
        reader = threading.Thread(
            target=self._read, args=(capture, work, stop), name="packets", daemon=True
        )
        reader.start()
        made: list[RecordBatch] = []
        rows = 0
        try:
            while (item := work.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                batch = self._assemble(item)
                if len(batch):
                    if rows >= ROWS_TOGETHER or (made and made[0].words is not batch.words):
                        yield joined(made)
                        made, rows = [], 0
                    made.append(batch)
                    rows += len(batch)
                if item.counts is not None:
                    self.told, self.beside = item.counts, item.beside
                    self.told.records = self.counts.records
                    self.told.flows_ended = self.counts.flows_ended
                    yield joined(made) if made else no_rows()
                    made, rows = [], 0
            if made:
                yield joined(made)
        finally:
            stop.set()
            while reader.is_alive():
                _drain(work)
                reader.join(timeout=0.05)

    def _assemble(self, item: _Work) -> RecordBatch:
        self._assembler.take_messages(item.messages, self._shard)
        self._assembler.take_conversations(item.step.conversations, self._shard)
        made = self._assembler.take_flows(item.step, self._shard)
        self.counts.records += len(made)
        self.counts.flows_ended += len(item.step.ended)
        return made

    def _read(
        self,
        capture: Frames,
        work: "queue.Queue[_Work | BaseException | None]",
        stop: threading.Event,
    ) -> None:
        try:
            for item in self._steps(capture):
                if stop.is_set():
                    return
                work.put(item)
            work.put(None)
        except BaseException as error:  # noqa: BLE001  # handed to the caller's thread, not eaten
            work.put(error)

    def _steps(self, capture: Frames) -> Iterator[_Work]:
        counts, watch = self.counts, self._watch
        # Who looks on sees the packets while the flow stage follows them: both leave the GIL.
        with ThreadPoolExecutor(1, "beside") as beside:
            for frames in capture.batches():
                if isinstance(frames, Tick):
                    yield self._tick(frames)
                    continue
                packets, decoded = self._decoder.decode(frames)
                counts.frames += decoded.frames
                counts.packets += decoded.packets
                counts.stopped += decoded.stopped
                seen = None if watch is None else beside.submit(watch.see, frames, packets)
                step = self._flows.step(packets)
                if seen is not None:
                    seen.result()  # Afterwards the buffers are used again.
                yield _Work(_messages(frames, packets, step), step)
        for step in self._flows.finish():
            yield _Work([], step)
        counts.flow = self._flows.counts

    def _tick(self, tick: Tick) -> _Work:
        step = self._flows.advance(tick.now_ns)
        if self._watch is not None:
            self._watch.tick(tick.now_ns)
        beside = self._at_tick()
        self.counts.flow = self._flows.counts
        return _Work([], step, copy.deepcopy(self.counts), beside)


def _drain(work: "queue.Queue[_Work | BaseException | None]") -> None:
    try:
        while True:
            work.get_nowait()
    except queue.Empty:
        pass


def _messages(frames: FrameBatch, packets: PacketBatch, step: FlowStep) -> list[Message]:
    """Copy the payload of messages out of the reader's buffer, before it is used again."""
    made = []
    data = frames.data
    for row in step.message_row.tolist():
        at = int(packets.payload_off[row])
        made.append(
            Message(
                int(packets.ts_ns[row]),
                (int(packets.src_hi[row]), int(packets.src_lo[row])),
                (int(packets.dst_hi[row]), int(packets.dst_lo[row])),
                int(packets.src_port[row]),
                int(packets.dst_port[row]),
                int(packets.src_mac[row]),
                data[at : at + int(packets.payload_len[row])].tobytes(),
            )
        )
    return made


def open_stages(settings: Settings) -> Stages:
    """Load the knowledge that the stages rest on.

    Raises:
        ConfigError: A catalogue entry, a database or the inventory is refused.
    """
    ouis = OuiTable.open()
    listed = settings.site.inventory
    inventory = NO_INVENTORY if listed is None else read_inventory(listed)
    # An inventory alone does not narrow: what it does not list must be found.
    cameras = (*settings.site.cameras, *(inventory.networks if settings.site.cameras else ()))
    return Stages(
        roles=Roles(cameras, settings.site.networks),
        registry=Registry(),
        names=NameTable(),
        ouis=ouis,
        devices=Devices(ouis, Readers(dhcp.parse, dns.parse), inventory),
        geo=Geo.open(country=settings.geo.country, asn=settings.geo.asn),
        operators=Operators.load(),
        classifier=Classifier(settings.catalog.directory),
        inventory=inventory,
    )


def watched(settings: Settings, stages: Stages) -> Watched:
    """Return whom coverage looks at: named networks and the inventory, else the whole site."""
    inventory = stages.inventory
    cameras = Networks((*settings.site.cameras, *inventory.networks))
    return Watched(stages.roles.site, cameras, inventory.macs)


def watch(settings: Settings, stages: Stages) -> CoverageRun:
    """Return coverage for a capture that is read from its beginning to its end."""
    return CoverageRun(watched(settings, stages), settings.coverage.interval_s)


def attributions(stages: Stages) -> list[str]:
    """Return the lines that must stand beside results, for the data in use."""
    dates = ", ".join(
        f"{'countries' if kind == 'country' else 'networks'} of {database.build_date}"
        for database in stages.geo.databases
        for kind in sorted(database.kinds, reverse=True)
    )
    owed = lines(in_use([db.attribution for db in stages.geo.databases]))
    return [*([f"{dates}; 'camwatch geo update' fetches newer ones"] if dates else []), *owed]


def versions(stages: Stages) -> dict[str, str]:
    """Return what else than the input the results rest on."""
    told = {"catalog": stages.classifier.catalog.digest, "oui": stages.ouis.date}
    for database in stages.geo.databases:
        told["+".join(sorted(database.kinds))] = f"{database.type} {database.build_date}"
    return told


def databases(stages: Stages) -> list[dict[str, Any]]:
    """Return what the databases in use are, as plain data."""
    return [
        {
            "kinds": sorted(database.kinds),
            "type": database.type,
            "date": database.build_date,
            "licence": database.attribution.licence,
            "is_bundled": database.is_bundled,
        }
        for database in stages.geo.databases
    ]


def losses(counts: Counts) -> list[str]:
    """Return what was lost, one line each, worst first; empty when every frame is in a flow."""
    lines = []
    flow = counts.flow
    for reason in Stop:
        count = int(counts.stopped[reason])
        if count and reason not in (Stop.ARP, Stop.NOT_IP, Stop.NONE):
            lines.append(f"{count} frames were not decoded: {_words(reason.name)}")
    notes = (
        (
            flow.fragments_lost + flow.fragments_pending,
            "IP fragments whose first part was not seen",
        ),
        (int(flow.ended[EndReason.NO_RESOURCES]), "flows were cut short: the flow table was full"),
        (flow.windows_cut, "conversations were read in part: the payload store was full"),
        (flow.messages_skipped, "DNS or DHCP messages were not read: too many in one flow"),
    )
    return lines + [f"{count} {text}" for count, text in notes if count]


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


def counters(counts: Counts) -> dict[str, dict[str, int]]:
    """Return every counter as plain data."""
    flow = counts.flow
    ended = {f"ended_{reason.name.lower()}": int(flow.ended[reason]) for reason in EndReason}
    plain = {
        field.name: getattr(flow, field.name)
        for field in dataclasses.fields(flow)
        if field.name != "ended"
    }
    return {
        "decode": {
            "frames": counts.frames,
            "packets": counts.packets,
            **{
                f"stopped_{reason.name.lower()}": int(counts.stopped[reason])
                for reason in Stop
                if reason is not Stop.NONE
            },
        },
        "flow": {**plain, **ended},
        "records": {
            "flows": counts.records,
            "without_camera": counts.flows_ended - counts.records,
        },
    }
