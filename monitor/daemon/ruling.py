"""What the rules make of flows and of the sensor, and whom that is told: for the keeper's step."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection

from monitor.config import Settings
from monitor.config.inventory_file import read_inventory
from monitor.daemon import targets as making
from monitor.daemon.targets import Target
from monitor.errors import ConfigError
from monitor.model.alerts import AlertChange, AlertEvent, Silence, Subject
from monitor.model.inventory import NO_INVENTORY
from monitor.model.learnt import Learnt
from monitor.model.records import Device
from monitor.model.rows import RecordBatch
from monitor.model.words import DeviceKind
from monitor.policy.cover import read_window
from monitor.policy.engine import Engine
from monitor.policy.load import load_rules
from monitor.policy.status import CameraStatus, Status
from monitor.store import alerts, outbox
from monitor.store.live import LiveStore

LOOK_NS = 10_000_000_000
"""Time between looks at the sensor itself, and between readings of the silences."""

MOST_CAMERAS = 1 << 14
"""Devices that are shown to the rules of the sensor; more are not looked at."""

Write = Callable[[Connection], None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """What one step of the keeper has to write beside flows."""

    learnt: Sequence[Learnt]
    writes: Sequence[Write]
    told: int
    """How many messages are due."""


class Ruling:
    """The rules in force, with what they remember, and the targets that are told.

    Raises:
        ConfigError: A rule, a window, the time zone or a file of a target is refused.
    """

    def __init__(self, settings: Settings) -> None:
        policy = settings.policy
        try:
            zone = ZoneInfo(policy.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ConfigError(
                f"policy.timezone = '{policy.timezone}': no such time zone; "
                "write one such as Europe/Amsterdam"
            ) from error
        self.rules = load_rules(policy.rules, runbooks=policy.runbooks)
        self.targets: list[Target] = making.open_targets(settings.notify.target)
        self.engine = Engine(
            self.rules,
            settings.sensor.name,
            windows=[read_window(text) for text in policy.windows],
            zone=zone,
        )
        self.opened: Counter[tuple[str, str]] = Counter()
        """Alerts opened since the start, by rule and severity."""

        listed = settings.site.inventory
        self.inventory = NO_INVENTORY if listed is None else read_inventory(listed)
        self._run_no = 0
        self._cameras: dict[str, Device] = {}
        self._looked_ns = 0
        self._read_ns = 0
        self._silences: Sequence[Silence] = ()
        self._silenced: Sequence[Silence] = ()

    def restore(self, store: LiveStore, now_ns: int) -> None:
        """Take what an earlier process kept. Before the store is anybody else's.

        Raises:
            StoreError: It cannot be read.
        """
        self._run_no = store.run_no
        learnt = [Learnt(*item) for item in store.learnt()]
        self.engine.restore(learnt, store.read(lambda c: alerts.load_open(c, store.sensor)), now_ns)
        self.read_silences(store, now_ns)

    def read_silences(self, store: LiveStore, now_ns: int) -> None:
        """Read the silences in force, now and then; in whatever thread has the store."""
        if abs(now_ns - self._read_ns) >= LOOK_NS:
            self._read_ns = now_ns
            self._silences = store.read(lambda c: alerts.load_silences(c, now_ns))

    def learn(self, devices: Iterable[Device]) -> None:
        """Note what is known of devices now."""
        for device in devices:
            if device.ip in self._cameras or len(self._cameras) < MOST_CAMERAS:
                self._cameras[device.ip] = device

    def step(self, batches: Sequence[RecordBatch], status: Mapping[str, Any], now_ns: int) -> Ruled:
        """Ask the rules, and return what is to be written in the transaction of the flows."""
        if self._silences is not self._silenced:
            self._silenced = self._silences
            self.engine.silence(self._silenced)
        events: list[AlertEvent] = []
        for batch in batches:
            events += self.engine.take(batch, now_ns)
        look = None
        if abs(now_ns - self._looked_ns) >= LOOK_NS:
            self._looked_ns = now_ns
            look = self._look(status)
        events += self.engine.tick(now_ns, look)
        learnt, updates = self.engine.dirty(), self.engine.updates()
        for event in events:
            if event.change is AlertChange.OPENED:
                self.opened[event.alert.rule, str(event.alert.severity)] += 1
        outgoing = making.outgoing(events, self.targets, now_ns)
        run_no = self._run_no
        writes: list[Write] = []
        if events:
            writes.append(lambda c: alerts.write(c, run_no, events))
        if updates:
            writes.append(lambda c: alerts.write_updates(c, run_no, updates))
        if outgoing:
            writes.append(lambda c: _enqueue(c, outgoing, now_ns))
        return Ruled(learnt=learnt, writes=writes, told=len(outgoing))

    def _look(self, status: Mapping[str, Any]) -> Status:
        interfaces = status["interfaces"]
        return Status(
            cameras=[
                CameraStatus(
                    Subject(device.ip, device.mac, maker=device.maker, brand=device.brand),
                    device.kind,
                    is_listed=bool(self.inventory.match(device.ip, device.mac))
                    if len(self.inventory)
                    else None,
                )
                for device in self._cameras.values()
                if device.kind is DeviceKind.CAMERA
            ],
            gaps=[
                *(f"interface {i['interface']} is down" for i in interfaces if not i["is_up"]),
                *status.get("gaps", ()),
            ],
            received=sum(item["received"] for item in interfaces),
            lost=sum(item["dropped"] + item["lost_with_worker"] for item in interfaces),
            databases={
                kind: _ns(database["date"])
                for database in status["databases"]
                for kind in database["kinds"]
            },
        )


def _enqueue(connection: Connection, outgoing: Sequence[outbox.Outgoing], now_ns: int) -> None:
    outbox.enqueue(connection, outgoing, now_ns)


def _ns(date: str) -> int:
    return int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()) * 10**9
