"""The coverage stage's one door: packets in, what each interval showed out."""

import operator
from typing import Any, NamedTuple

import numpy as np

from monitor.coverage import kernel
from monitor.coverage.canary import content_of
from monitor.coverage.parts import MOST_CANARIES, CanarySighting, IntervalPart, Station, VlanCounts
from monitor.coverage.tables import UNTAGGED, make_tables
from monitor.model.addresses import Networks, ip_text, mac_text
from monitor.model.arrays import U64
from monitor.model.frames import FrameBatch
from monitor.model.packets import PacketBatch

SECOND_NS = 1_000_000_000

_columns = operator.attrgetter(*kernel.PacketColumns._fields)


class Watched(NamedTuple):
    """Whom the stage looks at."""

    site: Networks
    """Addresses of the site, cameras included: stations are kept of these."""

    cameras: Networks = Networks(())
    """Addresses that are cameras. Without these and without MACs every site address may be one."""

    camera_macs: tuple[int, ...] = ()
    """MACs that are cameras whatever their address: those of the inventory."""


class CoverageStage:
    """Watches batches of packets, interval by interval of packet time.

    Intervals lie on multiples of their length since 1970, so that those of several workers are the
    same. The answers do not depend on how packets are cut into batches. Memory is fixed: about
    5 MB. An interval that has begun takes late packets as its own.
    """

    def __init__(
        self, watched: Watched, *, interval_s: float = 60.0, follows_inside: bool = True
    ) -> None:
        """Make empty tables.

        Args:
            watched: Addresses of the site and of cameras.
            interval_s: Length of an interval. Raising it makes silence and faults known later,
                and lets quieter VLANs pass as alive.
            follows_inside: Whether TCP conversations that stay on the site are followed. False
                where the kernel filter shows a sample of them only, or where their two directions
                reach different workers: what was left out would look like loss.

        Raises:
            ValueError: The interval is shorter than a second.
        """
        if interval_s < 1:
            raise ValueError(f"interval_s: {interval_s}; want 1 at least")
        self.interval_ns = round(interval_s * SECOND_NS)
        self._latest_ns = int(np.iinfo(np.int64).max) - self.interval_ns
        macs: U64 = np.array(sorted(set(watched.camera_macs)), np.uint64)
        self._tables = make_tables(
            watched.site, watched.cameras, macs, follows_inside=follows_inside
        )
        self._control = self._tables.control[0]
        self._canaries: list[CanarySighting] = []
        self._canaries_left_out = 0

    @property
    def end_ns(self) -> int:
        """When the interval that is open ends; 0: none is."""
        return int(self._control["end_ns"])

    def step(self, frames: FrameBatch, packets: PacketBatch) -> list[IntervalPart]:
        """Watch the packets of a batch, in its order.

        Args:
            frames: The frames that the packets were decoded from, row for row.
            packets: Nothing of either is kept: their buffers may be used again.

        Returns:
            The intervals that ended; intervals without a frame are left out.
        """
        count = len(packets)
        if not count:
            return []
        columns = kernel.PacketColumns(*map(_fixed, _columns(packets)))
        if int(columns.ts_ns.max()) > self._latest_ns:
            # A damaged file may say any time: the end of an interval must still be one.
            columns = columns._replace(ts_ns=_fixed(np.minimum(columns.ts_ns, self._latest_ns)))
        if not self._control["end_ns"]:
            self._begin(int(columns.ts_ns[0]))
        closed: list[IntervalPart] = []
        row = 0
        while True:
            row = int(kernel.watch(columns, self._tables, row))
            self._read_marks(frames, packets)
            if row >= count:
                return closed
            ts_ns = int(columns.ts_ns[row])
            if ts_ns >= int(self._control["end_ns"]):
                closed.append(self._close(int(self._control["end_ns"])))
                self._begin(ts_ns)

    def advance(self, now_ns: int) -> list[IntervalPart]:
        """Move packet time on to `now_ns`: for live input whose wire is quiet.

        Returns:
            The interval that ended, if one did, even without a frame.
        """
        if not self._control["end_ns"]:
            self._begin(now_ns)
        if now_ns < int(self._control["end_ns"]):
            return []
        closed = [self._close(int(self._control["end_ns"]))]
        self._begin(now_ns)
        return closed

    def finish(self) -> list[IntervalPart]:
        """End the interval that is open, at its last frame."""
        control, tables = self._control, self._tables
        used = tables.used_vlans[: control["vlans"]]
        if not len(used):
            return []
        part = self._close(int(tables.vlans["last_ns"][used].max()) + 1)
        control["end_ns"] = 0
        return [part]

    def _begin(self, ts_ns: int) -> None:
        start = ts_ns // self.interval_ns * self.interval_ns
        self._control["start_ns"] = start
        self._control["end_ns"] = start + self.interval_ns

    def _close(self, end_ns: int) -> IntervalPart:
        control, tables = self._control, self._tables
        kernel.close(tables, end_ns)
        part = IntervalPart(
            start_ns=int(control["start_ns"]),
            end_ns=end_ns,
            vlans=self._vlans(),
            stations=self._stations(),
            canaries=self._canaries,
            stations_left_out=int(control["stations_left_out"]),
            conversations_left_out=int(control["conversations_left_out"]),
            holes_undecided=int(control["holes_undecided"]),
            canaries_left_out=self._canaries_left_out,
        )
        kernel.clear(tables)
        self._canaries, self._canaries_left_out = [], 0
        return part

    def _vlans(self) -> dict[int | None, VlanCounts]:
        names = tuple(self._tables.vlans.dtype.names)
        used = sorted(self._tables.used_vlans[: self._control["vlans"]].tolist())
        return {
            _id(vlan): VlanCounts(**dict(zip(names, self._tables.vlans[vlan].item(), strict=True)))
            for vlan in used
        }

    def _stations(self) -> list[Station]:
        used = self._tables.used_stations[: self._control["stations"]]
        found = []
        for (
            hi, lo, mac, vlan, _, is_camera, first_ns, last_ns, sent, sent_bytes, received,
            received_bytes,
        ) in self._tables.stations[used].tolist():  # fmt: skip
            ip = ip_text(hi, lo) if hi or lo else ""
            station = Station(
                ip, mac_text(mac), _id(vlan), bool(is_camera), first_ns, last_ns, sent,
                sent_bytes, received, received_bytes,
            )  # fmt: skip
            found.append(station)
        return found

    def _read_marks(self, frames: FrameBatch, packets: PacketBatch) -> None:
        """Look into the frames that are not IP for canaries."""
        control = self._control
        for row in self._tables.marks[: control["marks"]].tolist():
            off = int(frames.off[row])
            content = content_of(frames.data[off : off + int(frames.cap_len[row])].tobytes())
            if content is None:
                continue
            vlan = _id(min(int(packets.vlan[row]), UNTAGGED))
            self._canaries.append(CanarySighting(int(frames.ts_ns[row]), vlan, content))
            if len(self._canaries) > MOST_CANARIES:
                self._canaries_left_out += 1
                del self._canaries[0]
        control["marks"] = 0


def _id(vlan: int) -> int | None:
    return None if vlan == UNTAGGED else vlan


def _fixed(array: Any) -> Any:
    """Return an array as read-only and contiguous: one machine-code version serves all callers."""
    flags = array.flags
    if flags.writeable or not flags.c_contiguous:
        array = np.ascontiguousarray(array).view()
        array.flags.writeable = False
    return array
