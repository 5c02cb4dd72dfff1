"""Memories of what repeats: bounded, and without a say in the answers."""

from pathlib import Path

import pytest

from monitor import assembly, config, indexing, run
from monitor.dissect import registry
from monitor.model import rows
from tests.support.shared import ROOT

SAMPLES = sorted(ROOT.glob("pcaps/*/input.pcap"))
BOUNDS = (
    (assembly, "MAX_PASSED"),
    (indexing, "MAX_KNOWN"),
    (indexing, "MAX_SEEN"),
    (registry, "MAX_DIGESTS"),
    (registry, "MEMO_SIZE"),
    (rows, "MOST_WORDS"),
)


def replayed(out: Path, sample: Path) -> dict[str, bytes]:
    job = run.Job(
        files=[str(sample)], settings=config.load(None), out=out, store_url="", command=[]
    )
    run.replay(job, run.Progress(enabled=False))
    return {name: (out / name).read_bytes() for name in ("flows.jsonl", "findings.json")}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.parent.name)
def test_what_is_forgotten_is_found_out_again_the_same(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = replayed(tmp_path / "plain", sample)
    for module, name in BOUNDS:
        monkeypatch.setattr(module, name, 3)
    assert replayed(tmp_path / "forgetful", sample) == plain
