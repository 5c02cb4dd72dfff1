"""The table of families keeps the rules of names, and promtool finds no fault."""

import shutil
import subprocess

import pytest
from prometheus_client import generate_latest

from monitor.metrics.families import FAMILIES
from monitor.metrics.family import Family, Type
from monitor.metrics.page import metrics_page
from tests.support.snapshots import FULL
from tests.unit.metrics.test_samples import registry

PICKED = {
    "capture_frames_total": ("interface",),
    "capture_dropped_frames_total": ("interface", "cause"),
    "decode_errors_total": ("reason",),
    "flows": ("state",),
    "flow_evictions_total": ("cause",),
    "camera_info": ("camera", "vlan", "maker", "brand", "firmware"),
    "camera_egress_bytes_total": ("camera", "purpose", "outcome"),
    "destination_country_bytes_total": ("country", "purpose"),
    "last_frame_timestamp_seconds": ("vlan",),
    "vlan_coverage_ok": ("vlan",),
    "vlan_isolation_verdict": ("vlan", "verdict"),
    "alerts_total": ("rule", "severity"),
    "webhook_deliveries_total": ("target", "result"),
    "webhook_oldest_pending_timestamp_seconds": ("target",),
    "geo_database_build_timestamp_seconds": ("database",),
    "build_info": ("version",),
    "catalog_info": ("digest",),
}
"""What dashboards and rules of operators rest on: a name or label that changes breaks them."""


def test_no_name_is_used_twice() -> None:
    names = [family.name for family in FAMILIES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", PICKED)
def test_a_family_that_others_rest_on_has_its_labels(name: str) -> None:
    (family,) = (family for family in FAMILIES if family.name == name)
    assert family.labels == PICKED[name]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_name_tells_its_type_and_its_help_is_a_sentence(family: Family) -> None:
    assert family.name.endswith("_total") == (family.type is Type.COUNTER)
    assert not {"ip", "name", "port", "address"} & set(family.labels)
    assert family.help.endswith(".")
    assert family.bound


def test_every_sample_bears_the_labels_of_its_family() -> None:
    for family in FAMILIES:
        seen = [labels for labels, _ in family.samples(FULL)]
        assert seen, family.name
        assert {len(labels) for labels in seen} == {len(family.labels)}
        assert len(seen) == len(set(seen)), family.name


def test_promtool_finds_no_fault() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    done = subprocess.run(  # noqa: S603 - a checker that reads our own text
        [promtool, "check", "metrics"],
        input=generate_latest(registry(FULL)),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_page_names_every_family() -> None:
    page = metrics_page()
    assert all(f"| `camwatch_{family.name}` |" in page for family in FAMILIES)
