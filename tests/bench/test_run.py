"""The arithmetic and the page of the benchmark; nothing here is timed."""

import sys
from pathlib import Path

import pytest

from tests.bench import run
from tests.bench.measure import Failed, peak_memory, timed
from tests.bench.run import INNER, WHOLE, Row

INSIDE = {"packets": 1000.0, "flows": 10.0, "read_s": 0.1, "decode_s": 0.2, "flow_s": 0.3}


def rows(whole_s: float) -> dict[str, Row]:
    return {
        WHOLE: Row([whole_s], 3.0, 90_000_000),
        INNER: Row([0.5], 0.0, 60_000_000),
        "peer": Row([7.0, 8.0, 12.0], 9.5, 5_000_000),
    }


def test_the_table_tells_medians_and_their_ratio_to_camwatch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run, "DOES", {WHOLE: "all", INNER: "part", "peer": "other"})
    lines = run.table("egress", 2_000_000, rows(2.0), INSIDE).splitlines()
    assert lines[0] == "**`egress`**: 1,000 packets, 2 MB, 10 flows."
    assert lines[6] == "| peer | other | 8.00 (7.00 to 12.00) | 9.50 | 125 | 4.00 | 5 MB |"


def test_the_model_is_the_line_through_both_captures() -> None:
    """1 s of start-up, 1 ms a packet and 50 ms a flow, written in by hand."""
    results = {
        "egress": (rows(1 + 1 + 0.5), INSIDE),
        "mix": (rows(1 + 4 + 0.1), {**INSIDE, "packets": 4000.0, "flows": 2.0}),
    }
    assert "1.00 s + packets * 1,000,000 ns + flows * 50,000.0 µs" in run.model(1.0, results)


def test_results_take_the_place_of_older_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{run.BEGIN}\nold\n{run.END}\nafter\n")
    monkeypatch.setattr(run, "PAGE", page)
    run.rewrite("new")
    run.rewrite("newer")
    assert page.read_text() == f"before\n{run.BEGIN}\nnewer\n{run.END}\nafter\n"


def test_the_page_has_a_place_for_results() -> None:
    page = run.PAGE.read_text(encoding="utf-8")
    assert 0 < page.index(run.BEGIN) < page.index(run.END)


def test_a_program_that_fails_is_not_measured() -> None:
    with pytest.raises(Failed, match="status 3: no disk"):
        timed([sys.executable, "-c", "import sys; sys.stderr.write('no disk'); sys.exit(3)"])


def test_memory_is_that_of_all_processes_of_a_run() -> None:
    """Two processes hold 60 MB each while the second works on them."""
    hold = "b = b'x' * 60_000_000"
    work = f"import hashlib; {hold}; [hashlib.sha256(b) for _ in range(20)]"
    both = f"import subprocess, sys; {hold}; subprocess.run([sys.executable, '-c', {work!r}])"
    assert peak_memory([sys.executable, "-c", both]) > 120_000_000
