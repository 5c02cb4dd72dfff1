"""Purposes of recorded captures and of the project's own samples, against labels."""

import pytest

from monitor.model.words import Purpose
from tests.accuracy import page
from tests.support.scoring import (
    EASY,
    MISSED,
    Scored,
    accuracy,
    checks_accepted,
    recorded,
    samples,
    scores,
)

pytestmark = pytest.mark.slow

PRECISE = (
    Purpose.DIAGNOSTICS,
    Purpose.UPDATE_CHECK,
    Purpose.FIRMWARE_DOWNLOAD,
    Purpose.P2P_RENDEZVOUS,
    Purpose.MEDIA_RELAY,
)
"""What a public claim would be made of."""


@pytest.fixture(scope="module")
def labelled() -> list[Scored]:
    return recorded()


@pytest.fixture(scope="module")
def own() -> list[Scored]:
    return samples()


def listed(rows: list[Scored]) -> str:
    return "\n".join(
        f"{row.capture}: {row.flows}: want {'|'.join(row.wanted)}, have {row.answer}"
        for row in rows
        if not row.is_right
    )


def test_the_tables_are_printed(labelled: list[Scored], own: list[Scored]) -> None:
    """Run with ``-s`` to see them."""
    print(f"\n{page.table(scores(labelled))}\n\n{page.confusion(labelled)}\n")  # noqa: T201
    print(f"accuracy {accuracy(labelled):.3f}\n{listed(labelled)}")  # noqa: T201
    print(f"\nown samples:\n{page.table(scores(own))}\n{listed(own)}")  # noqa: T201


def test_most_labels_are_met(labelled: list[Scored]) -> None:
    assert len(labelled) == 284
    assert accuracy(labelled) >= 0.96, listed(labelled)
    assert accuracy(checks_accepted(labelled)) >= 0.98, listed(labelled)
    hard = [row for row in labelled if row.truth not in EASY]
    assert accuracy(hard) >= 0.94, listed(hard)


def test_no_labelled_flow_is_missed(labelled: list[Scored]) -> None:
    assert [row for row in labelled if row.answer == MISSED] == []


@pytest.mark.parametrize("purpose", PRECISE)
def test_what_is_said_is_right(labelled: list[Scored], purpose: Purpose) -> None:
    found = {score.purpose: score for score in scores(labelled)}[purpose]
    assert found.precision is not None
    assert found.precision >= 0.95, listed(labelled)


@pytest.mark.parametrize("purpose", [p for p in PRECISE if p is not Purpose.DIAGNOSTICS])
def test_what_is_there_is_found(labelled: list[Scored], purpose: Purpose) -> None:
    found = {score.purpose: score for score in scores(labelled)}[purpose]
    assert found.recall is not None
    assert found.recall >= 0.95, listed(labelled)


def test_every_kind_of_mistake_has_its_reason(labelled: list[Scored]) -> None:
    assert page.mistakes(labelled).keys() <= page.WHY.keys(), listed(labelled)


def test_the_page_shows_the_scores(labelled: list[Scored], own: list[Scored]) -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    generated, _, _ = text.partition("\n" + page.ALERTS)
    assert generated == page.render(labelled, own), "run: python -m tests.accuracy.page"


def test_the_own_samples_are_met(own: list[Scored]) -> None:
    assert len(own) >= 25
    assert accuracy(own) == 1.0, listed(own)
