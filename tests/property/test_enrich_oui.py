"""Properties of makers and operators: any input has an answer."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.data.oui_sources import read_ieee_csv, read_nmap, read_wireshark
from monitor.data.oui_table import MAX_ORGANISATION, WIDTHS, pack, parse
from monitor.enrich.operators import Operators
from monitor.enrich.oui import OuiTable
from monitor.model.records import NOWHERE, Operator

ROWS = st.dictionaries(
    st.sampled_from(WIDTHS).flatmap(
        lambda width: st.tuples(st.just(width), st.integers(0, (1 << width) - 1))
    ),
    st.text(max_size=40),
    max_size=30,
)


@given(ROWS)
@settings(max_examples=200)
def test_a_table_gives_back_what_it_was_made_of(rows: dict[tuple[int, int], str]) -> None:
    table = parse(pack(rows, date="2026-01-01", sources=("x",)))
    assert table.rows() == rows
    for (width, prefix), name in rows.items():
        assert table.find(width, prefix) == name


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_any_bytes_are_a_table_or_refused(raw: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        parse(raw)


@given(st.data())
@settings(max_examples=200)
def test_a_table_with_changed_bytes_is_read_or_refused(data: st.DataObject) -> None:
    raw = bytearray(pack({(24, 1): "one", (36, 5): "five"}, date="d", sources=()))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        table = OuiTable(parse(bytes(raw)))
    except (ValueError, KeyError, TypeError):
        return
    assert len(table.lookup(0x000001000000).organisation) <= MAX_ORGANISATION


@given(st.binary(max_size=400))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_list_of_the_system_is_read(tmp_path: Path, raw: bytes) -> None:
    for name in ("oui.csv", "manuf", "nmap-mac-prefixes"):
        (tmp_path / name).write_bytes(raw)
    for rows in (
        read_ieee_csv(tmp_path),
        read_wireshark(tmp_path / "manuf"),
        read_nmap(tmp_path / "nmap-mac-prefixes"),
    ):
        assert all(width in WIDTHS and 0 <= prefix < 1 << width for width, prefix in rows)


OPERATORS = Operators.load()


@given(st.text(max_size=400), st.lists(st.text(max_size=80), max_size=20).map(tuple))
@settings(max_examples=300)
def test_any_name_has_an_operator_or_nobody(name: str, certificate: tuple[str, ...]) -> None:
    found = OPERATORS.operator(name, "", NOWHERE, certificate)
    assert isinstance(found, Operator)
    assert OPERATORS.registrable(name) in (
        *[name.lower()[i:] for i in range(len(name) + 1)],
        "",
    ) or (not name.isascii())
    assert bool(found.name) <= bool(found.evidence)
