import dataclasses

import numpy as np

from monitor.model.facts import Dissection
from monitor.store import rows
from monitor.store.batch_rows import flow_rows
from monitor.store.shared import Shared
from tests.support.traffic import Traffic

START_NS = 1_794_211_200_000_000_000


def test_rows_made_of_columns_are_those_made_of_records() -> None:
    batch = Traffic(40).batch(500, START_NS, 10**9)
    batch = dataclasses.replace(batch, is_ours=np.arange(500) % 3 > 0)
    expected = []
    for record in batch.records():
        to, why = (
            rows.destination_row(record.destination),
            rows.evidence_row(record.verdict.evidence),
        )
        expected.append(rows.flow_row(record, 7, to["id"], why["id"]))
    assert flow_rows(batch, 7, Shared()) == expected


def test_counters_beyond_what_a_database_holds_stop_at_its_most() -> None:
    batch = Traffic(1).batch(1, START_NS, 10**9)
    batch = dataclasses.replace(batch, orig_bytes=np.array([2**64 - 1], np.uint64))
    assert flow_rows(batch, 1, Shared())[0][16] == 2**63 - 1


def test_a_service_with_odd_characters_becomes_text_that_every_database_takes() -> None:
    traffic = Traffic(1)
    traffic.words.dissections[:] = [Dissection("a\0b")] * len(traffic.words.dissections)
    assert flow_rows(traffic.batch(1, START_NS, 10**9), 1, Shared())[0][8] == "a\ufffdb"


def test_a_batch_without_rows_gives_none() -> None:
    assert flow_rows(Traffic(1).batch(0, START_NS, 10**9), 1, Shared()) == []
