"""Turns conditions into predicates over whole batches of flow records.

What rows share stands in vocabularies: a comparison is made once for each entry, and the answer is
looked up by index. Numbers are compared as columns. So a condition costs some passes over small
arrays for each batch, whatever the number of flows.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

import numpy as np

from monitor.language import All, AnyOf, Compare, Expression, Not, OneOf, Op
from monitor.language.match import test_of
from monitor.language.tree import Network, Value
from monitor.model.addresses import Networks
from monitor.model.arrays import VLAN_NONE, Bool
from monitor.model.facts import Dissection
from monitor.model.rows import SCOPES, RecordBatch, Vocabulary, protocol_text
from monitor.model.words import OUTCOMES, PURPOSE_GROUPS

Leaf = Compare | OneOf
Names = Mapping[str, str]
"""Address of a camera -> its name in the inventory."""


def shows_password(dissection: Dissection) -> bool:
    """Return whether a sign-in was seen whose password crossed as it is."""
    return any(
        fact.kind == "credential" and not _is_proven(fact.value) for fact in dissection.facts
    )


def _is_proven(credential: str) -> bool:
    """Return whether a password was proven without being shown: Digest, WS-Security."""
    scheme = credential.partition(" ")[0]
    return "digest" in scheme or "wsse" in scheme


_VERDICT: Final[dict[str, Callable[[Any], Any]]] = {
    "purpose": lambda verdict: str(verdict.purpose),
    "group": lambda verdict: PURPOSE_GROUPS[verdict.purpose],
    "confidence": lambda verdict: str(verdict.confidence),
}
_PARTY: Final[dict[str, Callable[[Any], Any]]] = {
    name: attrgetter(name)
    for name in (
        "name", "name_source", "country", "asn", "as_org", "operator", "operator_country"
    )
}  # fmt: skip
_CAMERA: Final[dict[str, Callable[[Any], Any]]] = {
    "camera": lambda device: device.ip,
    "kind": lambda device: str(device.kind),
    **{name: attrgetter(name) for name in ("mac", "maker", "brand", "model", "firmware")},
}
_DISSECTION: Final[dict[str, Callable[[Any], Any]]] = {
    "service": lambda dissection: dissection.service,
    "fact": lambda dissection: tuple(f"{f.kind}={f.value}" for f in dissection.facts),
    "clear_password": shows_password,
}
_SHARED: Final[dict[str, tuple[str, str, Callable[[Any], Any]]]] = {
    **{name: ("verdict", "verdicts", get) for name, get in _VERDICT.items()},
    **{name: ("party", "parties", get) for name, get in _PARTY.items()},
    **{name: ("camera", "cameras", get) for name, get in _CAMERA.items()},
    **{name: ("dissection", "dissections", get) for name, get in _DISSECTION.items()},
}
"""Field -> index column, vocabulary, value of an entry."""

_CODED: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "scope": ("scope", tuple(str(scope) for scope in SCOPES)),
    "outcome": ("outcome", tuple(str(outcome) for outcome in OUTCOMES)),
    "protocol": ("protocol", tuple(protocol_text(number) for number in range(256))),
}
"""Field -> column of small numbers, text of each."""

_NUMBERS: Final[dict[str, Callable[[RecordBatch], Any]]] = {
    "port": lambda b: np.where(b.is_ours, b.resp_port, b.orig_port),
    "vlan": lambda b: np.where(b.vlan == VLAN_NONE, np.uint16(0), b.vlan),
    "out_bytes": lambda b: np.where(b.is_ours, b.orig_bytes, b.resp_bytes),
    "in_bytes": lambda b: np.where(b.is_ours, b.resp_bytes, b.orig_bytes),
    "packets": lambda b: b.orig_pkts + b.resp_pkts,
    "duration": lambda b: b.end_ns - b.start_ns,
    "time": lambda b: b.start_ns,
}
_COMPARE: Final[dict[Op, Callable[[Any, int], Any]]] = {
    Op.EQ: np.equal, Op.NE: np.not_equal, Op.LT: np.less, Op.LE: np.less_equal,
    Op.GT: np.greater, Op.GE: np.greater_equal,
}  # fmt: skip


class Conditions:
    """Several conditions, which share the comparisons that they have in common."""

    def __init__(self, conditions: Sequence[Expression | None], names: Names | None = None) -> None:
        self._conditions = conditions
        self._names: Names = {} if names is None else names
        self._words: Vocabulary | None = None
        self._answers: dict[Leaf, Bool] = {}
        """Of each comparison of shared values: the answer for each entry of its vocabulary."""

        self._codes: dict[Leaf, Bool] = {}

    def rename(self, names: Names) -> None:
        """Take another inventory."""
        self._names = names
        self._words = None

    def masks(self, batch: RecordBatch) -> list[Bool | None]:
        """Return for each condition which rows it holds for, shape (n,); None for no condition."""
        if batch.words is not self._words:
            self._words = batch.words
            self._answers.clear()
        known: dict[Leaf, Bool] = {}
        return [
            None if condition is None else self._mask(condition, batch, known)
            for condition in self._conditions
        ]

    def _mask(self, tree: Expression, batch: RecordBatch, known: dict[Leaf, Bool]) -> Bool:
        if isinstance(tree, Not):
            return ~self._mask(tree.part, batch, known)
        if isinstance(tree, All | AnyOf):
            is_all = isinstance(tree, All)
            mask = self._mask(tree.parts[0], batch, known)
            for part in tree.parts[1:]:
                if not mask.any() if is_all else mask.all():
                    return mask
                other = self._mask(part, batch, known)
                mask = mask & other if is_all else mask | other
            return mask
        found = known.get(tree)
        if found is None:
            found = known[tree] = self._leaf(tree, batch)
        return found

    def _leaf(self, leaf: Leaf, batch: RecordBatch) -> Bool:
        name = leaf.field.name
        if name in _SHARED or name == "camera_name":
            return self._shared(leaf, batch)
        if name in _CODED:
            column, texts = _CODED[name]
            rows: Bool = self._coded(leaf, texts)[getattr(batch, column)]
            return rows
        if name == "initiated_by":
            return self._coded(leaf, ("destination", "camera"))[batch.is_ours.astype(np.uint8)]
        if name == "sends_more":
            more = np.asarray(_NUMBERS["out_bytes"](batch) > _NUMBERS["in_bytes"](batch))
            return self._coded(leaf, (False, True))[more.astype(np.uint8)]
        if name == "destination":
            return _in_networks(leaf, batch)
        return _numeric(leaf, _NUMBERS[name](batch))

    def _shared(self, leaf: Leaf, batch: RecordBatch) -> Bool:
        """Look answers up by index; ask only about entries that came since the last batch."""
        if leaf.field.name == "camera_name":
            names = self._names
            column, words = "camera", "cameras"
            get: Callable[[Any], Any] = lambda device: names.get(device.ip, "")  # noqa: E731  # as those of the table
        else:
            column, words, get = _SHARED[leaf.field.name]
        entries = getattr(batch.words, words)
        answers = self._answers.get(leaf)
        have = 0 if answers is None else len(answers)
        if answers is None or have < len(entries):
            test = test_of(leaf)
            new = np.fromiter((test(get(entry)) for entry in entries[have:]), np.bool_)
            answers = new if answers is None else np.concatenate([answers, new])
            self._answers[leaf] = answers
        rows: Bool = answers[getattr(batch, column)]
        return rows

    def _coded(self, leaf: Leaf, texts: Sequence[str | bool]) -> Bool:
        answers = self._codes.get(leaf)
        if answers is None:
            test = test_of(leaf)
            answers = self._codes[leaf] = np.array([test(text) for text in texts], np.bool_)
        return answers


def _numeric(leaf: Leaf, column: Any) -> Bool:
    if isinstance(leaf, OneOf):
        found = np.zeros(len(column), np.bool_)
        for value in leaf.values:
            found |= column == _number(value)
        return found
    answer: Bool = _COMPARE[leaf.op](column, _number(leaf.value))
    if leaf.field.name == "vlan" and leaf.op not in (Op.EQ, Op.NE):
        answer &= column != 0  # What is absent is neither less nor more than anything.
    return answer


def _number(value: Value) -> int:
    """Return a number as columns hold it, where absence is 0."""
    return value if isinstance(value, int) else 0


def _in_networks(leaf: Leaf, batch: RecordBatch) -> Bool:
    values = leaf.values if isinstance(leaf, OneOf) else (leaf.value,)
    networks: list[Network] = [v for v in values if v is not None and not isinstance(v, str | int)]
    hi = np.where(batch.is_ours, batch.resp_hi, batch.orig_hi)
    lo = np.where(batch.is_ours, batch.resp_lo, batch.orig_lo)
    # A network of IPv6 never holds an IPv4 address, though that is mapped into its numbers.
    is_v4 = (hi == 0) & (lo >> np.uint64(32) == 0xFFFF)
    found: Bool = is_v4 & Networks(n for n in networks if n.version == 4).holds(hi, lo)
    found |= ~is_v4 & Networks(n for n in networks if n.version == 6).holds(hi, lo)
    return ~found if isinstance(leaf, Compare) and leaf.op is Op.NE else found
