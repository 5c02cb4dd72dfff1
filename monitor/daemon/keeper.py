"""The keeper: the process that has the store, and that workers are started and heard by.

One loop, by one thread: words of the workers, a step to the store each second, signals. Nothing in
it waits for the store, which has a thread and a bounded backlog of its own.

    signal ─┐
    worker ─┼─> loop ─Step─> Backlog ─> LiveStore
    clock  ─┘
"""

import dataclasses
import os
import select
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from monitor import __version__, config
from monitor.config import Settings
from monitor.daemon import logs, systemd, wire
from monitor.daemon.canaries import Post
from monitor.daemon.covering import Covering
from monitor.daemon.crew import Hand, added, seen_by_interface
from monitor.daemon.delivery import Delivery
from monitor.daemon.measuring import Measuring
from monitor.daemon.ruling import Ruling
from monitor.daemon.wire import Kind, Message, WireError
from monitor.errors import ConfigError, MonitorError
from monitor.metrics.server import MetricsServer
from monitor.metrics.snapshot import Snapshot
from monitor.model.addresses import Networks
from monitor.model.records import Device
from monitor.model.rows import RecordBatch
from monitor.store.backlog import Backlog
from monitor.store.live import LiveStore, Step
from monitor.store.outbox import Outbox
from monitor.store.pruning import Pruner
from monitor.store.retention import Retention

HIGHEST_PORT = 65_535

STEP_NS = 1_000_000_000
"""Time between steps: what a worker finds is in the store, at the latest, so long after."""

ROWS_A_STEP = 10_000
"""A step is written before its time when so many flows wait for it."""

DRAIN_S = 30.0
"""How long workers may take to hand over what they have, and the store to write it, at the end."""

LOSS_TOLD_NS = 10_000_000_000
"""Losses are logged at most once in this time."""

_MAY_CHANGE = ("site", "geo", "catalog")
"""Sections that a reload takes up; `sensor.kernel_filter` and `sensor.sample_every` are, too."""


class StartError(MonitorError):
    """A worker could not begin."""

    def __init__(self, status: int, last_words: str) -> None:
        lines = last_words.strip().splitlines() or ["it said nothing"]
        why = lines[-1].removeprefix("camwatch: ")
        is_known = 2 <= status <= 5
        super().__init__(why if is_known else f"a worker ended with status {status}: {why}")
        self.exit_status = status if is_known else 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What the keeper is to do."""

    settings: Settings
    config_path: Path | None
    adjust: Callable[[Settings], Settings]
    """Lays the command line over the settings file, at a reload too."""

    started_ns: int


class Keeper:
    """The loop and what it knows. `run` returns when everything is written."""

    def __init__(
        self,
        job: Job,
        crew: Sequence[Hand],
        store: LiveStore,
        ruling: Ruling,
        posts: Sequence[Post] = (),
        now_ns: Callable[[], int] = time.time_ns,
        pace_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._job = job
        self._settings = job.settings
        self._crew = crew
        self._now_ns = now_ns
        self._pace_ns = pace_ns
        self._facts: dict[str, Any] = {}
        """What a heartbeat says of the sensor."""

        self._ruling = ruling
        self._pruner = Pruner(Retention(**job.settings.store.kept()))
        ruling.restore(store, now_ns())
        self._backlog = Backlog(
            store, most_flows=job.settings.store.backlog_flows, between=self._between
        )
        self._delivery = self._open_delivery()
        self._covering = Covering(job.settings, posts, now_ns())
        self._measuring = Measuring(ruling.inventory, Networks(job.settings.site.cameras))
        self._snapshot = Snapshot(version=__version__, started_ns=job.started_ns)
        self._metrics = self._open_metrics()
        self._log = logs.logger()
        self._records: list[RecordBatch] = []
        self._devices: list[Device] = []
        self._steps_written = 0
        self._steps_ns = 0
        self._is_stopping = False
        self._is_ready = False
        self._wants_reload = False
        self._reloads = {"taken": 0, "refused": 0}
        self._broken = 0
        self._told_losses: dict[str, int] = {}
        self._told_losses_ns = 0
        self._told_fault = ""
        self._was_up: dict[str, bool] = {}
        self._seen_at_start = {
            port.name: seen_by_interface(port.name) for hand in crew for port in hand.ports
        }

    def run(self) -> None:
        """Work until a signal ends it, and write what there is.

        Raises:
            StartError: A worker could not begin.
        """
        waker, wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_stop)
        signal.signal(signal.SIGHUP, self._asked_to_reload)
        for hand in self._crew:
            hand.start(self._settings, self._pace_ns())
        try:
            self._loop(waker)
        finally:
            for hand in self._crew:
                hand.kill()
            counts = self._backlog.close(DRAIN_S)
            if self._delivery is not None:
                self._delivery.stop()
            if self._metrics is not None:
                self._metrics.close()
            signal.set_wakeup_fd(-1)
            os.close(waker)
            os.close(wakes)
            self._log.info("stopped", **counts._asdict())

    def _between(self, store: LiveStore, now_ns: int) -> bool:
        """Do short work of the store's thread between steps; return whether there is more."""
        self._ruling.read_silences(store, now_ns)
        if self._delivery is not None:
            self._delivery.wake()
        return self._pruner.piece(store, now_ns)

    def _open_delivery(self) -> Delivery | None:
        """Return the threads that tell targets, begun; none where nobody is to be told."""
        if not self._ruling.targets:
            return None
        made = Delivery(
            self._ruling.targets,
            Outbox.open(self._job.settings.store.address()),
            sensor=self._settings.sensor.name,
            now_ns=self._now_ns,
            facts=lambda: self._facts,
        )
        made.start()
        return made

    def _open_metrics(self) -> MetricsServer | None:
        """Return the listener of /metrics; None where the setting is empty."""
        if not self._settings.metrics.listen:
            return None
        host, _, port = self._settings.metrics.listen.rpartition(":")
        if not port.isdecimal() or int(port) > HIGHEST_PORT:
            raise ConfigError(
                f"metrics.listen = '{self._settings.metrics.listen}': no address and port; "
                "write 127.0.0.1:9465, or nothing"
            )
        return MetricsServer(host.strip("[]"), int(port), lambda: self._snapshot)

    def _loop(self, waker: int) -> None:
        due_ns = self._pace_ns() + STEP_NS
        gives_up_ns = 0
        while True:
            self._hear(waker, max(due_ns - self._pace_ns(), 0) // 1_000_000 + 1)
            self._supervise()
            now = self._pace_ns()
            if self._is_stopping and not gives_up_ns:
                gives_up_ns = now + int(DRAIN_S * 1e9)
                systemd.tell("STOPPING=1")
                self._log.info("stopping")
                for hand in self._crew:
                    hand.stop()
            if self._wants_reload:
                self._wants_reload = False
                self._reload()
            rows = sum(len(batch) for batch in self._records)
            is_over = self._is_stopping and (
                all(not hand.pid for hand in self._crew) or now >= gives_up_ns
            )
            if now >= due_ns or rows >= ROWS_A_STEP or is_over:
                self._step()
                due_ns = now + STEP_NS
            if is_over:
                return

    def _hear(self, waker: int, timeout_ms: int) -> None:
        poll = select.poll()
        poll.register(waker, select.POLLIN)
        hands = {hand.descriptor: hand for hand in self._crew if hand.descriptor >= 0}
        for descriptor in hands:
            poll.register(descriptor, select.POLLIN)
        for descriptor, _ in poll.poll(timeout_ms):
            if descriptor == waker:
                os.read(waker, 4096)
                continue
            hand = hands[descriptor]
            try:
                for message in hand.hear():
                    hand.heard_ns = self._pace_ns()
                    self._take(hand, message)
            except WireError as error:
                self._broken += 1
                self._log.error("worker-broken", worker=hand.number, why=str(error))
                hand.kill()

    def _take(self, hand: Hand, message: Message) -> None:
        if message.kind is Kind.RECORDS:
            self._records.append(hand.receiver.batch(message.body))
            return
        told = wire.plain(message.body)
        if message.kind is Kind.REFUSED:
            self._reloads["refused"] += 1
            self._log.error("reload-refused", worker=hand.number, why=str(told.get("why")))
            return
        self._devices += [wire.device(item) for item in told.pop("devices", [])]
        self._covering.hear(hand.number, told.pop("intervals", []))
        if told.get("is_ready"):
            hand.knowledge = {name: told[name] for name in hand.knowledge}
            self._ready(hand, told)
        hand.status = told
        hand.is_done = message.kind is Kind.GOODBYE
        for port, counts in zip(hand.ports, told.get("interfaces", []), strict=True):
            port.told = counts
            port.ask()
            port.look()
            self._note_link(port.name, is_up=bool(counts.get("is_up")))

    def _ready(self, hand: Hand, told: dict[str, Any]) -> None:
        is_first = not hand.is_ready
        hand.is_ready = True
        self._log.info(
            "worker-ready" if is_first else "worker-reloaded",
            worker=hand.number,
            pid=hand.pid,
            confined=told.get("confined"),
            versions=told.get("versions"),
        )
        if not self._is_ready and all(other.is_ready for other in self._crew):
            self._is_ready = True
            interfaces = ", ".join(self._settings.sensor.interfaces)
            systemd.tell(f"READY=1\nSTATUS=capturing {interfaces}")
            self._log.info("ready", interfaces=self._settings.sensor.interfaces)

    def _note_link(self, name: str, *, is_up: bool) -> None:
        if self._was_up.get(name) is not is_up:
            self._was_up[name] = is_up
            self._log.log(20 if is_up else 30, "interface", interface=name, is_up=is_up)

    def _supervise(self) -> None:
        now = self._pace_ns()
        for hand in self._crew:
            if hand.is_silent(now):
                self._log.error("worker-silent", worker=hand.number, pid=hand.pid)
                hand.kill()
                hand.heard_ns = now
            status = hand.ended()
            if status is not None:
                was_ready = hand.is_ready
                hand.bury(now)
                if self._is_stopping:
                    continue
                if not was_ready and not self._is_ready:
                    raise StartError(status, hand.last_words)
                hand.restarts += 1
                self._log.error(
                    "worker-died",
                    worker=hand.number,
                    status=status,
                    frames_lost={p.name: p.lost_with_worker for p in hand.ports},
                    flows_lost=hand.flows_lost,
                    last_words=hand.last_words,
                )
            if not hand.pid and not self._is_stopping and now >= hand.due_ns:
                hand.start(self._settings, now)

    def _step(self) -> None:
        """Give the store what has come, and say how things stand."""
        self._backlog.check()
        now_ns = self._now_ns()
        for batch in self._records:
            self._covering.add(batch)
        self._judge(now_ns)
        status = self.status()
        self._ruling.learn(self._devices)
        self._measuring.learn(self._devices)
        for batch in self._records:
            self._measuring.add(batch)
        ruled = self._ruling.step(self._records, status, now_ns)
        self._backlog.put(
            Step(
                now_ns=now_ns,
                records=self._records,
                devices=self._devices,
                learnt=ruled.learnt,
                status=status,
                writes=ruled.writes,
            )
        )
        self._records, self._devices = [], []
        self._facts = {
            "received": sum(item["received"] for item in status["interfaces"]),
            "dropped": sum(item["dropped"] for item in status["interfaces"]),
            "flows_written": status["store"]["flows_written"],
            "alerts_open": len(self._ruling.engine.open_alerts),
        }
        systemd.tell("WATCHDOG=1")
        self._snapshot = self._measuring.snapshot(
            status,
            self._covering,
            alerts=self._ruling.opened,
            alerts_open=Counter(str(one.severity) for one in self._ruling.engine.open_alerts),
            rules=[(rule.id, str(rule.severity)) for rule in self._ruling.rules],
            deliveries={} if self._delivery is None else self._delivery.counts(),
            store_last_ns=self._written_ns(status, now_ns),
        )
        self._tell_troubles(status)

    def _written_ns(self, status: dict[str, Any], now_ns: int) -> int:
        """Return when the store was last seen to have taken a step."""
        steps = status["store"]["steps_written"]
        if steps != self._steps_written:
            self._steps_written, self._steps_ns = steps, now_ns
        return self._steps_ns

    def _judge(self, now_ns: int) -> None:
        """Judge coverage of the intervals that are over."""
        ports = [port for hand in self._crew for port in hand.ports]
        self._covering.step(
            now_ns,
            sum(port.frames for port in ports),
            sum(port.dropped + port.lost_with_worker for port in ports),
        )

    def status(self) -> dict[str, Any]:
        """Return how things stand, as plain data: what `sensors.status` holds. Changes nothing."""
        counters: dict[str, dict[str, int]] = {}
        for hand in self._crew:
            counters = added(counters, hand.totals())
        interfaces = [self._interface(name) for name in self._settings.sensor.interfaces]
        return {
            "version": __version__,
            "started_ns": self._job.started_ns,
            "interfaces": interfaces,
            **self._covering.status(),
            "gaps": self._covering.gaps(),
            "kernel_filter": self._settings.sensor.kernel_filter,
            "workers": [
                {
                    "worker": hand.number,
                    "pid": hand.pid,
                    "is_ready": hand.is_ready,
                    "restarts": hand.restarts,
                    "flows_lost": hand.flows_lost,
                }
                for hand in self._crew
            ],
            "counters": counters,
            "store": {
                "fault": self._backlog.fault,
                "refusal": self._backlog.refusal,
                **self._backlog.counts()._asdict(),
            },
            "reloads": dict(self._reloads),
            "broken_messages": self._broken,
            **self._crew[0].knowledge,
        }

    def _interface(self, name: str) -> dict[str, Any]:
        """Return the counters of an interface over all workers, and what it received in all."""
        made: dict[str, Any] = {"interface": name, "is_up": False}
        for hand in self._crew:
            for port in hand.ports:
                if port.name == name:
                    for key, value in port.plain().items():
                        if key == "is_up":
                            made[key] = made[key] or value
                        elif key == "last_ns":
                            made[key] = max(made.get(key, 0), value)
                        elif key != "interface":
                            made[key] = made.get(key, 0) + value
        octets, count = seen_by_interface(name)
        octets_before, count_before = self._seen_at_start[name]
        made["passed"] = max(count - count_before, 0)
        made["passed_bytes"] = max(octets - octets_before, 0)
        return made

    def _tell_troubles(self, status: dict[str, Any]) -> None:
        fault = status["store"]["fault"]
        if fault != self._told_fault:
            self._told_fault = fault
            self._log.log(40 if fault else 20, "store", fault=fault or None)
        losses = {
            f"{item['interface']}.{kind}": item[kind]
            for item in status["interfaces"]
            for kind in ("dropped", "lost_with_worker", "downs")
        }
        losses["store.flows_dropped"] = status["store"]["flows_dropped"]
        now = self._pace_ns()
        if losses != self._told_losses and now - self._told_losses_ns > LOSS_TOLD_NS:
            if any(losses.values()):
                self._log.warning("losses", **losses)
            self._told_losses, self._told_losses_ns = losses, now

    def _reload(self) -> None:
        """Read the settings again; workers take up what may change, and read their knowledge anew."""
        systemd.tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            settings = self._job.adjust(config.load(self._job.config_path))
        except ConfigError as error:
            self._reloads["refused"] += 1
            self._log.error("reload-refused", why=str(error))
        else:
            self._take_up(settings)
        systemd.tell("READY=1")

    def _take_up(self, settings: Settings) -> None:
        sensor = settings.sensor
        taken = {name: getattr(settings, name) for name in _MAY_CHANGE}
        taken["sensor"] = self._settings.sensor.model_copy(
            update={"kernel_filter": sensor.kernel_filter, "sample_every": sensor.sample_every}
        )
        merged = self._settings.model_copy(update=taken)
        waits = sorted(
            name
            for name in type(settings).model_fields
            if getattr(settings, name) != getattr(merged, name)
        )
        if waits:
            self._log.warning("reload-needs-restart", sections=waits)
        self._settings = merged
        self._measuring.name_cameras(Networks(merged.site.cameras))
        self._reloads["taken"] += 1
        for hand in self._crew:
            hand.reload(merged)
        self._log.info("reloaded", settings=orjson.loads(wire.as_json(config.as_dict(merged))))

    def _asked_to_stop(self, _number: int, _frame: object) -> None:
        self._is_stopping = True

    def _asked_to_reload(self, _number: int, _frame: object) -> None:
        self._wants_reload = True
