"""What a dissector is."""

import dataclasses
import re
from collections.abc import Callable
from typing import NamedTuple

from monitor.model.facts import Conversation, Dissection

TCP = 6
UDP = 17

ANY_BYTE = frozenset(range(256))


class FactKind(NamedTuple):
    """A kind of fact or weird that a dissector gives: a row of docs/protocols.md."""

    kind: str
    """Dotted name, the part before the dot being the service: ``tls.sni``; of a weird its name."""

    text: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dissector:
    """One protocol: how it is recognised and what it tells."""

    service: str
    """Stable id, such as ``tls``."""

    title: str
    """Name for people, such as ``Transport Layer Security``."""

    transports: frozenset[int]
    """IP protocol numbers: ``{TCP}``, ``{UDP}`` or both."""

    first_bytes: frozenset[int]
    """Values that the first byte of the first piece can have (originator's piece where there is
    one, else the responder's). Keeps a dissector from being asked in vain."""

    dissect: Callable[[Conversation], Dissection | None]
    """Facts, or None when the bytes are not this protocol's. Never raises, whatever the bytes.
    Must check bytes enough that chance does not pass: a port alone never decides."""

    ports: frozenset[int] = frozenset()
    """Responder ports on which this dissector is asked before the others."""

    rank: int = 50
    """Order among dissectors that could match: lower is asked first. Long magics 10-30, short
    ones 40-60, shapes without a magic 70-90."""

    how: str
    """How it is recognised, in words."""

    facts: tuple[FactKind, ...] = ()
    weirds: tuple[FactKind, ...] = ()
    """Oddities it names, with what each means."""

    tcp_opening: re.Pattern[bytes] | None = None
    """Over TCP, what the first piece of at least one side matches wherever the answer is not None.
    Lets opaque streams pass quickly. None: nothing is promised."""

    is_layer: bool = False
    """Also asked where another dissector has answered; its facts and weirds are then added to the
    answer, and the service stays the other's. For what other protocols carry, such as TLS behind
    STARTTLS."""

    source: str
    """Where the format is described: RFC section, public document, capture."""
