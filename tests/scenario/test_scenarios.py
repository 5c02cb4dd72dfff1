"""Every sample capture, replayed by the command that a user types, and compared with its scenario."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import expect

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted(ROOT.glob("pcaps/*/scenario.toml"))
PATIENCE_S = 300
"""The first replay on a machine compiles the kernels."""


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.parent.name)
def test_a_replay_of_the_sample_gives_what_its_scenario_claims(path: Path, tmp_path: Path) -> None:
    scenario = expect.load(path)
    command = [sys.executable, "-m", "monitor", "replay", str(path.parent / "input.pcap")]
    command += ["--out", str(tmp_path)]
    if "cameras" in scenario:
        command += ["--cameras", ",".join(scenario["cameras"])]
    done = subprocess.run(  # noqa: S603 - the project's own command on the project's own file
        command, capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    problems = expect.check(scenario, expect.Replayed.read(tmp_path))
    if problems:
        pytest.fail("\n".join([scenario["claim"], *problems]), pytrace=False)
