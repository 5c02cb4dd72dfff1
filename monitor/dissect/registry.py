"""Picks the dissector for a conversation, by first byte and port, and remembers what repeats."""

import importlib
import pkgutil
from collections.abc import Iterable

import monitor.dissect
from monitor.dissect.base import TCP, UDP, Dissector
from monitor.model.facts import NOTHING, Conversation, Dissection

MEMO_BYTES = 128
"""Conversations up to this many bytes are remembered whole; longer ones hardly repeat."""

MEMO_SIZE = 1 << 14

_ByByte = tuple[tuple[Dissector, ...], ...]
"""For each value of the first byte, the dissectors to ask, in order."""


def shipped() -> tuple[Dissector, ...]:
    """Return the dissectors of this package: the ``DISSECTOR`` or ``DISSECTORS`` of each module."""
    found: list[Dissector] = []
    for info in sorted(pkgutil.iter_modules(monitor.dissect.__path__), key=lambda m: m.name):
        module = importlib.import_module(f"monitor.dissect.{info.name}")
        one = getattr(module, "DISSECTOR", None)
        found.extend(getattr(module, "DISSECTORS", () if one is None else (one,)))
    return tuple(found)


def _table(dissectors: Iterable[Dissector]) -> _ByByte:
    """Return who is asked for each first byte, in the order given."""
    rows: list[list[Dissector]] = [[] for _ in range(256)]
    for dissector in dissectors:
        for byte in dissector.first_bytes:
            rows[byte].append(dissector)
    return tuple(tuple(row) for row in rows)


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
        self._layers = {
            transport: tuple(d for d in self.dissectors if d.is_layer and transport in d.transports)
            for transport in (TCP, UDP)
        }
        self._any_port: dict[int, _ByByte] = {}
        self._by_port: dict[tuple[int, int], _ByByte] = {}
        for transport in (TCP, UDP):
            able = [d for d in self.dissectors if transport in d.transports]
            able.sort(key=lambda d: d.rank)
            self._any_port[transport] = _table(able)
            for port in {port for d in able for port in d.ports}:
                # Sorting is stable: each group stays in the order of rank.
                ordered = sorted(able, key=lambda d, port=port: port not in d.ports)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
                self._by_port[transport, port] = _table(ordered)

    def dissect(self, conversation: Conversation) -> Dissection:
        """Return what the bytes show; `NOTHING` where nothing is recognised.

        Equal answers are the same object, so that later stages may compare by identity.
        """
        orig, resp = conversation.orig, conversation.resp
        if not (orig or resp):
            return NOTHING
        protocol, port = conversation.protocol, conversation.resp_port
        key = None
        if sum(map(len, orig)) + sum(map(len, resp)) <= MEMO_BYTES:
            # Some dissectors look at the originator's port, but only for ports that mean something;
            # with the others in the key a repeated probe would never be found again.
            orig_port = conversation.orig_port
            if orig_port >= 1024 and (protocol, orig_port) not in self._by_port:
                orig_port = 0
            key = (protocol, orig_port, port, orig, resp)
            seen = self._memo.get(key)
            if seen is not None:
                return seen
        table = self._by_port.get((protocol, port)) or self._any_port.get(protocol)
        answer = NOTHING if table is None else _ask(conversation, table)
        if answer.service:
            for layer in self._layers[protocol]:
                if layer.service != answer.service:
                    answer = _with_layer(answer, layer.dissect(conversation))
        known = self._known.get(answer)
        if known is None:
            if len(self._known) >= self._memo_size:
                self._known = {NOTHING: NOTHING}
                self._memo.clear()
            known = self._known[answer] = answer
        if key is not None:
            if len(self._memo) >= self._memo_size:
                self._memo.clear()
            self._memo[key] = known
        return known


def _ask(conversation: Conversation, table: _ByByte) -> Dissection:
    orig, resp = conversation.orig_first, conversation.resp_first
    asked: tuple[Dissector, ...] = ()
    for first in (orig[:1], resp[:1]):
        if not first:
            continue
        for dissector in table[first[0]]:
            if dissector not in asked:
                answer = dissector.dissect(conversation)
                if answer is not None:
                    return answer
        asked = table[first[0]]
    return NOTHING


def _with_layer(answer: Dissection, layer: Dissection | None) -> Dissection:
    if layer is None:
        return answer
    facts = tuple(dict.fromkeys((*answer.facts, *layer.facts)))
    return Dissection(answer.service, facts, tuple(dict.fromkeys((*answer.weirds, *layer.weirds))))
