import hashlib
import ipaddress
import json
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import OutputError
from monitor.model.records import Device, FlowRecord, Side
from monitor.model.words import OUTCOMES, Scope
from monitor.report.jsonl import FlowLines, FlowPart, device_json, line, put_together
from tests.support.batches import batch_of
from tests.support.flow_records import CAMERA, destination, flow


def test_a_line_holds_the_fields_that_programs_rely_on() -> None:
    assert json.loads(line(flow())) == {
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
            "name": None,
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
            "hosting": "Amazon",
            "hosting_country": "US",
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
    told = json.loads(
        line(
            flow(
                vlan=None,
                service="",
                destination=destination(
                    name="", name_source="", country="", asn=0, as_org="", operator="",
                    operator_country="", hosting="", hosting_country="",
                ),
            )
        )
    )  # fmt: skip
    assert told["vlan"] is None
    assert told["service"] is None
    assert {k for k, v in told["destination"].items() if v is None} == {
        "name", "name_source", "country", "asn", "as_org", "operator", "operator_country",
        "hosting", "hosting_country",
    }  # fmt: skip


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_from_the_wire_stays_one_line_of_json(text: str) -> None:
    told = line(flow(destination=destination(name=text)))
    assert told.count("\n") == 1
    assert json.loads(told)["destination"]["name"] == (text or None)


def read(path: Path) -> list[dict[str, object]]:
    return [json.loads(text) for text in path.read_text().splitlines()]


def test_a_camera_known_late_is_named_in_its_earlier_flows_too(tmp_path: Path) -> None:
    hostile = destination(name='","destination":{"ip":"x\u00e9\n')
    other = Device("10.20.3.12")
    with FlowPart(tmp_path, 0) as part:
        part.write(batch_of([flow(destination=hostile), flow(camera=other, start_ns=1)]))
        named = {CAMERA.ip: CAMERA._replace(brand="LTS")}
        digest = put_together(tmp_path, [part.close()], named)
    first, second = read(tmp_path / "flows.jsonl")
    assert first["camera"] == {
        "ip": "10.20.3.12",
        "mac": None,
        "maker": None,
        "brand": None,
        "kind": "unknown",
        "name": None,
    }
    assert second == json.loads(
        line(flow(destination=hostile, camera=CAMERA._replace(brand="LTS")))
    )
    assert digest == hashlib.sha256((tmp_path / "flows.jsonl").read_bytes()).hexdigest()


def test_the_file_does_not_depend_on_how_many_parts_it_was_written_in(tmp_path: Path) -> None:
    made = [
        flow(flow_id=f"{i * 7919 % 1000:016x}", start_ns=1000 + i * 31 % 17, vlan=i)
        for i in range(20_000)
    ]
    contents = []
    for count in (1, 3):
        with ExitStack() as stack:
            parts = [stack.enter_context(FlowPart(tmp_path, i)) for i in range(count)]
            for at in range(0, len(made), 500):
                parts[at // 500 % count].write(batch_of(made[at : at + 500]))
            put_together(tmp_path, [part.close() for part in parts], {})
        contents.append((tmp_path / "flows.jsonl").read_bytes())
    assert contents[0].count(b"\n") == 20_000
    starts = [(told["start"], told["flow_id"]) for told in read(tmp_path / "flows.jsonl")]
    assert starts == sorted(starts)
    assert sorted(contents[0].splitlines()) == sorted(contents[1].splitlines())


def test_a_run_without_flows_writes_an_empty_file(tmp_path: Path) -> None:
    with FlowPart(tmp_path, 0) as part:
        put_together(tmp_path, [part.close()], {})
    assert (tmp_path / "flows.jsonl").read_bytes() == b""


def test_a_broken_off_run_leaves_no_file(tmp_path: Path) -> None:
    with FlowPart(tmp_path, 0) as part:
        part.write(batch_of([flow()]))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "flows.jsonl.part0").symlink_to("/dev/full")
    with FlowPart(tmp_path, 0) as part:
        part.write(batch_of([flow()] * 50))
        with pytest.raises(OutputError, match="No space left on device"):
            part.close()


# A mapped IPv4 address is IPv4 in columns, and written so.
ADDRESSES = st.ip_addresses(v=4).map(str) | st.integers(1 << 64, (1 << 128) - 1).map(
    lambda number: str(ipaddress.IPv6Address(number))
)
COUNTS = st.integers(0, 2**63 - 1)
PORTS = st.integers(0, 65535)
SIDES = st.builds(Side, ADDRESSES, PORTS, COUNTS, COUNTS)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TIMES = st.integers(-(2**63), 2**63 - 1)


@st.composite
def records(draw: st.DrawFn) -> FlowRecord:
    orig, resp = draw(SIDES), draw(SIDES)
    is_ours = draw(st.booleans())
    other = resp if is_ours else orig
    return flow(
        flow_id=f"{draw(st.integers(0, 2**64 - 1)):016x}",
        start_ns=draw(TIMES),
        end_ns=draw(TIMES),
        vlan=draw(st.none() | st.integers(0, 4095)),
        scope=draw(st.sampled_from(Scope)),
        protocol=draw(st.sampled_from(["tcp", "udp", "icmp", "250"])),
        service=draw(TEXTS),
        destination=destination(
            ip=other.ip, port=other.port, name=draw(TEXTS), asn=draw(st.integers(0, 2**32 - 1))
        ),
        initiated_by="camera" if is_ours else "destination",
        outcome=draw(st.sampled_from([str(o) for o in OUTCOMES])),
        orig=orig,
        resp=resp,
    )


@given(st.lists(records(), min_size=1, max_size=5))
def test_lines_from_columns_are_what_the_plain_twin_writes(made: list[FlowRecord]) -> None:
    batch = batch_of(made)
    assert list(batch.records()) == made
    content, head, length = FlowLines().lines(batch)
    at = 0
    for record, cut, size in zip(made, head.tolist(), length.tolist(), strict=True):
        text = content[at : at + size].tobytes().decode("ascii")
        assert text[:cut] + device_json(record.camera) + text[cut:] == line(record)
        at += size
    assert at == len(content)
