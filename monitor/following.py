"""The packet side of a run: frames in, what the flow stage says out. Knows no names and no purposes."""

import copy
import dataclasses
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

import numpy as np

from monitor.config import Settings
from monitor.config.inventory_file import read_inventory
from monitor.coverage.stage import Watched
from monitor.decode import Decoder
from monitor.flow import FlowSettings, FlowStage
from monitor.model.addresses import Networks, Roles
from monitor.model.flows import FlowCounts, FlowStep
from monitor.model.frames import FrameBatch, Tick
from monitor.model.inventory import NO_INVENTORY, Inventory
from monitor.model.packets import PacketBatch
from monitor.model.words import Stop


class Message(NamedTuple):
    """A datagram that is read in packet order, because later flows need what it says."""

    ts_ns: int
    src: tuple[int, int]
    dst: tuple[int, int]
    src_port: int
    dst_port: int
    src_mac: int
    payload: bytes


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
    """Of those, the ones with a camera, in this share; not known on the packet side."""


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
class Work:
    """What one batch of frames gave, for the flow side. Whole in itself: it may change processes."""

    messages: list[Message]
    step: FlowStep
    counts: Counts | None = None
    """At a tick: everything that was counted so far, frames before it and none after."""

    beside: object = None
    """What `at_tick` gave then."""

    def is_empty(self) -> bool:
        """Return whether there is nothing to do for it."""
        step = self.step
        return not (
            self.messages or len(step.ended) or len(step.conversations) or self.counts is not None
        )


class Following:
    """Decodes frames and follows their packets."""

    def __init__(
        self,
        settings: Settings,
        watch: Watch | None = None,
        at_tick: Callable[[], object] = lambda: None,
    ) -> None:
        """Make empty tables.

        Args:
            settings: The bounds of the flow table.
            watch: What else looks at packets.
            at_tick: Called at each tick; what it gives stands in `Work.beside`.
        """
        self.counts = Counts()
        self._watch = watch
        self._at_tick = at_tick
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

    @property
    def opened(self) -> int:
        """Flows that began so far."""
        return self._flows.counts.opened

    def works(self, capture: Frames) -> Iterator[Work]:
        """Yield what each batch of frames gave, and in the end the flows that were still open."""
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
                counts.flows_ended += len(step.ended)
                yield Work(_messages(frames, packets, step), step)
        for step in self._flows.finish():
            counts.flows_ended += len(step.ended)
            yield Work([], step)
        counts.flow = self._flows.counts

    def _tick(self, tick: Tick) -> Work:
        step = self._flows.advance(tick.now_ns)
        self.counts.flows_ended += len(step.ended)
        if self._watch is not None:
            self._watch.tick(tick.now_ns)
        beside = self._at_tick()
        self.counts.flow = self._flows.counts
        return Work([], step, copy.deepcopy(self.counts), beside)


def _messages(frames: FrameBatch, packets: PacketBatch, step: FlowStep) -> list[Message]:
    """Copy the payload of messages out of the reader's buffer, before it is used again."""
    rows = step.message_row
    if not len(rows):
        return []
    data, begins = frames.data, packets.payload_off[rows]
    ends = begins + packets.payload_len[rows]
    hosts = (packets.src_hi, packets.src_lo, packets.dst_hi, packets.dst_lo)
    src_hi, src_lo, dst_hi, dst_lo = (column[rows].tolist() for column in hosts)
    return [
        Message(ts_ns, src, dst, src_port, dst_port, src_mac, data[begin:end].tobytes())
        for ts_ns, src, dst, src_port, dst_port, src_mac, begin, end in zip(
            packets.ts_ns[rows].tolist(),
            zip(src_hi, src_lo, strict=True),
            zip(dst_hi, dst_lo, strict=True),
            packets.src_port[rows].tolist(),
            packets.dst_port[rows].tolist(),
            packets.src_mac[rows].tolist(),
            begins.tolist(),
            ends.tolist(),
            strict=True,
        )
    ]


def site(settings: Settings) -> tuple[Roles, Inventory]:
    """Return what addresses are at this site, and its list of cameras.

    Raises:
        ConfigError: The list is refused.
    """
    listed = settings.site.inventory
    inventory = NO_INVENTORY if listed is None else read_inventory(listed)
    # An inventory alone does not narrow: what it does not list must be found.
    cameras = (*settings.site.cameras, *(inventory.networks if settings.site.cameras else ()))
    return Roles(cameras, settings.site.networks), inventory


def whom_to_watch(settings: Settings, roles: Roles, inventory: Inventory) -> Watched:
    """Return whom coverage looks at: named networks and the inventory, else the whole site."""
    cameras = Networks((*settings.site.cameras, *inventory.networks))
    return Watched(roles.site, cameras, inventory.macs)
