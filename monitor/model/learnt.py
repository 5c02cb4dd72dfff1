"""What the policy stage remembers over restarts, and firmware that was fetched."""

from typing import Any, NamedTuple


class Learnt(NamedTuple):
    """One thing that was learnt: a row of `learnt`."""

    kind: str
    """Which memory."""

    key: str
    """Of what: a camera, a name, ..."""

    value: Any
    """Plain data, as JSON has it. None: it is forgotten."""

    first_ns: int
    last_ns: int


class Update(NamedTuple):
    """Firmware that a camera fetched: a row of `updates`."""

    flow_id: str
    """16 hex digits."""

    camera_ip: str
    at_ns: int
    name: str
    """Server: its name, else its address."""

    url: str
    """What was asked for, empty where it was encrypted."""

    bytes: int
    sha256: str
    """Digest of the body, empty where it was not visible."""
