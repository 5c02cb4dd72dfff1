"""The page docs/catalog.md: every entry, by maker."""

from collections.abc import Iterable, Iterator

from monitor.classify import rules
from monitor.classify.behaviour import RULES
from monitor.classify.entry import Entry
from monitor.classify.index import Catalog
from monitor.classify.names import EXACT, GLOB, SUFFIX
from monitor.classify.show import condition_text
from monitor.model.words import Confidence

_HEAD = """# Catalogue

What camwatch knows of names, protocols, requests and ports, and who says so. This page is made from
`monitor/classify/catalog/*.yaml` by `python -m monitor.classify.build`; do not edit it.

A name that starts with a dot stands for itself and everything under it; `*` stands for any
characters. Confidence is that of the entry: the answer for a flow also weighs what else it shows.
"""


def catalog_page(catalog: Catalog) -> str:
    """Return the page as Markdown."""
    return "\n".join([_HEAD, *_answer(), *_sections(catalog.entries.values())]) + "\n"


def _answer() -> Iterator[str]:
    """Yield how an answer is made, from the tables that make it."""
    yield "## How an answer is made\n"
    yield (
        "Every sign has a weight: the trust in its kind, times the confidence of its entry "
        f"(high {rules.BY_CONFIDENCE[Confidence.HIGH]:g}, medium "
        f"{rules.BY_CONFIDENCE[Confidence.MEDIUM]:g}, low {rules.BY_CONFIDENCE[Confidence.LOW]:g}). "
        f"Other purposes of an entry get {rules.ALSO:g} of it. Signs for one purpose combine as "
        "1 - (1 - a)(1 - b); the purpose with the most weight is the answer: high from "
        f"{rules.HIGH:g}, medium from {rules.MEDIUM:g}, low from {rules.LOW:g}, else unknown. A "
        f"sign for another purpose with {rules.RIVAL:g} of that weight takes a step away.\n"
    )
    yield "| sign | trust |"
    yield "|---|---|"
    for sign, trust in _TRUST:
        yield f"| {sign} | {trust:g} |"
    yield "\nThen sizes, times and company are asked, where they can change the answer:\n"
    for rule in RULES:
        yield f"- `{rule.id}` (of {', '.join(sorted(rule.when))}): {rule.text}."
    yield ""


_TRUST = (
    ("protocol, recognised from bytes", rules.TRUST_SERVICE),
    ("what the bytes say in words, such as an HTTP path", rules.TRUST_FACT),
    ("exact name", rules.TRUST_NAME[EXACT]),
    ("name that fits a pattern with `*`", rules.TRUST_NAME[GLOB]),
    ("address that its operator publishes", rules.TRUST_ADDRESS),
    ("name under a domain with one purpose", rules.TRUST_NAME[SUFFIX]),
    ("word of a host name", rules.TRUST_WORD),
    ("name under a domain with hosts of many kinds", rules.TRUST_CATCH_ALL),
    ("port, where the bytes are not known", rules.TRUST_PORT),
)


def _sections(entries: Iterable[Entry]) -> Iterator[str]:
    makers: dict[str, list[Entry]] = {}
    for entry in entries:
        makers.setdefault(entry.maker, []).append(entry)
    for maker in sorted(makers, key=str.casefold):
        yield f"## {maker}\n"
        yield "| what | purpose | confidence | meaning | source |"
        yield "|---|---|---|---|---|"
        for entry in makers[maker]:
            yield _row(entry)
        yield ""


def _row(entry: Entry) -> str:
    purpose = str(entry.purpose)
    if entry.also:
        purpose += f" (also {', '.join(entry.also)})"
    cells = (
        condition_text(entry.match),
        purpose,
        str(entry.confidence),
        entry.about,
        "; ".join(entry.source),
    )
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
