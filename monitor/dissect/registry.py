"""Picks the dissector for a conversation, by first byte and port, and remembers what repeats."""

import importlib
import pkgutil
import re
import secrets
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

import monitor.dissect
from monitor.dissect.base import TCP, UDP, Dissector
from monitor.dissect.kernel_digest import DNS, EXACT, HELLO, PPPP, STUN, digests
from monitor.dissect.pieces import Pieces
from monitor.model.arrays import I64, U16, Bool
from monitor.model.facts import NOTHING, Conversation, Dissection
from monitor.model.flows import ConversationBatch

MEMO_BYTES = 128
"""Conversations up to this many bytes are remembered whole; longer ones hardly repeat."""

MEMO_SIZE = 1 << 14

LOW_PORTS = 1024
"""Below it, an originator's port may mean something though no dissector names it."""

MAX_DIGESTS = 1 << 15
"""Digests whose answer is remembered; when there are more, all are forgotten."""

_MASKED_FOR = {HELLO: "tls", DNS: "dns", STUN: "stun", PPPP: "pppp"}
"""Whose messages a mask was made for: to others, what it hides may count."""

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

    def first(self, byte: int) -> Dissector | None:
        """Return who is asked first for a first byte."""
        return next((d for d in self._dissectors if byte in d.first_bytes), None)


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
        self._by_digest: dict[int, Dissection] = {}
        self._seed = np.uint64(secrets.randbits(64))
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
        self._is_telling = {t: _told_ports(ports) for t, ports in self._by_port.items()}

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

    def dissect_all(self, batch: ConversationBatch, rows: I64) -> list[Dissection]:
        """Return what `dissect` says of some conversations, most of them from memory.

        A digest that hides what is new in every message finds the answer of one that was like it;
        only where there is none are bytes cut out and dissectors asked.
        """
        digest, masked = np.zeros(len(rows), np.uint64), np.zeros(len(rows), np.uint8)
        digests(
            batch.data, batch.piece_off, batch.byte_off, batch.is_orig, batch.protocol,
            self._telling_ports(batch), batch.resp_port, rows, self._seed, digest, masked,
        )  # fmt: skip
        keys = digest.tolist()
        found = list(map(self._by_digest.get, keys))
        pieces = None
        answers: list[Dissection] = []
        for at, known in enumerate(found):
            if known is not None:
                answers.append(known)
                continue
            pieces = pieces or Pieces(batch)
            conversation = pieces.conversation(int(rows[at]))
            answer = self.dissect(conversation)
            answers.append(answer)
            if keys[at] and self._is_told_by(int(masked[at]), conversation, answer):
                if len(self._by_digest) >= MAX_DIGESTS:
                    self._by_digest.clear()
                self._by_digest[keys[at]] = answer
        return answers

    def _telling_ports(self, batch: ConversationBatch) -> U16:
        """Return the originator's port where a dissector may look at it, else 0."""
        is_telling = np.where(
            batch.protocol == TCP,
            self._is_telling[TCP][batch.orig_port],
            self._is_telling[UDP][batch.orig_port],
        )
        return np.where(is_telling, batch.orig_port, np.uint16(0))

    def _is_told_by(self, masked: int, conversation: Conversation, answer: Dissection) -> bool:
        """Return whether all conversations of a digest have this answer.

        With something masked they have where the dissector that the mask was made for answered
        before anybody else was asked.
        """
        if masked == EXACT:
            return True
        byte = (conversation.orig_first or conversation.resp_first)[0]
        first = self._table(conversation.protocol, conversation.resp_port).first(byte)
        return (
            first is not None
            and first.service == answer.service == _MASKED_FOR[masked]
            and first.dissect(conversation) is not None
        )

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
            if orig_port >= LOW_PORTS and orig_port not in by_port:
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
                self._by_digest.clear()
            known = self._known[answer] = answer
            self._own.add(id(answer))
        return known


def _told_ports(ports: Iterable[int]) -> Bool:
    """Return of each port whether a dissector may look at it as the originator's."""
    is_telling = np.arange(1 << 16) < LOW_PORTS
    is_telling[list(ports)] = True
    return is_telling


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
