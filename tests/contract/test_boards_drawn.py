"""Values are drawn with the units of Grafana, and a board with the titles of its file."""

from pathlib import Path

import pytest

from dashboards.render import page
from dashboards.units import shown
from tests.support import boards


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (237_000, "decbytes", None, "237 kB"),
        (1_140_000, "decbytes", None, "1.14 MB"),
        (14_500, "Bps", None, "14.5 kB/s"),
        (75, "pps", None, "75 p/s"),
        (0.25, "cps", None, "0.25 c/s"),
        (0.0276, "percentunit", 2, "2.76%"),
        (128, "s", None, "2.13 mins"),
        (90, "short", 0, "90"),
        (51_009, "none", None, "51009"),
        (0, "dateTimeAsIso", None, "1970-01-01 00:00:00"),
    ],
)
def test_a_value_is_shown_in_its_unit(
    value: float, unit: str, decimals: int | None, text: str
) -> None:
    assert shown(value, unit, decimals) == text


@pytest.mark.parametrize("path", boards.FILES, ids=lambda path: path.stem)
def test_every_unit_of_a_board_can_be_drawn_and_every_title_is(path: Path) -> None:
    board = boards.load(path)
    answers: dict[str, object] = {}
    for panel in boards.panels(board):
        config = panel["fieldConfig"]
        values = [
            p["value"] for o in config["overrides"] for p in o["properties"] if p["id"] == "unit"
        ]
        for unit in (config["defaults"]["unit"], *values):
            assert shown(1.0, unit)
        for target in panel["targets"]:
            nothing = {"columns": ["Empty"], "rows": []} if "rawSql" in target else []
            answers[f"{path.stem}/{panel['id']}/{target['refId']}"] = nothing
    text, height = page(board, path.stem, answers, 1e9, 300, 1366)
    assert height > 1000
    for panel in board["panels"]:
        assert panel["title"] in text
