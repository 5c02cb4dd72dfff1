"""Runs in a real database: written, repeated, broken off, replaced, summed up."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select

from monitor.errors import StoreError
from monitor.model.records import FlowRecord
from monitor.model.words import Purpose
from monitor.store import PurposeTotal, RunStart, Store, shared, writer
from monitor.store.tables import METADATA
from tests.support import records

RUN = RunStart(
    id="c0ffee" * 10 + "0000",
    started_ns=1_795_000_000_000_000_000,
    inputs=({"name": "input.pcap", "sha256": "ab" * 32, "frames": 254},),
    versions={"camwatch": "1.0", "country": "2026-06-25"},
)
COUNTERS = {"decode": {"frames": 254, "packets": 250}}


def _flows(count: int) -> list[FlowRecord]:
    """Flows to seven destinations for three reasons."""
    return [
        records.flow(
            number,
            to=records.destination(number % 7),
            why=records.verdict(value=f"host{number % 3}.example"),
            vlan=30 if number % 2 else None,
        )
        for number in range(count)
    ]


def _write(store: Store, flows: list[FlowRecord], start: RunStart = RUN) -> None:
    store.begin_run(start)
    store.write(flows)
    store.write_devices([records.CAMERA])
    store.write_findings([records.finding(), records.finding("clear-text")])
    store.finish_run(finished_ns=start.started_ns + 5, counters=COUNTERS)


def _break_off(url: str, flows: list[FlowRecord], start: RunStart) -> None:
    with Store.open(url) as store:
        store.begin_run(start)
        store.write(flows)
        raise KeyboardInterrupt


def _rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, in the order of the keys."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            name: [
                tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))
            ]
            for name, table in METADATA.tables.items()
        }
    engine.dispose()
    return found


def test_what_was_written_can_be_read(store_url: str) -> None:
    with Store.open(store_url) as store:
        _write(store, [records.flow(1, vlan=30)])
    rows = _rows(store_url)
    assert {name: len(found) for name, found in rows.items() if found} == {
        "runs": 1,
        "cameras": 1,
        "destinations": 1,
        "evidence": 1,
        "flows": 1,
        "findings": 2,
        "totals": 1,
    }
    assert rows["runs"][0][2:] == (
        "finished",
        1_795_000_000_000_000_000,
        1_795_000_000_000_000_005,
        [{"name": "input.pcap", "sha256": "ab" * 32, "frames": 254}],
        {"camwatch": "1.0", "country": "2026-06-25"},
        {"decode": {"frames": 254, "packets": 250}},
    )
    assert rows["cameras"][0][1:4] == ("10.20.3.11", 30, "44:19:b6:5e:20:a1")
    assert rows["destinations"][0][1:] == (
        "34.249.0.0",
        8555,
        "dev.hik-connect.com",
        "sni",
        "IE",
        16509,
        "AMAZON-02",
        "Hikvision",
        "CN",
        "",
        "",
        # 2026-11-18T11:00:00Z: the hour in which the run began.
        1_794_999_600_000_000_000,
    )
    assert rows["evidence"][0][1][0] == {
        "kind": "name",
        "value": "dev.hik-connect.com",
        "catalog": "hikvision.registration",
    }
    assert rows["flows"][0][1:6] == (
        1_794_211_201_000_000_000,
        "0000000000000001",
        "1:aaaaaaaaaaaaaaaaaaaaaaaaaaa=",
        1_794_211_201_500_000_001,
        30,
    )
    assert rows["flows"][0][10] == rows["destinations"][0][0]
    assert rows["flows"][0][-1] == rows["evidence"][0][0]


def test_a_repeated_run_leaves_the_rows_as_they_were(store_url: str) -> None:
    with Store.open(store_url) as store:
        _write(store, _flows(50))
    rows = _rows(store_url)
    assert [len(rows[name]) for name in ("runs", "flows", "destinations")] == [1, 50, 7]
    for _ in range(2):
        with Store.open(store_url) as store:
            _write(store, _flows(50))
        assert _rows(store_url) == rows


def test_a_run_that_was_broken_off_is_completed_by_its_repetition(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(store_url) as store:
        _write(store, _flows(50))
    whole = _rows(store_url)
    other = RunStart(id="f" * 64, started_ns=RUN.started_ns + 1, versions=RUN.versions)
    monkeypatch.setattr(writer, "BATCH_ROWS", 8)
    with pytest.raises(KeyboardInterrupt):
        _break_off(store_url, _flows(29), other)
    half = _rows(store_url)
    assert len(half["flows"]) == 50 + 24
    assert [row[2] for row in half["runs"]] == ["finished", "running"]
    with Store.open(store_url) as store:
        _write(store, _flows(50), other)
    again = _rows(store_url)
    numbers = [row[0] for row in again["runs"]]
    for name in ("flows", "cameras", "findings", "totals"):
        first, second = ([row[1:] for row in again[name] if row[0] == number] for number in numbers)
        assert first == second
        assert [row for row in again[name] if row[0] == numbers[0]] == whole[name]
    assert again["destinations"] == whole["destinations"]


def test_another_version_replaces_the_rows_of_the_older_one(store_url: str) -> None:
    newer = RunStart(id=RUN.id, started_ns=2, versions={"camwatch": "1.1"})
    with Store.open(store_url) as store:
        _write(store, _flows(50))
        _write(store, _flows(20), newer)
    rows = _rows(store_url)
    assert [len(rows[name]) for name in ("runs", "flows", "cameras", "findings")] == [1, 20, 1, 2]
    assert sum(row[12] for row in rows["totals"]) == 20
    assert rows["runs"][0][6] == {"camwatch": "1.1"}


def test_a_flow_that_comes_twice_in_one_batch_is_one_row(store_url: str) -> None:
    with Store.open(store_url) as store:
        _write(store, [records.flow(1), records.flow(2), records.flow(1)])
    assert [row[2] for row in _rows(store_url)["flows"]] == [f"{n:016x}" for n in (1, 2)]


def test_a_value_that_postgresql_refuses_is_reported(store_url: str) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("SQLite takes a NUL in text")
    store = Store.open(store_url)
    store.begin_run(RUN)
    store.write([records.flow(2), records.flow(1)._replace(service="a\0b")])
    with pytest.raises(StoreError, match="NUL"):
        store.close()
    assert _rows(store_url)["flows"] == []


def test_a_run_has_sums_over_its_flows(store_url: str) -> None:
    flows = [records.flow(1, vlan=30), records.flow(2, vlan=30), records.flow(65)]
    flows.append(records.flow(3)._replace(initiated_by="destination"))
    with Store.open(store_url) as store:
        _write(store, flows)
    common = ("10.20.3.11", "outside", "cloud-api", "Hikvision", "CN", "IE", "answered")
    found = {(row[1:4] + row[10:]): row[2:3] + row[4:10] for row in _rows(store_url)["totals"]}
    minute = 1_794_211_200_000_000_000
    assert found == {
        (minute, "10.20.3.11", 30, "camera", 60, 2, 3580, 7622, minute + 2_500_000_001): common,
        (minute, "10.20.3.11", -1, "destination", 60, 1, 3811, 1790, minute + 3_500_000_001): common,
        (minute + 60_000_000_000, "10.20.3.11", -1, "camera", 60, 1, 1790, 3811, minute + 65_500_000_001): common,
    }  # fmt: skip


def test_two_runs_stand_beside_each_other(store_url: str) -> None:
    with Store.open(store_url) as store:
        _write(store, _flows(10))
        _write(store, _flows(20), RunStart(id="f" * 64, started_ns=1))
        first, second = store.summary(RUN.id), store.summary("f" * 64)
    assert first is not None
    assert second is not None
    assert (first.flows, second.flows) == (10, 20)


def test_a_run_is_summed_up(store_url: str) -> None:
    flows = [records.flow(1), records.flow(3), records.flow(2, to=records.destination(9))]
    flows.append(records.flow(4, why=records.verdict(Purpose.NTP)))
    with Store.open(store_url) as store:
        assert store.summary(RUN.id) is None
        _write(store, flows)
        summary = store.summary(RUN.id)
    assert summary is not None
    assert summary._asdict() == {
        "state": "finished",
        "flows": 4,
        "cameras": 1,
        "destinations": 2,
        "findings": 2,
        "first_ns": 1_794_211_201_000_000_000,
        "last_ns": 1_794_211_204_500_000_001,
        "purposes": (
            PurposeTotal("cloud-api", 3, 3 * 5601),
            PurposeTotal("ntp", 1, 5601),
        ),
    }


def test_a_run_without_flows_is_a_run(store_url: str) -> None:
    with Store.open(store_url) as store:
        store.begin_run(RUN)
        store.finish_run(finished_ns=9, counters={})
        summary = store.summary(RUN.id)
    assert summary is not None
    assert (summary.state, summary.flows, summary.first_ns) == ("finished", 0, None)


def test_flows_are_written_by_close_even_when_the_run_is_not_finished(store_url: str) -> None:
    store = Store.open(store_url)
    store.begin_run(RUN)
    store.write(_flows(3))
    store.close()
    with Store.open(store_url) as store:
        summary = store.summary(RUN.id)
    assert summary is not None
    assert (summary.state, summary.flows) == ("running", 3)


def test_devices_and_findings_replace_what_was_there(store_url: str) -> None:
    with Store.open(store_url) as store:
        store.begin_run(RUN)
        store.write_devices([records.CAMERA, records.CAMERA._replace(ip="10.20.3.12")])
        store.write_devices([records.CAMERA._replace(maker="Dahua")])
        store.write_findings([records.finding()])
        store.write_findings([])
        store.finish_run(finished_ns=9, counters={})
    rows = _rows(store_url)
    assert [row[5] for row in rows["cameras"]] == ["Dahua"]
    assert rows["findings"] == []


def test_names_with_odd_characters_survive(store_url: str) -> None:
    odd = records.destination(name="k\xe4mera\0.example")
    why = records.verdict(value="\udc80\0")
    with Store.open(store_url) as store:
        _write(store, [records.flow(1, to=odd, why=why)])
    rows = _rows(store_url)
    assert rows["destinations"][0][3] == "k\xe4mera\ufffd.example"
    assert rows["evidence"][0][1][0]["value"] == "?\ufffd"


def test_what_is_shared_is_written_again_when_it_was_forgotten(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "BOUND", 2)
    with Store.open(store_url) as store:
        _write(store, _flows(50))
    rows = _rows(store_url)
    known = {row[0] for row in rows["destinations"]}
    assert len(known) == 7
    assert {row[10] for row in rows["flows"]} == known


def test_a_full_disk_loses_the_batch_altogether_and_says_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'full.db'}"
    store = Store.open(url)
    store.begin_run(RUN)
    pages = _pragma(store, "page_count")
    _pragma(store, f"max_page_count={pages + 4}")
    store.write(_flows(2000))
    with pytest.raises(StoreError, match="the disk is full; free space"):
        store.flush()
    assert all(not _rows(url)[name] for name in ("flows", "destinations", "evidence"))
    _pragma(store, "max_page_count=100000")
    store.close()
    assert len(_rows(url)["flows"]) == 2000


def _pragma(store: Store, pragma: str) -> int:
    with store._engine.begin() as connection:
        return int(connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one())


def test_writing_without_a_run_is_a_mistake_of_the_caller(store_url: str) -> None:
    with Store.open(store_url) as store, pytest.raises(ValueError, match="no run was begun"):
        store.write([records.flow()])
