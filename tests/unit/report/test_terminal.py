import io
from typing import Any

import pytest
from rich.console import Console

from monitor.report import terminal
from tests.support.reports import camera, finding, report, talk


def shown(made: dict[str, Any], width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    with console.capture() as capture:
        terminal.render(made, console)
    return [line.rstrip() for line in capture.get().splitlines()]


def test_a_name_of_usual_length_is_not_broken_on_eighty_columns() -> None:
    lines = shown(report(camera("10.20.3.11", talk(names=["vtmvirginia.ezvizlife.com"]))))
    assert any("vtmvirginia.ezvizlife.com" in line for line in lines)
    assert max(map(len, lines)) <= 80


def test_the_label_and_its_maker_are_told_apart_and_the_model_belongs_to_the_label() -> None:
    assert "10.20.3.11  camera · Annke I91BM, made by Hikvision  44:19:b6:5e:20:a1" in shown(
        report(camera("10.20.3.11", talk()))
    )


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ({"brand": None, "model": None}, "camera · Hikvision"),
        ({"brand": None, "maker": None, "model": None, "oui": "Tuya"}, "network card by Tuya"),
        ({"brand": None, "maker": None, "oui": None, "model": None}, "maker unknown"),
        ({"brand": None, "maker": None, "oui": None, "kind": "unknown"}, "maker unknown, I91BM"),
        ({"brand": "Dell", "maker": "Dell", "model": None, "kind": "other"}, "other device · Dell"),
    ],
)
def test_what_is_known_of_a_device_is_said_and_no_more(known: dict[str, Any], text: str) -> None:
    assert text in "\n".join(shown(report(camera("10.20.3.11", talk(), **known))))


def test_who_kept_to_the_site_is_one_line_below_who_did_not() -> None:
    quiet = camera("10.20.3.1", talk(scope="broadcast", purpose="discovery", flows=3))
    lines = shown(report(quiet, camera("10.20.3.11", talk())), 100)
    (at,) = [i for i, line in enumerate(lines) if line.startswith("10.20.3.1 ")]
    assert lines[at].endswith("inside the site only: discovery 3")
    assert any(line.startswith("10.20.3.11") for line in lines[:at])


def test_a_purpose_that_rests_on_little_has_a_question_mark_which_is_explained() -> None:
    sure = shown(report(camera("10.20.3.11", talk())))
    doubtful = shown(report(camera("10.20.3.11", talk(confidence="low"))))
    assert not any("?" in line for line in sure)
    assert any(line.startswith("  diagnostics? ") for line in doubtful)
    assert "A purpose with ? rests on weak evidence." in doubtful


def test_a_wide_terminal_says_what_the_answer_rests_on() -> None:
    made = report(camera("10.20.3.11", talk()))
    assert any(line.endswith("fact, name") for line in shown(made, 120))
    assert not any("known by" in line for line in shown(made, 80))


def test_an_operator_known_by_address_is_named_once() -> None:
    lines = shown(report(camera("10.20.3.11", talk(names=[]))))
    (row,) = [line for line in lines if "diagnostics" in line]
    assert row.split() == ["diagnostics", "EZVIZ,", "CN", "CN", "2", "of", "2", "1.5", "kB", "800", "B"]  # fmt: skip


def test_more_cameras_than_fit_a_screen_are_counted() -> None:
    loud = [camera(f"10.0.0.{n}", talk()) for n in range(1, 15)]
    quiet = [camera(f"10.0.1.{n}", talk(scope="site")) for n in range(1, 10)]
    assert "… and 5 more addresses in the report." in shown(report(*loud, *quiet))


def test_findings_of_one_rule_are_one_line() -> None:
    made = report(
        camera("10.0.0.1", talk()), findings=[finding(f"10.0.0.{n}") for n in range(1, 7)]
    )
    (row,) = [line for line in shown(made, 100) if "Diagnostics go to the maker" in line]
    assert row.split()[0] == "medium"
    assert "10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4 +2" in row
    assert row.split()[-1] == "12"


def test_losses_are_shown_and_data_is_credited_without_its_address() -> None:
    lines = shown(report(camera("10.0.0.1", talk()), losses=["12 frames were cut short"]))
    assert "Lost: 12 frames were cut short" in lines
    assert "Data: Places of Somebody (CC-BY-SA-4.0)" in lines
