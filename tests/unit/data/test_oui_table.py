"""The compact table of prefixes."""

import pytest

from monitor.data.oui_table import pack, parse

ROWS = {
    (24, 0xC056E3): "Hikvision",
    (24, 0x000000): "Xerox",
    (24, 0xFFFFFF): "Last",
    (28, 0x0055DA1): "KoolPOS",
    (36, 0x70B3D5C4B): "Anker",
    (36, 0x70B3D5C4C): "Hikvision",
}


def packed() -> bytes:
    return pack(ROWS, date="2026-01-01", sources=("a test",))


def test_what_was_packed_is_found() -> None:
    table = parse(packed())
    assert table.find(24, 0xC056E3) == "Hikvision"
    assert table.find(24, 0) == "Xerox"
    assert table.find(24, 0xFFFFFF) == "Last"
    assert table.find(28, 0x0055DA1) == "KoolPOS"
    assert table.find(36, 0x70B3D5C4C) == "Hikvision"
    assert table.find(24, 0xC056E4) is None
    assert table.find(28, 0xFFFFFFF) is None
    assert (len(table), table.date, table.sources) == (6, "2026-01-01", ("a test",))


def test_all_rows_come_back() -> None:
    assert parse(packed()).rows() == ROWS


def test_the_order_of_the_rows_does_not_matter() -> None:
    turned = dict(reversed(ROWS.items()))
    assert pack(turned, date="2026-01-01", sources=("a test",)) == packed()


def test_a_long_name_is_cut_between_characters() -> None:
    table = parse(pack({(24, 1): "é" * 200}, date="", sources=()))
    assert table.find(24, 1) == "é" * 60


def test_an_empty_table_finds_nothing() -> None:
    table = parse(pack({}, date="", sources=()))
    assert (len(table), table.find(24, 1), table.rows()) == (0, None, {})


@pytest.mark.parametrize("key", [(20, 1), (24, 1 << 24), (24, -1)])
def test_a_prefix_that_cannot_be_is_refused(key: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no prefix of"):
        pack({key: "x"}, date="", sources=())


def test_a_file_that_is_cut_anywhere_is_refused() -> None:
    raw = packed()
    for length in range(len(raw)):
        with pytest.raises((ValueError, KeyError, TypeError)):
            parse(raw[:length])


def test_another_format_is_refused() -> None:
    for raw in (b"{}\n", b"7\n", packed().replace(b"camwatch oui 1", b"camwatch oui 9")):
        with pytest.raises(ValueError, match="not a prefix table"):
            parse(raw)
