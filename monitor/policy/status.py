"""What the keeper tells the rules of cameras and of the sensor itself, beside flows."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from monitor.model.alerts import Subject
from monitor.model.words import DeviceKind


class CameraStatus(NamedTuple):
    """What is known of one device now."""

    subject: Subject
    kind: DeviceKind
    is_listed: bool | None
    """Whether the inventory has it; None: there is no inventory."""

    wanted_maker: str = ""
    """Maker that the inventory gives it, empty where it says none."""

    missing: str = ""
    """Why nothing can be said of what it sends, such as ``not seen for 2 h``; empty: it is seen."""


class Status(NamedTuple):
    """One look at everything that is not a flow."""

    cameras: Sequence[CameraStatus] = ()
    gaps: Sequence[str] = ()
    """What the sensor does not see beyond single cameras, one line each, such as a VLAN."""

    received: int = 0
    """Packets received since the sensor began."""

    lost: int = 0
    """Of those that reached the machine: lost before they were read, since the sensor began."""

    databases: Mapping[str, int] = {}
    """Database of address blocks -> when it was made, ns since 1970."""
