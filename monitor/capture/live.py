"""Frames of interfaces, as they come: rings walked in the order of time, and what was lost."""

import dataclasses
import os
import select
import socket
from collections.abc import Callable, Iterator, Sequence

from monitor.capture import packet_socket as packets
from monitor.capture.bpf import NOTHING
from monitor.capture.ring import RETIRE_MS, Ring
from monitor.model.frames import FrameBatch, Tick

TICK_NS = 1_000_000_000
"""Time between ticks: how long records may wait, and how often it is looked whether links are up."""

LATE_NS = 2 * RETIRE_MS * 1_000_000
"""A tick is so much behind the clock: what is in blocks that are not handed over is younger."""

ETHERNET = 1

DRAIN_MS = 3 * RETIRE_MS
"""After the end, blocks that the kernel still fills are waited for so long."""


@dataclasses.dataclass(slots=True, kw_only=True)
class InterfaceCounts:
    """What one interface gave since the capture began.

    What the kernel received and dropped is asked of the socket, by whoever outlives this process:
    `packet_socket.statistics`. ``received == frames + dropped + waiting``, where `waiting` lies in
    the ring, and is nothing once the capture has ended.
    """

    name: str
    is_up: bool = False
    frames: int = 0
    """Frames handed on."""

    downs: int = 0
    """How often the interface went down or away."""

    faults: int = 0
    """Frames of a block that contradicted itself."""

    last_ns: int = 0
    """Time of the last frame; 0: none yet."""


@dataclasses.dataclass(slots=True)
class _Interface:
    name: str
    sock: socket.socket
    ring: Ring
    link_type: int
    counts: InterfaceCounts


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How interfaces are to be captured."""

    ring_bytes: int
    """Memory of the ring of each."""

    filter: bytes = b""
    """Classic BPF program that decides what arrives; empty: everything."""

    share: bytes = b""
    """Classic BPF program that names the worker of a frame; empty: one worker takes all."""

    group: int = 0
    """Number of the first interface's group of sockets, 16 bits."""


class LiveCapture:
    """Interfaces, captured until `stop`.

    Args:
        sockets: Name and packet socket of each interface, made by `packet_socket.open_socket`.
        wish: How.
        now_ns: The clock, by which the kernel stamps frames.

    Raises:
        OSError: The kernel has not the memory, or refuses the filter.
    """

    def __init__(
        self,
        sockets: Sequence[tuple[str, socket.socket]],
        wish: Wish,
        now_ns: Callable[[], int],
    ) -> None:
        self._wish = wish
        self._now_ns = now_ns
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._is_stopped = False
        self._poll = select.poll()
        self._poll.register(self._wake, select.POLLIN)
        self._interfaces: list[_Interface] = []
        for at, (name, sock) in enumerate(sockets):
            packets.attach(sock, NOTHING)
            ring = Ring(sock, wish.ring_bytes)
            link = packets.link_type(sock, name)
            counts = InterfaceCounts(name=name)
            made = _Interface(name, sock, ring, link, counts)
            self._interfaces.append(made)
            # Whoever has the socket binds it again, should the interface be made anew.
            packets.bind(sock, name)
            counts.is_up = packets.is_up(sock, name)
            if wish.share:
                packets.fan_out(sock, wish.group + at, wish.share)
            self._admit(made, wish.filter)
            # POLLERR is always reported; it tells that the interface went away.
            self._poll.register(sock, select.POLLIN)

    @property
    def ring_bytes(self) -> int:
        """Memory of all rings."""
        return sum(item.ring.size_bytes for item in self._interfaces)

    def counts(self) -> list[InterfaceCounts]:
        """Return what each interface gave so far, as values of their own."""
        made = []
        for item in self._interfaces:
            counts = item.counts
            counts.frames = item.ring.frames
            counts.faults = item.ring.lost_in_blocks
            made.append(dataclasses.replace(counts))
        return made

    def filter(self, program: bytes) -> None:
        """Let another program decide what arrives; an empty one lets everything in."""
        for item in self._interfaces:
            self._admit(item, program)

    def stop(self) -> None:
        """Take nothing more: what has arrived is still handed on. For any thread."""
        self._is_stopped = True
        os.eventfd_write(self._wake, 1)

    def batches(self) -> Iterator[FrameBatch | Tick]:
        """Yield frames by the block, each until the next is asked for, and a tick every second."""
        due_ns = self._now_ns() + TICK_NS
        while not self._is_stopped:
            yield from self._handed_over(due_ns)
            now_ns = self._now_ns()
            if abs(due_ns - now_ns) > TICK_NS:
                due_ns = now_ns  # The clock was set.
            if now_ns >= due_ns:
                self._look()
                yield Tick(now_ns - LATE_NS)
                due_ns = now_ns + TICK_NS
            self._wait(max((due_ns - now_ns) // 1_000_000, 1))
        yield from self._last()

    def close(self) -> None:
        """Let go of the rings; the sockets stay open."""
        for item in self._interfaces:
            item.ring.close()
        os.close(self._wake)

    @staticmethod
    def _admit(item: _Interface, program: bytes) -> None:
        # The program reads Ethernet headers.
        if program and item.link_type == ETHERNET:
            packets.attach(item.sock, program)
        else:
            packets.detach(item.sock)

    def _handed_over(self, until_ns: int) -> Iterator[FrameBatch]:
        """Yield the blocks that are there, the earliest first, but not for longer than a tick."""
        while not self._is_stopped:
            earliest, chosen = None, None
            for at, item in enumerate(self._interfaces):
                first_ns = item.ring.first_ns()
                if first_ns is not None and (earliest is None or first_ns < earliest):
                    earliest, chosen = first_ns, at
            if chosen is None:
                return
            yield from self._block(chosen)
            if self._now_ns() >= until_ns:
                return

    def _block(self, at: int) -> Iterator[FrameBatch]:
        item = self._interfaces[at]
        batch = item.ring.take(at, item.link_type)
        if batch is None:
            return
        if len(batch):
            item.counts.last_ns = max(item.counts.last_ns, int(batch.ts_ns[-1]))
            yield batch
        item.ring.release()

    def _last(self) -> Iterator[FrameBatch]:
        """Yield what arrived before the end: nothing more is let in, then rings are emptied."""
        for item in self._interfaces:
            packets.attach(item.sock, NOTHING)
        waited = select.poll()
        for at in range(len(self._interfaces)):
            for _ in range(DRAIN_MS // RETIRE_MS):
                waited.poll(RETIRE_MS)
                while self._interfaces[at].ring.first_ns() is not None:
                    yield from self._block(at)

    def _wait(self, timeout_ms: int) -> None:
        for descriptor, event in self._poll.poll(timeout_ms):
            if event & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
                self._went_down(descriptor)

    def _went_down(self, descriptor: int) -> None:
        for item in self._interfaces:
            if item.sock.fileno() == descriptor and packets.is_down(packets.clear_error(item.sock)):
                item.counts.downs += 1
                item.counts.is_up = False

    def _look(self) -> None:
        """See whether links are up."""
        for item in self._interfaces:
            item.counts.is_up = packets.is_up(item.sock, item.name)
