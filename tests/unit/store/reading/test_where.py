"""Filters as SQL hold for the same rows as the language's own reference does."""

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from monitor.language import FIELDS, Compare, Expression, Not, OneOf, Op, Type, Where
from monitor.language.fields import Field
from monitor.language.match import holds
from monitor.model.words import PURPOSE_GROUPS, Purpose
from monitor.store.engine import parse
from monitor.store.reading import flows
from monitor.store.reading.reader import Reader
from monitor.store.reading.scope import resolve
from monitor.store.reading.where import ALERT_LISTS, COLUMNS, condition
from monitor.store.tables import FLOWS
from tests.support import serving

CASES = settings(
    max_examples=150, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
FLOW_FIELDS = [field for field in FIELDS.values() if Where.FLOW in field.where]


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    folder: Path = tmp_path_factory.mktemp("where")
    serving.fill(f"sqlite:///{folder}/s.db", 30)
    reader = Reader(parse(f"sqlite:///{folder}/s.db"), 10)
    with reader.connect() as opened:
        yield opened
    reader.close()


@pytest.mark.parametrize("where", [Where.FLOW, Where.CAMERA, Where.ALERT])
def test_every_field_of_the_language_is_in_the_store(where: Where) -> None:
    known = set(COLUMNS[where]) | (set(ALERT_LISTS) if where is Where.ALERT else set())
    assert {name for name, field in FIELDS.items() if where in field.where} <= known


def _values(row: Any) -> dict[str, Any]:
    """Return a flow as the reference sees it."""
    is_ours = row["initiated_by"] == "camera"
    orig, resp = row["orig_bytes"], row["resp_bytes"]
    sent, got = (orig, resp) if is_ours else (resp, orig)
    camera = row["camera_ip"] == "10.20.3.11"
    return {
        **row,
        "group": PURPOSE_GROUPS[Purpose(row["purpose"])],
        "name": row["destination_name"],
        "destination": row["destination_ip"],
        "port": row["destination_port"],
        "camera": row["camera_ip"],
        "camera_name": "",
        "mac": row["camera_mac"] or "",
        "maker": row["camera_maker"] or "",
        "brand": row["camera_brand"] or "",
        "kind": row["camera_kind"] or "",
        "model": "DS-2CD2143G2-I" if camera or row["camera_kind"] else "",
        "firmware": "",
        "out_bytes": sent,
        "in_bytes": got,
        "sends_more": sent > got,
        "packets": row["orig_packets"] + row["resp_packets"],
        "duration": row["end_ns"] - row["start_ns"],
        "time": row["start_ns"],
    }


def _value(field: Field, rows: list[dict[str, Any]]) -> st.SearchStrategy[Any]:
    """Return values that some rows have, and some that none has."""
    seen = sorted({values[field.name] for values in rows}, key=str)
    if field.type is Type.WORD:
        return st.sampled_from(field.words)
    if field.type is Type.FLAG:
        return st.booleans()
    if field.type in (Type.NUMBER, Type.TIME):
        numbers = [n for n in seen if n is not None]
        near = [n + step for n in numbers for step in (-1, 0, 1) if n + step >= 0]
        return st.one_of(st.sampled_from(near or [0]), st.none())
    if field.type is Type.ADDRESS:
        lengths = st.sampled_from((8, 9, 15, 16, 22, 24, 29, 31, 32))
        return st.builds(
            lambda ip, length: ip_network(f"{ip}/{length}", strict=False),
            st.sampled_from(seen), lengths,
        )  # fmt: skip
    return st.one_of(st.sampled_from([text for text in seen if text] or ["x"]), st.none())


@CASES
@given(data=st.data())
def test_a_comparison_holds_for_the_rows_that_the_reference_says(
    connection: Connection, data: st.DataObject
) -> None:
    scope = resolve(connection, None, None, None)
    assert scope is not None
    everything = flows.flows(connection, scope, limit=500).rows
    rows = [_values(dict(row)) for row in everything]
    field = data.draw(st.sampled_from(FLOW_FIELDS))
    value = data.draw(_value(field, rows))
    tree: Expression
    kinds = [Op.EQ, Op.NE]
    if (field.type in (Type.NUMBER, Type.TIME) or field.is_ordered) and value is not None:
        kinds += [Op.LT, Op.LE, Op.GT, Op.GE]
    if field.type in (Type.TEXT, Type.WORD) and value is not None:
        kinds += [Op.LIKE, Op.UNLIKE]
    op = data.draw(st.sampled_from(kinds))
    if op in (Op.LIKE, Op.UNLIKE):
        text = str(value)
        value = data.draw(st.sampled_from((text, f"*{text[1:3]}*", f"{text[:2]}*", "?" + text[1:])))
    tree = Compare(field, op, value)
    if op is Op.EQ and data.draw(st.booleans()):
        tree = OneOf(field, (value, data.draw(_value(field, rows))))
    if data.draw(st.booleans()):
        tree = Not(tree)
    found = flows.flows(connection, scope, tree=tree, limit=500).rows
    plain = (
        connection.execute(
            flows._select().where(condition(tree, Where.FLOW)).order_by(FLOWS.c.start_ns.desc())
        )
        .mappings()
        .all()
    )
    expected = [values["flow_id"] for values in rows if holds(tree, values)]
    assert [row["flow_id"] for row in found] == expected
    assert [row["flow_id"] for row in plain] == expected
