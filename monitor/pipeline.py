"""The ordered stages, from frames to records; the only place that knows the order."""

import dataclasses
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from monitor.assembly import Assembler
from monitor.classify import Classifier
from monitor.config import Settings
from monitor.coverage.kernel import watch as watch_packets
from monitor.coverage.run import CoverageRun
from monitor.coverage.stage import Watched
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
from monitor.flow.kernel import follow
from monitor.following import Counts, Following, Frames, Watch, Work, site, whom_to_watch
from monitor.indexing import Stages
from monitor.model.jit import is_cached
from monitor.model.rows import RecordBatch, joined, no_rows
from monitor.model.shards import WHOLE, Shard
from monitor.model.words import EndReason, Stop
from monitor.report.kernel_lines import put_lines

ROWS_TOGETHER = 16_384
"""Records are handed on by so many: sums and lines cost less for many at a time."""

STEPS_AHEAD = 4
"""Steps that the packet side may be ahead of the flow side: bounds memory, hides waiting."""


def is_compiled(*, with_lines: bool = True) -> bool:
    """Return whether the largest kernels are on disk; else the first batch takes a while.

    Args:
        with_lines: Whether the kernels that spell lines are needed too.
    """
    kernels: tuple[Any, ...] = (
        decode_rows,
        follow,
        digests,
        watch_packets,
        *([put_lines] if with_lines else []),
    )
    return all(is_cached(kernel) for kernel in kernels)


class Pipeline:
    """One run over one capture, or one share of its flows.

    Packet work runs in a thread of its own, without the GIL, or in another process.
    """

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
        self._settings = settings
        self._watch = watch
        self._at_tick = at_tick
        self._stages = stages
        self._shard = shard
        self._assembler = Assembler(stages)

    def renew(self, stages: Stages) -> None:
        """Go on with other knowledge; flows, and what was learnt of hosts, stay. Between batches."""
        self._stages = stages
        self._assembler.renew(stages)

    def run(self, capture: Frames) -> Iterator[RecordBatch]:
        """Yield the records of flows as they end, until the capture is read.

        At a tick, what there is comes at once, be it nothing: a batch without rows. Stopping early
        is allowed: the reader is told and waited for.
        """
        following = Following(self._settings, self._watch, self._at_tick)
        self.counts = following.counts
        work: queue.Queue[Work | BaseException | None] = queue.Queue(STEPS_AHEAD)
        stop = threading.Event()
        reader = threading.Thread(
            target=_read, args=(following.works(capture), work, stop), name="packets", daemon=True
        )
        reader.start()
        try:
            yield from self.take(_handed(work))
        finally:
            stop.set()
            while reader.is_alive():
                _drain(work)
                reader.join(timeout=0.05)

    def take(self, works: Iterable[Work]) -> Iterator[RecordBatch]:
        """Yield the records of flows that a packet side elsewhere follows; as `run` does."""
        made: list[RecordBatch] = []
        rows = 0
        for item in works:
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
                yield joined(made) if made else no_rows()
                made, rows = [], 0
        if made:
            yield joined(made)

    def _assemble(self, item: Work) -> RecordBatch:
        self._assembler.take_messages(item.messages, self._shard)
        self._assembler.take_conversations(item.step.conversations, self._shard)
        made = self._assembler.take_flows(item.step, self._shard)
        self.counts.records += len(made)
        return made


def _read(
    works: Iterable[Work],
    to: "queue.Queue[Work | BaseException | None]",
    stop: threading.Event,
) -> None:
    try:
        for item in works:
            if stop.is_set():
                return
            to.put(item)
        to.put(None)
    except BaseException as error:  # noqa: BLE001  # handed to the caller's thread, not eaten
        to.put(error)


def _handed(work: "queue.Queue[Work | BaseException | None]") -> Iterator[Work]:
    while (item := work.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item


def _drain(work: "queue.Queue[Work | BaseException | None]") -> None:
    try:
        while True:
            work.get_nowait()
    except queue.Empty:
        pass


def open_stages(settings: Settings) -> Stages:
    """Load the knowledge that the stages rest on.

    Raises:
        ConfigError: A catalogue entry, a database or the inventory is refused.
    """
    ouis = OuiTable.open()
    roles, inventory = site(settings)
    return Stages(
        roles=roles,
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
    return whom_to_watch(settings, stages.roles, stages.inventory)


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
