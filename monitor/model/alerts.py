"""Alerts: findings with a life cycle, as the policy stage, the store and the messages share them."""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from monitor.model.records import Evidence
from monitor.model.words import Severity


class AlertState(StrEnum):
    """Where an alert is in its life."""

    OPEN = "open"
    RESOLVED = "resolved"


class AlertChange(StrEnum):
    """What happened to an alert; the last word of a message's type ``camwatch.alert.*``."""

    OPENED = "opened"
    UPDATED = "updated"
    """Something that a reader must know changed: severity, or more cameras."""

    RESOLVED = "resolved"


class Subject(NamedTuple):
    """One camera that an alert names."""

    ip: str
    mac: str = ""
    name: str = ""
    """Name of the inventory, empty without one."""

    maker: str = ""
    brand: str = ""
    vlan: int | None = None
    is_quiet: bool = False
    """A silence or a window held back what it showed so far; it was not told."""

    @property
    def key(self) -> str:
        """What it is known by when its address changes: MAC, else address."""
        return self.mac or self.ip


class Alert(NamedTuple):
    """One thing that is going on, for one camera or for many that do the same."""

    id: str
    """Unique for each opening: 32 hex digits."""

    fingerprint: str
    """Stable over openings: `fingerprint` of sensor, rule, group and operator."""

    sensor: str
    rule: str
    severity: Severity
    title: str
    explanation: str
    """What it means and what to do, for a network operator."""

    state: AlertState
    subjects: tuple[Subject, ...]
    """The cameras, in the order in which they joined."""

    operator: str
    """Company behind the service, empty where it does not matter or is not known."""

    operator_country: str
    destinations: tuple[str, ...]
    """Names or addresses on the other side, bounded."""

    opened_ns: int
    updated_ns: int
    """When a message was last due."""

    last_ns: int
    """Last flow, or other event, that showed it."""

    resolved_ns: int | None
    times: int
    """Flows, or events, that showed it since it was opened."""

    evidence: tuple[Evidence, ...]
    flow_ids: tuple[str, ...]
    """A few of the flows, for explain and inspect."""

    told: int = 0
    """Cameras that the last message named; 0: no message was due yet (silenced, or in a window)."""

    group: tuple[str, ...] = ()
    """What the rule groups by, as its fingerprint has it."""

    runbook: str = ""
    """Page that says how to look into it: path or URL; empty: there is none."""


class AlertEvent(NamedTuple):
    """What the policy stage says of an alert: to be kept, and told where a message is due."""

    alert: Alert
    """As it is now."""

    change: AlertChange | None
    """None: counted, or held back by a silence; kept in the store, no message is due."""

    at_ns: int
    text: str = ""
    """What changed, in words, such as ``3 more cameras``."""

    silence: str = ""
    """Silence or window that holds a message back, empty where none does."""


class Silence(NamedTuple):
    """Alerts that nobody wants to be told of for a while, and who says so: a row of `silences`."""

    id: str
    matches: Mapping[str, str]
    """All must agree: ``rule``, ``operator``, ``fingerprint`` (equal), ``camera`` (address or network),
    ``when`` (a condition on alerts)."""

    author: str
    reason: str
    created_ns: int
    until_ns: int


def fingerprint(*parts: str) -> str:
    """Return the stable key of an alert: 32 hex digits of SHA-256 over its parts, in order."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
