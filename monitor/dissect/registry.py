"""Picks the dissector for a conversation, by first byte and port, and remembers what repeats."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

import monitor.dissect
from monitor.dissect.base import TCP, UDP, Dissector
from monitor.model.facts import NOTHING, Conversation, Dissection

MEMO_BYTES = 128
"""Conversations up to this many bytes are remembered whole; longer ones hardly repeat."""

MEMO_SIZE = 1 << 14

_Ask = Callable[[Conversation], Dissection | None]


class _Row(NamedTuple):
    """Whom to ask for one value of the first byte, in order."""

    all: tuple[_Ask, ...]
    opening: Callable[[bytes], object] | None
    """Whether a stream opens as one of those wants it that promise an opening; TCP alone."""

    others: tuple[_Ask, ...]
    """Those that promise none: all to ask where no opening fits."""


def shipped() -> tuple[Dissector, ...]:
    """Return the dissectors of this package: the ``DISSECTOR`` or ``DISSECTORS`` of each module."""
    found: list[Dissector] = []
    for info in sorted(pkgutil.iter_modules(monitor.dissect.__path__), key=lambda m: m.name):
        module = importlib.import_module(f"monitor.dissect.{info.name}")
        one = getattr(module, "DISSECTOR", None)
        found.extend(getattr(module, "DISSECTORS", () if one is None else (one,)))
    return tuple(found)


def _row(dissectors: list[Dissector], transport: int) -> _Row:
    everyone = tuple(d.dissect for d in dissectors)
    openings = [d.tcp_opening for d in dissectors if d.tcp_opening and transport == TCP]
    if not openings:
        return _Row(everyone, None, everyone)
    either = b"|".join(b"(?s:%s)" % opening.pattern for opening in dict.fromkeys(openings))
    others = tuple(d.dissect for d in dissectors if d.tcp_opening is None)
    return _Row(everyone, re.compile(either).match, others)


class _Table:
    """Who is asked for each first byte, in the order given.

    Rows are made when first needed: a start would else look up tens of thousands of patterns, of
    which few are ever used.
    """

    def __init__(self, dissectors: list[Dissector], transport: int) -> None:
        self._dissectors = dissectors
        self._transport = transport
        self._rows: list[_Row | None] = [None] * 256

    def row(self, byte: int) -> _Row:
        """Return whom to ask for a first byte."""
        row = self._rows[byte]
        if row is None:
            able = [d for d in self._dissectors if byte in d.first_bytes]
            row = self._rows[byte] = _row(able, self._transport)
        return row


class Registry:
    """Dissects conversations.

    Who is asked: first the dissectors that name the responder's port, then the others, each group
    by rank, of those only the ones that the first byte fits. Where the originator's first byte
    leads nowhere, the responder's is tried: the start of one side may have been missed. Layers
    (`Dissector.is_layer`) add to the answer of another service.

    Bounded: remembers at most `memo_size` answers and as many short conversations; when full it
    forgets all, and equal answers are one object only since then.
    """

    def __init__(
        self, dissectors: Iterable[Dissector] | None = None, memo_size: int = MEMO_SIZE
    ) -> None:
        self.dissectors = shipped() if dissectors is None else tuple(dissectors)
        self._memo_size = memo_size
        self._memo: dict[
            tuple[int, int, int, tuple[bytes, ...], tuple[bytes, ...]], Dissection
        ] = {}
        self._known: dict[Dissection, Dissection] = {NOTHING: NOTHING}
        # Dissectors that remember give the object that was kept; its id tells that without a hash.
        self._own: set[int] = set()
        self._layers = {
            transport: tuple(
                (d.service, d.dissect)
                for d in self.dissectors
                if d.is_layer and transport in d.transports
            )
            for transport in (TCP, UDP)
        }
        self._able = {
            transport: sorted(
                (d for d in self.dissectors if transport in d.transports), key=lambda d: d.rank
            )
            for transport in (TCP, UDP)
        }
        self._any_port = {t: _Table(able, t) for t, able in self._able.items()}
        self._by_port: dict[int, dict[int, _Table | None]] = {
            t: dict.fromkeys(port for d in able for port in d.ports)
            for t, able in self._able.items()
        }

    def _table(self, transport: int, port: int) -> _Table:
        """Return the table of a port: dissectors that name it first, each group by rank."""
        tables = self._by_port[transport]
        if port not in tables:
            return self._any_port[transport]
        table = tables[port]
        if table is None:
            # Sorting is stable: each group stays in the order of rank.
            ordered = sorted(self._able[transport], key=lambda d: port not in d.ports)
            table = tables[port] = _Table(ordered, transport)
        return table

    def dissect(self, conversation: Conversation) -> Dissection:
        """Return what the bytes show; `NOTHING` where nothing is recognised.

        Equal answers are the same object, so that later stages may compare by identity.
        """
        orig, resp = conversation.orig, conversation.resp
        protocol, port = conversation.protocol, conversation.resp_port
        by_port = self._by_port.get(protocol)
        if by_port is None or not (orig or resp):
            return NOTHING
        key = None
        # Most conversations are too long by their first piece already.
        if len(orig[0] if orig else resp[0]) <= MEMO_BYTES and (
            sum(map(len, orig)) + sum(map(len, resp)) <= MEMO_BYTES
        ):
            # Some dissectors look at the originator's port, but only for ports that mean something;
            # with the others in the key a repeated probe would never be found again.
            orig_port = conversation.orig_port
            if orig_port >= 1024 and orig_port not in by_port:
                orig_port = 0
            key = (protocol, orig_port, port, orig, resp)
            seen = self._memo.get(key)
            if seen is not None:
                return seen
        answer = _ask(conversation, by_port.get(port) or self._table(protocol, port))
        if answer is not NOTHING:
            for service, dissect in self._layers[protocol]:
                if service != answer.service:
                    layer = dissect(conversation)
                    if layer is not None:
                        answer = _with_layer(answer, layer)
            answer = self._one(answer)
        if key is not None:
            if len(self._memo) >= self._memo_size:
                self._memo.clear()
            self._memo[key] = answer
        return answer

    def _one(self, answer: Dissection) -> Dissection:
        """Return the object that stands for all answers equal to this."""
        if id(answer) in self._own:
            return answer
        known = self._known.get(answer)
        if known is None:
            if len(self._known) >= self._memo_size:
                self._known = {NOTHING: NOTHING}
                self._own.clear()
                self._memo.clear()
            known = self._known[answer] = answer
            self._own.add(id(answer))
        return known


def _ask(conversation: Conversation, table: _Table) -> Dissection:
    orig, resp = conversation.orig, conversation.resp
    ours, theirs = orig[0] if orig else b"", resp[0] if resp else b""
    asked: tuple[_Ask, ...] = ()
    for first in (ours, theirs) if theirs else (ours,):
        if not first:
            continue
        everyone, opening, others = table.row(first[0])
        if opening is not None and not (opening(ours) or (theirs and opening(theirs))):
            everyone = others
        for dissect in everyone:
            if dissect not in asked:
                answer = dissect(conversation)
                if answer is not None:
                    return answer
        asked = everyone
    return NOTHING


def _with_layer(answer: Dissection, layer: Dissection) -> Dissection:
    facts = tuple(dict.fromkeys((*answer.facts, *layer.facts)))
    return Dissection(answer.service, facts, tuple(dict.fromkeys((*answer.weirds, *layer.weirds))))
