"""Writes docs/accuracy.md from the recorded captures: ``python -m tests.accuracy.page``."""

from collections import Counter
from collections.abc import Iterable, Sequence

from monitor.model.words import Purpose
from tests.support.scoring import (
    EASY,
    MISSED,
    Score,
    Scored,
    accuracy,
    checks_accepted,
    recorded,
    samples,
    scores,
)
from tests.support.shared import ROOT

PAGE = ROOT / "docs" / "accuracy.md"
ALERTS = "## Alerts over a month\n"
"""What follows this line is held by `test_alerts`."""

WHY = {
    (Purpose.DIAGNOSTICS, Purpose.CONNECTIVITY_CHECK): (
        "Echo requests to public resolvers and fetches of Google's test pages. The labels have no "
        "word of their own for a connectivity check and file it under diagnostics; here it has "
        "one, since it tells the maker nothing: no host of a maker is asked, and nothing but the "
        "request is sent."
    ),
    (Purpose.PUSH, Purpose.UNKNOWN): (
        "The last packets of connections that were opened before the capture: a lone FIN, or one "
        "ACK answered by a RST. The reader knew the servers from another capture; nothing in this "
        "one shows what they were for."
    ),
}
"""Why answers are wrong, by label and answer. A kind of mistake without a line fails a test."""

HEAD = """# How often the purpose is right

Recorded captures of cameras and other devices, published by others, whose flows were labelled by one careful
reading; {labels} labels of medium or high confidence over {captures} captures. A label covers the flows that one
address opened to another on some ports; the commonest answer counts. The captures are not part of the project.
`pytest tests/accuracy -s` scores them where they lie in `../shared/pcaps`, prints these tables and holds floors;
`python -m tests.accuracy.page` writes this page.

| | right | of | share |
|---|---|---|---|
{totals}

**What this does not show.** The catalogue was written with these captures at hand, so that captures of makers it
does not know will score lower: there it says `unknown`, or what behaviour alone shows, with low confidence.
"""


def table(rows: Sequence[Score]) -> str:
    """Return precision and recall for each purpose."""
    lines = [
        "| purpose | labels | right | said | precision | recall |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{row.purpose}` | {row.labels} | {row.right} | {row.said} "
        f"| {_share(row.precision)} | {_share(row.recall)} |"
        for row in rows
    ]
    return "\n".join(lines)


def _share(value: float | None) -> str:
    return "·" if value is None else f"{value:.2f}"


def confusion(rows: Iterable[Scored]) -> str:
    """Return labels by answers."""
    counts = Counter((row.truth, row.truth if row.is_right else row.answer) for row in rows)
    order = [*map(str, Purpose), MISSED]
    wanted = [purpose for purpose in order if any(key[0] == purpose for key in counts)]
    said = [purpose for purpose in order if any(key[1] == purpose for key in counts)]
    lines = [
        "| label \\ answer | " + " | ".join(f"`{answer}`" for answer in said) + " |",
        "|---" * (len(said) + 1) + "|",
    ]
    for truth in wanted:
        cells = (str(counts[truth, answer] or "·") for answer in said)
        lines.append(f"| `{truth}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def mistakes(rows: Iterable[Scored]) -> dict[tuple[str, str], list[Scored]]:
    """Return the labels that were not met, by label and answer."""
    found: dict[tuple[str, str], list[Scored]] = {}
    for row in rows:
        if not row.is_right:
            found.setdefault((row.truth, row.answer), []).append(row)
    return found


def _wrong(rows: Iterable[Scored]) -> str:
    lines = []
    for (truth, answer), group in sorted(mistakes(rows).items()):
        where = Counter(row.capture for row in group)
        why = WHY.get((Purpose(truth), Purpose(answer)), "Not looked into.")
        lines.append(f"**`{truth}` answered `{answer}`, {len(group)} labels.** {why}")
        lines += ["", *(f"- {count} in `{name}`" for name, count in where.items()), ""]
    return "\n".join(lines).rstrip()


def _total(title: str, rows: Sequence[Scored]) -> str:
    right = sum(row.is_right for row in rows)
    return f"| {title} | {right} | {len(rows)} | {accuracy(rows):.3f} |"


def render(labelled: Sequence[Scored], own: Sequence[Scored]) -> str:
    """Return the page."""
    hard = [row for row in labelled if row.truth not in EASY]
    totals = [
        _total("all purposes", labelled),
        _total("without DNS, NTP and discovery, which are easy", hard),
        _total("all, a connectivity check allowed to be called one", checks_accepted(labelled)),
        _total("the project's own samples, made and not recorded", own),
    ]
    captures = len({row.capture for row in labelled})
    parts = [
        HEAD.format(labels=len(labelled), captures=captures, totals="\n".join(totals)),
        "## By purpose",
        "",
        table(scores(labelled)),
        "",
        "## What was answered for what",
        "",
        "Where a label allows several purposes it counts under its first.",
        "",
        confusion(labelled),
        "",
        "## What is wrong, and why",
        "",
        _wrong(labelled),
        "",
    ]
    return "\n".join(parts)


def main() -> None:
    """Write the page; what it says of alerts is written by hand and stays."""
    by_hand = ALERTS + PAGE.read_text(encoding="utf-8").partition(ALERTS)[2]
    PAGE.write_text(render(recorded(), samples()) + "\n" + by_hand, encoding="utf-8")


if __name__ == "__main__":
    main()
