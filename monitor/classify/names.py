"""Finds the entries that speak of a name: by dictionary walks, not by trying every pattern."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from monitor.classify.entry import Entry

EXACT: Final = 3
GLOB: Final = 2
SUFFIX: Final = 1

SECOND_LEVEL: Final = frozenset(("ac", "co", "com", "edu", "gov", "net", "ne", "or", "org"))
"""Labels under which country domains register names, such as co.uk: enough to tell the host part
from the domain; the full public suffix list is not needed to find words."""

_RUN = re.compile(r"[a-z]+")
_DIGITS: Final = "0123456789"


class NameHit(NamedTuple):
    """An entry whose pattern fits a name."""

    entry: Entry
    how: int
    """`EXACT`, `GLOB` or `SUFFIX`."""

    pattern: str


class _Glob(NamedTuple):
    expression: re.Pattern[str]
    literal: str
    hit: NameHit


class NameIndex:
    """Patterns of names, in dictionaries: a look-up costs the labels of the name."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._exact: dict[str, list[NameHit]] = {}
        self._suffix: dict[str, list[NameHit]] = {}
        self._globs: dict[str, list[_Glob]] = {}
        """By the last whole labels without a star; those without any under the empty text."""

        for entry in entries:
            for pattern in entry.match.name:
                self._add(entry, pattern)

    def _add(self, entry: Entry, pattern: str) -> None:
        if "*" in pattern:
            tail = pattern.rpartition("*")[2]
            tail = tail.partition(".")[2] if not tail.startswith(".") else tail[1:]
            expression = re.compile(".*".join(map(re.escape, pattern.split("*"))))
            literal = max(pattern.split("*"), key=len)
            glob = _Glob(expression, literal, NameHit(entry, GLOB, pattern))
            self._globs.setdefault(tail, []).append(glob)
        elif pattern.startswith("."):
            hit = NameHit(entry, SUFFIX, pattern)
            self._suffix.setdefault(pattern[1:], []).append(hit)
        else:
            self._exact.setdefault(pattern, []).append(NameHit(entry, EXACT, pattern))

    def find(self, name: str) -> list[NameHit]:
        """Return what fits `name` (lower case), the most specific first.

        Exact names come before globs, globs before suffixes, longer patterns before shorter, and
        entries with more conditions before those with fewer.
        """
        hits = list(self._exact.get(name, ()))
        hits.extend(self._found(name))
        hits.sort(key=_order, reverse=True)
        return hits

    def _found(self, name: str) -> Iterator[NameHit]:
        tail = name
        while True:
            yield from self._suffix.get(tail, ())
            for glob in self._globs.get(tail, ()):
                if glob.literal in name and glob.expression.fullmatch(name):
                    yield glob.hit
            if not tail:
                return
            tail = tail.partition(".")[2]


def _order(hit: NameHit) -> tuple[int, int, int]:
    return hit.how, len(hit.pattern), _conditions(hit.entry)


def _conditions(entry: Entry) -> int:
    match = entry.match
    rest = (match.service, match.fact, match.port, match.transport, match.scope)
    return sum(map(bool, rest)) + bool(match.initiated_by) + match.silent


def host_labels(name: str) -> list[str]:
    """Return the labels left of the registered domain, from the left; all of a single label."""
    labels = name.split(".")
    keep = 2
    if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in SECOND_LEVEL:
        keep = 3
    return labels[:-keep]


def label_words(label: str) -> set[str]:
    """Return the words of one label: its parts at hyphens, with and without digits.

    Examples:
        >>> sorted(label_words("p2p1-uslog"))
        ['p', 'p2p', 'p2p1', 'uslog']
    """
    words: set[str] = set()
    for part in label.replace("_", "-").split("-"):
        words.add(part)
        words.add(part.rstrip(_DIGITS))
        words.update(_RUN.findall(part))
    words.discard("")
    return words


class WordHit(NamedTuple):
    """An entry one of whose words stands in a name."""

    entry: Entry
    word: str
    place: int
    """0: in the leftmost label."""


class WordIndex:
    """Words of host names: most in a dictionary, the few with a star in a list."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._whole: dict[str, list[Entry]] = {}
        self._starred: list[tuple[str, Entry]] = []
        for entry in entries:
            for word in entry.match.word:
                if "*" in word:
                    self._starred.append((word, entry))
                else:
                    self._whole.setdefault(word, []).append(entry)

    def find(self, labels: Iterable[str]) -> list[WordHit]:
        """Return the words that stand in labels of a host, the leftmost first."""
        hits: list[WordHit] = []
        for place, label in enumerate(labels):
            for word in sorted(label_words(label)):
                hits.extend(WordHit(entry, word, place) for entry in self._whole.get(word, ()))
                hits.extend(
                    WordHit(entry, word, place)
                    for pattern, entry in self._starred
                    if _starred(pattern, word)
                )
        return hits


def _starred(pattern: str, word: str) -> bool:
    core = pattern.strip("*")
    if pattern.startswith("*"):
        return core in word if pattern.endswith("*") else word.endswith(core)
    return word.startswith(core)
