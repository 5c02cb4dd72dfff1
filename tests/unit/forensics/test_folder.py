import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.forensics.folder import RunFolder, record_of, time_of
from monitor.model.clock import utc_text
from monitor.model.records import Destination, Device, Evidence, FlowRecord, Side, Verdict
from monitor.model.words import Confidence, DeviceKind, Purpose, Scope

LINE = {
    "flow_id": "0123456789abcdef", "community_id": "1:abc=",
    "start": "2026-11-02T06:00:08.000000250Z", "end": "2026-11-02T06:00:09.000000000Z",
    "vlan": 30, "scope": "outside", "protocol": "tcp", "service": None,
    "camera": {"ip": "10.0.0.1", "mac": None, "maker": "A", "brand": None, "kind": "camera"},
    "destination": {
        "ip": "45.1.2.3", "port": 443, "name": "x.example", "name_source": "dns", "country": "DE",
        "asn": None, "as_org": None, "operator": None, "operator_country": None,
    },
    "initiated_by": "camera", "outcome": "refused",
    "orig": {"ip": "10.0.0.1", "port": 4000, "packets": 1, "bytes": 60},
    "resp": {"ip": "45.1.2.3", "port": 443, "packets": 2, "bytes": 120},
    "purpose": "push", "confidence": "low",
    "evidence": [{"kind": "port", "value": "tcp/443", "catalog": None}],
}  # fmt: skip


def write(folder: Path, *lines: object, manifest: object = None) -> Path:
    texts = (
        line if isinstance(line, str) else json.dumps(line, separators=(",", ":")) for line in lines
    )
    (folder / "flows.jsonl").write_text("".join(text + "\n" for text in texts))
    (folder / "manifest.json").write_text(
        json.dumps({"inputs": []} if manifest is None else manifest)
    )
    return folder


def with_id(flow_id: str) -> dict[str, object]:
    return {**LINE, "flow_id": flow_id}


def test_a_line_becomes_the_record_it_was_written_from() -> None:
    assert record_of(json.dumps(LINE).encode()) == FlowRecord(
        "0123456789abcdef", "1:abc=", 1793599208000000250, 1793599209000000000, 30, Scope.OUTSIDE,
        "tcp", "", Device("10.0.0.1", maker="A", kind=DeviceKind.CAMERA),
        Destination("45.1.2.3", 443, "x.example", "dns", "DE", 0, "", "", ""),
        "camera", "refused", Side("10.0.0.1", 4000, 1, 60), Side("45.1.2.3", 443, 2, 120),
        Verdict(Purpose.PUSH, Confidence.LOW, (Evidence("port", "tcp/443"),)),
    )  # fmt: skip


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_times_are_read_back_without_loss(ns: int) -> None:
    assert time_of(utc_text(ns)) == ns


def test_a_unique_prefix_is_enough(tmp_path: Path) -> None:
    run = RunFolder.open(write(tmp_path, with_id("a" * 16), with_id("ab" * 8), LINE))
    assert run.flow("AB").flow_id == "ab" * 8
    assert run.flow("0").flow_id == "0123456789abcdef"


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("a", "several flows start with a (aaaaaaaaaaaaaaaa, abababababababab); give more digits"),
        ("f", "no flow has an id that starts with f"),
        ("xyz", "'xyz' is no flow id"),
        ("", "'' is no flow id"),
        ("a" * 17, "is no flow id"),
        ("a\x1b[2J", r"'a\x1b[2J' is no flow id"),
    ],
)
def test_other_ids_are_refused_in_one_line(tmp_path: Path, wanted: str, says: str) -> None:
    run = RunFolder.open(write(tmp_path, with_id("a" * 16), with_id("ab" * 8)))
    with pytest.raises(UsageError) as refused:
        run.flow(wanted)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_status == 2


def test_many_matches_are_not_all_listed(tmp_path: Path) -> None:
    run = RunFolder.open(write(tmp_path, *(with_id(f"a{n:015x}") for n in range(50))))
    with pytest.raises(UsageError, match=r"a000000000000002, \.\.\.\)"):
        run.flow("a")


@pytest.mark.parametrize(
    "line",
    [
        '{"time":1,"flow_id":"0123456789abcdef"}',
        '{"flow_id":"0123456789abcdef"}',
        '{"flow_id":"0123456789abcdef",',
        '{"flow_id":"0123456789abcdef","start":5}',
    ],
)
def test_lines_of_another_format_are_refused(tmp_path: Path, line: str) -> None:
    run = RunFolder.open(write(tmp_path, line))
    with pytest.raises(UsageError, match="version"):
        run.flow("0123")


def test_a_missing_member_is_named(tmp_path: Path) -> None:
    older = {key: value for key, value in LINE.items() if key != "evidence"}
    run = RunFolder.open(write(tmp_path, older))
    with pytest.raises(UsageError, match="evidence"):
        run.flow("0123")


def test_a_directory_without_a_run_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(UsageError, match="not the directory of a run"):
            RunFolder.open(path)


@pytest.mark.parametrize("manifest", [[], {"inputs": [{"name": "x"}]}, {"inputs": 3}, {}])
def test_a_strange_manifest_is_refused(tmp_path: Path, manifest: object) -> None:
    write(tmp_path, LINE)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UsageError, match="not the manifest of a run of this version"):
        RunFolder.open(tmp_path)
