"""What each family reads from a snapshot: every known series, as 0 until it moves."""

import dataclasses

from prometheus_client import CollectorRegistry

from monitor.metrics.collector import SnapshotCollector
from monitor.metrics.family import MOST_CAMERAS, MOST_COUNTRIES, MOST_RULES, MOST_VLANS
from monitor.metrics.snapshot import CameraLabels, EgressKey, Snapshot
from monitor.model.words import Purpose
from tests.support.snapshots import FULL, MOMENT_NS


def registry(snapshot: Snapshot) -> CollectorRegistry:
    made = CollectorRegistry(auto_describe=False)
    made.register(SnapshotCollector(lambda: snapshot))
    return made


def value(snapshot: Snapshot, name: str, **labels: str) -> float | None:
    return registry(snapshot).get_sample_value("camwatch_" + name, labels)


def count(snapshot: Snapshot, name: str) -> int:
    return sum(
        sample.name == "camwatch_" + name
        for metric in registry(snapshot).collect()
        for sample in metric.samples
    )


def test_egress_is_there_for_every_camera_purpose_and_outcome() -> None:
    assert count(FULL, "camera_egress_bytes_total") == 3 * len(Purpose) * 2
    of = {"camera": "gate", "purpose": "diagnostics"}
    assert value(FULL, "camera_egress_bytes_total", **of, outcome="answered") == 4200
    assert value(FULL, "camera_egress_bytes_total", **of, outcome="attempted") == 0
    never = {"camera": 'yard "north"\\1', "purpose": "scan", "outcome": "attempted"}
    assert value(FULL, "camera_egress_bytes_total", **never) == 0


def test_a_camera_outside_the_closed_set_counts_as_other() -> None:
    other = {"camera": "_other", "purpose": "dns", "outcome": "attempted"}
    assert value(FULL, "camera_egress_bytes_total", **other) == 9
    assert value(FULL, "camera_egress_flows_total", **other) == 0


def test_the_catalogue_is_told_by_its_digest_once_it_is_read() -> None:
    assert value(FULL, "catalog_info", digest="0123456789ab") == 1
    assert count(Snapshot(), "catalog_info") == 0


def test_times_are_seconds_and_0_where_nothing_happened_yet() -> None:
    assert value(FULL, "last_frame_timestamp_seconds", vlan="20") == MOMENT_NS / 1e9 + 5
    assert value(FULL, "last_frame_timestamp_seconds", vlan="untagged") == 0
    assert value(FULL, "camera_last_frame_timestamp_seconds", camera='yard "north"\\1') == 0
    assert value(FULL, "geo_database_build_timestamp_seconds", database="asn") == 0


def test_states_are_one_of_their_set() -> None:
    assert [
        value(FULL, "vlan_coverage_state", vlan="untagged", state=state)
        for state in ("ok", "degraded", "blind")
    ] == [0, 1, 0]
    assert value(FULL, "vlan_coverage_ok", vlan="20") == 1
    assert value(FULL, "coverage_ok") == 0
    assert value(FULL, "vlan_isolation_verdict", vlan="20", verdict="open") == 1
    assert value(FULL, "vlan_isolation_verdict", vlan="untagged", verdict="cannot-tell") == 1


def test_a_vlan_is_not_ok_before_it_was_judged() -> None:
    early = Snapshot(vlans=(20,))
    assert value(early, "vlan_coverage_ok", vlan="20") == 0
    assert value(early, "coverage_ok") == 0


def test_alerts_of_rules_that_are_gone_count_as_other() -> None:
    assert value(FULL, "alerts_total", rule="media-relay", severity="high") == 0
    assert value(FULL, "alerts_total", rule="diagnostics", severity="medium") == 2
    assert value(FULL, "alerts_total", rule="_other", severity="high") == 1


def test_countries_beyond_the_bound_count_as_other_and_no_country_as_unknown() -> None:
    many = {(f"{chr(65 + i // 26)}{chr(65 + i % 26)}", Purpose.DNS): 1000 - i for i in range(150)}
    snapshot = Snapshot(country_bytes={**many, ("", Purpose.DNS): 5})
    assert count(snapshot, "destination_country_bytes_total") == MOST_COUNTRIES + 2
    beyond = sum(1000 - i for i in range(MOST_COUNTRIES, 150))
    of = {"purpose": "dns"}
    assert value(snapshot, "destination_country_bytes_total", country="_other", **of) == beyond
    assert value(snapshot, "destination_country_bytes_total", country="unknown", **of) == 5


def test_labels_are_bounded_whatever_the_keeper_gives() -> None:
    crowd = Snapshot(
        cameras=[CameraLabels(f"c{i}") for i in range(MOST_CAMERAS + 5)],
        egress_bytes={EgressKey(f"c{MOST_CAMERAS + 1}", Purpose.DNS, is_answered=True): 7},
        vlans=range(4000),
        rules=[(f"r{i}", "low") for i in range(MOST_RULES + 9)],
    )
    assert count(crowd, "camera_info") == MOST_CAMERAS
    other = {"camera": "_other", "purpose": "dns", "outcome": "answered"}
    assert value(crowd, "camera_egress_bytes_total", **other) == 7
    assert count(crowd, "last_frame_timestamp_seconds") == MOST_VLANS
    assert count(crowd, "alerts_total") == MOST_RULES + 5


def test_a_name_that_stands_twice_is_one_series() -> None:
    twice = dataclasses.replace(FULL, cameras=(*FULL.cameras, FULL.cameras[0]), vlans=(20, 20))
    assert count(twice, "camera_info") == 2
    assert count(twice, "vlan_coverage_ok") == 1
