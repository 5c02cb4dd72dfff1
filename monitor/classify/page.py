"""The page docs/catalog.md: every entry, by maker."""

from collections.abc import Iterable, Iterator

from monitor.classify.entry import Entry
from monitor.classify.index import Catalog
from monitor.classify.show import condition_text

_HEAD = """# Catalogue

What camwatch knows of names, protocols, requests and ports, and who says so. This page is made from
`monitor/classify/catalog/*.yaml` by `python -m monitor.classify.build`; do not edit it.

A name that starts with a dot stands for itself and everything under it; `*` stands for any
characters. Confidence is that of the entry: the answer for a flow also weighs what else it shows.
"""


def catalog_page(catalog: Catalog) -> str:
    """Return the page as Markdown."""
    return "\n".join([_HEAD, *_sections(catalog.entries.values())]) + "\n"


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
