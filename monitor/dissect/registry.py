"""Picks the dissector for a conversation, by first byte and port, and remembers what repeats."""

import importlib
import pkgutil
from collections.abc import Iterable

import monitor.dissect
from monitor.dissect.base import TCP, UDP, Dissector
from monitor.model.facts import NOTHING, Conversation, Dissection

MEMO_BYTES = 128
"""Conversations up to this many bytes are remembered whole; longer ones hardly repeat."""


def shipped() -> tuple[Dissector, ...]:
    """Return the dissectors of this package: the ``DISSECTOR`` or ``DISSECTORS`` of each module."""
    found: list[Dissector] = []
    for info in sorted(pkgutil.iter_modules(monitor.dissect.__path__), key=lambda m: m.name):
        module = importlib.import_module(f"monitor.dissect.{info.name}")
        one = getattr(module, "DISSECTOR", None)
        found.extend(getattr(module, "DISSECTORS", () if one is None else (one,)))
    return tuple(found)


class Registry:
    """Dissects conversations. Bounded: remembers at most `memo_size` answers, then forgets all."""

    def __init__(self, dissectors: Iterable[Dissector] | None = None, memo_size: int = 1 << 16):
        self.dissectors = shipped() if dissectors is None else tuple(dissectors)
        self._memo_size = memo_size
        self._memo: dict[tuple[int, int, tuple[bytes, ...], tuple[bytes, ...]], Dissection] = {}
        self._known: dict[Dissection, Dissection] = {NOTHING: NOTHING}
        ordered = sorted(self.dissectors, key=lambda d: d.rank)
        self._by_byte = {
            transport: tuple(
                tuple(d for d in ordered if transport in d.transports and byte in d.first_bytes)
                for byte in range(256)
            )
            for transport in (TCP, UDP)
        }
        self._by_port: dict[tuple[int, int], tuple[Dissector, ...]] = {}
        for dissector in ordered:
            for transport in dissector.transports:
                for port in dissector.ports:
                    key = (transport, port)
                    self._by_port[key] = (*self._by_port.get(key, ()), dissector)

    def dissect(self, conversation: Conversation) -> Dissection:
        """Return what the bytes show; `NOTHING` where nothing is recognised.

        Equal answers are the same object, so that later stages may compare by identity.
        """
        orig, resp = conversation.orig, conversation.resp
        first = orig[0] if orig else resp[0] if resp else b""
        if not first:
            return NOTHING
        short = sum(map(len, orig)) + sum(map(len, resp)) <= MEMO_BYTES
        key = (conversation.protocol, conversation.resp_port, orig, resp)
        if short:
            seen = self._memo.get(key)
            if seen is not None:
                return seen
        answer = self._ask(conversation, first[0])
        known = self._known.get(answer)
        if known is None:
            if len(self._known) >= self._memo_size:
                self._known = {NOTHING: NOTHING}
                self._memo.clear()
            known = self._known[answer] = answer
        if short:
            if len(self._memo) >= self._memo_size:
                self._memo.clear()
            self._memo[key] = known
        return known

    def _ask(self, conversation: Conversation, byte: int) -> Dissection:
        tables = self._by_byte.get(conversation.protocol)
        if tables is None:
            return NOTHING
        hinted = self._by_port.get((conversation.protocol, conversation.resp_port), ())
        for dissector in hinted:
            if byte in dissector.first_bytes:
                answer = dissector.dissect(conversation)
                if answer is not None:
                    return answer
        for dissector in tables[byte]:
            if dissector not in hinted:
                answer = dissector.dissect(conversation)
                if answer is not None:
                    return answer
        return NOTHING
