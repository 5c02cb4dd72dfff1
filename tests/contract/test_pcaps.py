"""The sample captures: made by the committed generator, described, small, and sound to tshark."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pcaps.make.samples import SAMPLES
from tests.support import expect

PCAPS = Path(__file__).resolve().parents[2] / "pcaps"
LARGEST_BYTES = 160_000
FAULTS = " || ".join(
    [f"{layer}.checksum.status == 0" for layer in ("ip", "tcp", "udp", "icmp", "icmpv6")]
    + ["_ws.malformed"]
)
"""Display filter for frames that tshark finds broken; a checksum status of 0 is a wrong checksum."""


@pytest.mark.parametrize("name", SAMPLES)
def test_the_generator_gives_the_committed_bytes(name: str, tmp_path: Path) -> None:
    SAMPLES[name]().write(tmp_path)
    assert (tmp_path / "input.pcap").read_bytes() == (PCAPS / name / "input.pcap").read_bytes()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_small_and_says_that_it_is_made(name: str) -> None:
    assert (PCAPS / name / "input.pcap").stat().st_size <= LARGEST_BYTES
    lines = (PCAPS / name / "README.md").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert lines[2].startswith("**This capture is made, not recorded:**")
    assert any(line.startswith("Claim: ") for line in lines)
    assert expect.load(PCAPS / name / "scenario.toml")["claim"]


def test_every_folder_is_a_sample_of_the_generator() -> None:
    folders = {path.parent.name for path in PCAPS.glob("*/input.pcap")}
    assert folders == set(SAMPLES)
    listed = (PCAPS / "README.md").read_text(encoding="utf-8")
    assert all(f"]({name})" in listed for name in folders)


@pytest.mark.parametrize("name", SAMPLES)
def test_tshark_finds_no_wrong_checksum_and_nothing_malformed(name: str) -> None:
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not installed")
    checks = [f"{layer}.check_checksum:TRUE" for layer in ("ip", "tcp", "udp")]
    options = [word for check in checks for word in ("-o", check)]
    done = subprocess.run(  # noqa: S603 - a reader of captures on the project's own file
        [tshark, "-r", str(PCAPS / name / "input.pcap"), *options, "-Y", FAULTS],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == ""
