"""The README is the first thing that a new user believes."""

import re
import shlex

import pytest

from tests.support.shared import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
CALLS = re.findall(r"^ {4}(?:.*\| )?camwatch (.+)$", README, re.MULTILINE)
LINKS = re.findall(r"\]\((?!https://)([^)#]+)\)", README)
GROUPS = {"catalog", "db", "geo", "notify", "rules", "token"}
"""Commands that have commands below them."""

STATUS_ROW = re.compile(r"^\| (\d+) \|", re.MULTILINE)


@pytest.mark.parametrize("link", sorted(set(LINKS)))
def test_what_the_readme_points_to_exists(link: str) -> None:
    assert (ROOT / link).is_file()


@pytest.mark.parametrize("call", CALLS)
def test_an_example_uses_a_command_and_options_that_exist(call: str) -> None:
    words = shlex.split(call)
    name = " ".join(words[:2] if words[0] in GROUPS else words[:1])
    (page,) = re.findall(rf"^## camwatch {name}\n(.*?)(?=^## )", COMMANDS, re.MULTILINE | re.DOTALL)
    for option in (word for word in words if word.startswith("--")):
        assert f" {option} " in page


def test_the_readme_lists_every_exit_status() -> None:
    listed = STATUS_ROW.findall(COMMANDS.partition("## Exit statuses")[2])
    assert listed
    assert STATUS_ROW.findall(README) == listed


def test_the_pictures_of_the_readme_fetch_nothing_and_are_small() -> None:
    svg = (ROOT / "docs" / "summary.svg").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"' <]+", svg)) == {"http://www.w3.org/2000/svg"}
    assert "url(" not in svg.replace("url(#", "")
    shown = re.findall(r"!\[[^]]*\]\(([^)]+\.png)\)", README)
    assert shown
    assert all((ROOT / picture).stat().st_size < 250_000 for picture in shown)


def test_make_replay_replays_a_sample_that_exists() -> None:
    (sample,) = re.findall(
        r"^SAMPLE \?= (\S+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert (ROOT / sample).is_file()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_names_packages_and_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines()]
    wanted = re.compile(r"[a-z0-9.-]+==\S+ \\|--hash=sha256:[0-9a-f]{64}( \\)?|#.*|")
    assert [line for line in lines if not wanted.fullmatch(line)] == []
    assert "://" not in text
