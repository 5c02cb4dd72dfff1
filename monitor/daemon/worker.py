"""The worker: a process of its own that captures and reads what strangers send, and can do no more.

Started by the keeper as ``python -m monitor.daemon.worker FD``, where FD is its end of a socket pair.
It has no secrets, no store and no way to the network: see `confine`. It ends when it is told to
(SIGTERM: what has arrived is handed over first), or when the keeper is gone.
"""

import os
import signal
import socket
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from monitor import pipeline
from monitor.capture.bpf_share import share_program
from monitor.capture.bpf_site import is_whole, site_filter
from monitor.capture.live import LiveCapture, Wish
from monitor.config import Settings
from monitor.daemon import privileges, seccomp, wire
from monitor.daemon.orders import Orders
from monitor.daemon.warm import warm_up
from monitor.daemon.watching import Watching
from monitor.daemon.wire import Kind, Messages, RecordSender, WireError
from monitor.enrich.geo_database import SEARCH_FOLDERS
from monitor.enrich.unpack import cache_folder
from monitor.errors import CaptureError, ConfigError, MonitorError
from monitor.model.records import Device
from monitor.model.rows import RecordBatch, selected

DEVICES_EVERY_NS = 10_000_000_000
"""Time between reports of devices that changed: to conclude costs some milliseconds for hundreds."""

MOST_DESCRIPTORS = 128
SEND_BYTES = 4 << 20
"""Asked for as the buffer of the socket to the keeper, so that it may be busy for a moment."""

ROWS_A_MESSAGE = 4096


class Worker:
    """One worker, from its orders to its goodbye."""

    def __init__(
        self, orders: Orders, control: socket.socket, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._orders = orders
        self._settings = orders.settings
        self._control = control
        self._now_ns = now_ns
        self._messages = Messages()
        self._sender = RecordSender()
        self._sampled = 0
        self._devices: dict[str, Device] = {}
        self._devices_ns = 0
        self._stages = pipeline.open_stages(self._settings)
        # Machine code is loaded, or made and kept, while files can still be written.
        warm_up(self._stages)
        self._capture = self._open_capture()
        sensor = self._settings.sensor
        self._watching = Watching(
            pipeline.watched(self._settings, self._stages),
            self._settings.coverage.interval_s,
            # What the filter leaves out, or another worker sees, would look like loss.
            follows_inside=not sensor.kernel_filter and sensor.workers == 1,
        )
        self._line = pipeline.Pipeline(
            self._settings, self._stages, watch=self._watching, at_tick=self._capture.counts
        )

    def run(self) -> None:
        """Work until it is stopped."""
        signal.signal(signal.SIGTERM, lambda *_: self._capture.stop())
        receivers = [descriptor for _, descriptor in self._orders.sockets]
        self._confined = confine(self._settings, receivers)
        self._say(Kind.STATUS, self._status(is_ready=True))
        self._control.setblocking(True)
        for batch in self._line.run(self._capture):
            self._hand_on(batch)
            self._say(Kind.STATUS, self._status())
            self._obey()
        self._devices_ns = 0
        self._watching.finish()
        self._line.beside = self._capture.counts()
        self._line.told = self._line.counts
        self._say(Kind.GOODBYE, self._status())

    def _open_capture(self) -> LiveCapture:
        sensor, site = self._settings.sensor, self._settings.site.networks
        share = share_program(site, sensor.workers) if sensor.workers > 1 else b""
        wish = Wish(
            ring_bytes=sensor.ring_mib << 20,
            filter=_filter(self._settings),
            share=share,
            group=self._orders.keeper & 0xFFFF,
        )
        sockets = [
            (name, socket.socket(fileno=descriptor)) for name, descriptor in self._orders.sockets
        ]
        try:
            return LiveCapture(sockets, wish, self._now_ns)
        except OSError as error:
            raise CaptureError(
                f"ring of {sensor.ring_mib} MiB: {error.strerror}; make sensor.ring_mib smaller"
            ) from error

    def _hand_on(self, batch: RecordBatch) -> None:
        if self._settings.sensor.kernel_filter and len(batch):
            whole = is_whole(batch)
            self._sampled += len(batch) - int(whole.sum())
            batch = selected(batch, whole)
        for at in range(0, len(batch), ROWS_A_MESSAGE):
            rows = np.zeros(len(batch), np.bool_)
            rows[at : at + ROWS_A_MESSAGE] = True
            self._send(self._sender.message(selected(batch, rows)))

    def _status(self, *, is_ready: bool = False) -> dict[str, Any]:
        counts = self._line.told
        counters = pipeline.counters(counts)
        counters["records"]["sampled"] = self._sampled
        told: dict[str, Any] = {
            "is_ready": is_ready,
            "now_ns": self._now_ns(),
            "counters": counters,
            "losses": pipeline.losses(counts),
            "interfaces": [
                {name: getattr(item, name) for name in item.__slots__}
                for item in self._line.beside or self._capture.counts()  # type: ignore[attr-defined]
            ],
            "devices": self._changed_devices(),
            "intervals": [part.as_plain() for part in self._watching.take()],
        }
        if is_ready:
            told["confined"] = self._confined
            told["versions"] = pipeline.versions(self._stages)
            told["databases"] = pipeline.databases(self._stages)
            told["attributions"] = pipeline.attributions(self._stages)
            told["ring_bytes"] = self._capture.ring_bytes
        return told

    def _changed_devices(self) -> Sequence[Device]:
        now_ns = self._now_ns()
        if abs(now_ns - self._devices_ns) < DEVICES_EVERY_NS:
            return []
        self._devices_ns = now_ns
        known = self._stages.devices.final()
        changed = [device for ip, device in known.items() if self._devices.get(ip) != device]
        self._devices = dict(known)
        return changed

    def _obey(self) -> None:
        """Do what the keeper asks for; without a keeper there is nothing to work for."""
        while True:
            try:
                data = self._control.recv(1 << 16, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            if not data:
                raise SystemExit(1)
            for message in self._messages.take(data):
                if message.kind is Kind.RELOAD:
                    self._reload(wire.plain(message.body))

    def _reload(self, told: dict[str, Any]) -> None:
        """Take up other settings and read catalogue and databases again, or say why not."""
        try:
            orders = Orders.of({**self._orders.plain(), "settings": told})
            stages = pipeline.open_stages(orders.settings)
            program = _filter(orders.settings)
        except MonitorError as error:
            self._say(Kind.REFUSED, {"why": str(error)})
            return
        # What was learnt of hosts and names stays.
        stages.names, stages.devices = self._stages.names, self._stages.devices
        stages.registry = self._stages.registry
        self._settings, self._stages = orders.settings, stages
        self._line.renew(stages)
        self._capture.filter(program)
        self._say(Kind.STATUS, self._status(is_ready=True))

    def _say(self, kind: Kind, told: dict[str, Any]) -> None:
        self._send(wire.packed(kind, wire.as_json(told)))

    def _send(self, parts: Sequence[bytes | memoryview]) -> None:
        for part in parts:
            self._control.sendall(part)


def _filter(settings: Settings) -> bytes:
    if not settings.sensor.kernel_filter:
        return b""
    networks = (*settings.site.networks, *settings.site.cameras)
    try:
        return site_filter(networks, settings.sensor.sample_every)
    except ValueError as error:
        raise ConfigError(
            f"site.networks: too many for the kernel filter ({error}); name larger networks, or "
            "switch sensor.kernel_filter off"
        ) from error


def confine(settings: Settings, receivers: Sequence[int]) -> dict[str, Any]:
    """Leave this process nothing but its descriptors and some files to read.

    Args:
        settings: They name files that a reload reads.
        receivers: Descriptors of packet sockets, which are not to be sent on.

    Returns:
        What was done: the version of Landlock (0: the kernel has none), and whether system calls
        are filtered.
    """
    privileges.give_up_capabilities()
    privileges.hide_memory()
    folders = [Path(path) for path in (sys.prefix, sys.base_prefix, *sys.path) if path]
    folders += [Path(path) for path in set(sysconfig.get_paths().values())]
    folders += [Path(__file__).parents[1], *SEARCH_FOLDERS, cache_folder()]
    given = (
        settings.geo.country,
        settings.geo.asn,
        settings.catalog.directory,
        settings.site.inventory,
    )
    version = privileges.confine([*folders, *(path for path in given if path is not None)])
    privileges.limit_files(MOST_DESCRIPTORS)
    return {"landlock": version, "seccomp": seccomp.confine(receivers)}


def main() -> None:
    """Read the orders, and work."""
    # The terminal sends Ctrl-C to all: the keeper decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    control = socket.socket(fileno=int(sys.argv[1]))
    control.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
    try:
        orders = _orders(control)
        privileges.die_with(orders.keeper)
        Worker(orders, control).run()
    except MonitorError as error:
        sys.stderr.write(f"camwatch: {error}\n")
        sys.exit(error.exit_status)
    except (BrokenPipeError, ConnectionResetError):
        os._exit(1)  # The keeper is gone.


def _orders(control: socket.socket) -> Orders:
    messages = Messages()
    while data := control.recv(1 << 16):
        for message in messages.take(data):
            if message.kind is Kind.START:
                return Orders.of(wire.plain(message.body))
    raise WireError("the keeper left before it gave orders")


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
