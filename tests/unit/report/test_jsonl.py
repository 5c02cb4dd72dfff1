import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import OutputError
from monitor.model.records import Device
from monitor.report.jsonl import FlowFile, FlowLines
from tests.support.flow_records import CAMERA, destination, flow


def test_a_line_holds_the_fields_that_programs_rely_on() -> None:
    assert json.loads(FlowLines().line(flow())) == {
        "flow_id": "00000000000000aa",
        "community_id": "1:abcdefghijklmnopqrstuvwxyz0=",
        "start": "2023-11-14T22:13:20.000000000Z",
        "end": "2023-11-14T22:13:22.500000000Z",
        "vlan": 20,
        "scope": "outside",
        "protocol": "tcp",
        "service": "tls",
        "camera": {
            "ip": "10.20.3.11",
            "mac": "28:57:be:03:0b:0c",
            "maker": "Hikvision",
            "brand": None,
            "kind": "unknown",
        },
        "destination": {
            "ip": "52.5.131.44",
            "port": 443,
            "name": "api.example.org",
            "name_source": "sni",
            "country": "US",
            "asn": 14618,
            "as_org": "AMAZON-AES",
            "operator": "Example",
            "operator_country": "CN",
        },
        "initiated_by": "camera",
        "outcome": "answered",
        "orig": {"ip": "10.20.3.11", "port": 40000, "packets": 10, "bytes": 1500},
        "resp": {"ip": "52.5.131.44", "port": 443, "packets": 8, "bytes": 4200},
        "purpose": "cloud-api",
        "confidence": "high",
        "evidence": [{"kind": "name", "value": "api.example.org", "catalog": "example/api"}],
    }


def test_what_is_unknown_is_null() -> None:
    line = json.loads(
        FlowLines().line(
            flow(
                vlan=None,
                service="",
                destination=destination(
                    name="", name_source="", country="", asn=0, as_org="", operator="",
                    operator_country="",
                ),
            )
        )
    )  # fmt: skip
    assert line["vlan"] is None
    assert line["service"] is None
    assert {k for k, v in line["destination"].items() if v is None} == {
        "name", "name_source", "country", "asn", "as_org", "operator", "operator_country",
    }  # fmt: skip


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_from_the_wire_stays_one_line_of_json(text: str) -> None:
    line = FlowLines().line(flow(destination=destination(name=text)))
    assert line.count("\n") == 1
    assert json.loads(line)["destination"]["name"] == (text or None)


def read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_camera_known_late_is_named_in_its_earlier_flows_too(tmp_path: Path) -> None:
    hostile = destination(name='","destination":{"ip":"x')
    other = Device("10.20.3.12")
    with FlowFile(tmp_path) as file:
        file.write([flow(destination=hostile), flow(camera=other)])
        digest = file.finish({CAMERA.ip: CAMERA._replace(brand="LTS"), other.ip: other})
    first, second = read(tmp_path / "flows.jsonl")
    assert first["camera"] == {
        "ip": "10.20.3.11",
        "mac": "28:57:be:03:0b:0c",
        "maker": "Hikvision",
        "brand": "LTS",
        "kind": "unknown",
    }
    plain = json.loads(FlowLines().line(flow(destination=hostile)))
    assert first["destination"] == plain["destination"]
    assert second["camera"] == {
        "ip": "10.20.3.12",
        "mac": None,
        "maker": None,
        "brand": None,
        "kind": "unknown",
    }
    assert digest == hashlib.sha256((tmp_path / "flows.jsonl").read_bytes()).hexdigest()


def test_the_hash_is_that_of_the_file(tmp_path: Path) -> None:
    with FlowFile(tmp_path) as file:
        for _ in range(20):
            file.write([flow()] * 50)
        digest = file.finish({})
    content = (tmp_path / "flows.jsonl").read_bytes()
    assert content.count(b"\n") == 1000
    assert digest == hashlib.sha256(content).hexdigest()


def test_a_broken_off_run_leaves_no_flow_file(tmp_path: Path) -> None:
    with FlowFile(tmp_path) as file:
        file.write([flow()])
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "flows.jsonl.part").symlink_to("/dev/full")
    with FlowFile(tmp_path) as file:
        file.write([flow()] * 50)
        with pytest.raises(OutputError, match="No space left on device"):
            file.finish({})
