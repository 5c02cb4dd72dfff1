from monitor.model.records import Destination, Evidence, FlowRecord
from monitor.store import rows
from monitor.store.tables import FLOWS
from tests.support import records


def test_a_flow_row_has_a_value_for_every_column_in_their_order() -> None:
    row = rows.flow_row(records.flow(7, vlan=30), run_no=3, destination_id=-5, evidence_id=9)
    assert dict(zip((c.name for c in FLOWS.columns), row, strict=True)) == {
        "run_no": 3,
        "flow_id": "0000000000000007",
        "community_id": "1:aaaaaaaaaaaaaaaaaaaaaaaaaaa=",
        "start_ns": 1794211207000000000,
        "end_ns": 1794211207500000001,
        "vlan": 30,
        "scope": "outside",
        "protocol": "tcp",
        "service": "tls",
        "camera_ip": "10.20.3.11",
        "destination_id": -5,
        "initiated_by": "camera",
        "outcome": "answered",
        "orig_ip": "10.20.3.11",
        "orig_port": 58161,
        "orig_packets": 13,
        "orig_bytes": 1790,
        "resp_ip": "34.249.0.0",
        "resp_port": 8555,
        "resp_packets": 12,
        "resp_bytes": 3811,
        "purpose": "cloud-api",
        "confidence": "high",
        "evidence_id": 9,
    }


def test_a_flow_row_holds_no_member_of_an_enumeration() -> None:
    row = rows.flow_row(records.flow(), 1, 1, 1)
    assert {type(value) for value in row} == {int, str, type(None)}


def test_every_field_of_a_flow_record_has_a_place() -> None:
    elsewhere = {"camera", "destination", "orig", "resp", "verdict"}
    columns = {column.name for column in FLOWS.columns}
    assert set(FlowRecord._fields) - elsewhere <= columns


def test_the_id_of_a_destination_follows_from_all_its_fields() -> None:
    one = records.destination()
    changed = [
        Destination(**(one._asdict() | {name: value})) for name, value in _other(one).items()
    ]
    ids = {rows.destination_row(each)["id"] for each in (one, *changed)}
    assert len(ids) == 1 + len(Destination._fields)
    assert rows.destination_row(records.destination())["id"] == rows.destination_row(one)["id"]


def _other(one: Destination) -> dict[str, object]:
    return {name: 1 if isinstance(getattr(one, name), int) else "x" for name in one._fields}


def test_ids_keep_texts_apart_that_only_join_to_the_same() -> None:
    assert rows.content_id(("ab", "c")) != rows.content_id(("a", "bc"))


def test_an_id_fits_a_signed_64_bit_column() -> None:
    ids = [rows.content_id((str(number),)) for number in range(1000)]
    assert all(-(2**63) <= each < 2**63 for each in ids)
    assert min(ids) < 0 < max(ids)


def test_text_from_the_wire_loses_what_a_database_refuses() -> None:
    assert rows.clean("a\0b") == "a\ufffdb"
    assert rows.clean("caf\xe9") == "caf\xe9"
    assert rows.clean("x\udc80y") == "x?y"


def test_evidence_becomes_objects_in_order() -> None:
    evidence = (Evidence("name", "a.example", "x"), Evidence("port", "443"))
    assert rows.evidence_row(evidence)["items"] == [
        {"kind": "name", "value": "a.example", "catalog": "x"},
        {"kind": "port", "value": "443", "catalog": ""},
    ]


def test_a_device_row_keeps_its_signals() -> None:
    row = rows.camera_row(records.CAMERA, 2, 30, 7)
    assert (row["run_no"], row["vlan"], row["kind"], row["confidence"]) == (2, 30, "camera", "high")
    assert row["signals"] == [
        {
            "kind": "oui",
            "value": "44:19:b6",
            "says": "maker=Hikvision",
            "weight": 0.6,
            "source": "IEEE",
        }
    ]


def test_a_finding_row_keeps_its_place_and_evidence() -> None:
    row = rows.finding_row(records.finding(), 2, 4)
    assert (row["position"], row["severity"], row["flows"]) == (4, "high", 1)
    assert row["evidence"][0]["catalog"] == "ezviz.vtm"
