"""The database writer, read back by the reader of MaxMind."""

import io
from ipaddress import IPv6Address, ip_network

import maxminddb
import pytest

from monitor.enrich.mmdb_write import Tree, Uint64, Value, database_bytes


def reader(raw: bytes) -> maxminddb.Reader:
    return maxminddb.open_database(io.BytesIO(raw), maxminddb.MODE_FD)


def built(networks: dict[str, int], records: list[Value]) -> bytes:
    rows = sorted(
        (int(net.network_address), int(net.broadcast_address), record)
        for net, record in ((ip_network(text), number) for text, number in networks.items())
    )
    tree = Tree()
    root = tree.from_ranges(*([row[i] for row in rows] for i in range(3)))
    return database_bytes(
        tree, root, records, database_type="t", description="d", build_epoch=1_700_000_000
    )


def test_a_reader_finds_what_was_written() -> None:
    raw = built({"1.0.0.0/8": 0, "2.0.0.0/16": 1, "2001:db8::/32": 2}, ["a", "b", "c"])
    with reader(raw) as database:
        found = [database.get(ip) for ip in ("1.2.3.4", "2.0.9.9", "2.1.0.0", "2001:db8::9")]
    assert found == ["a", "b", None, "c"]


def test_the_metadata_says_type_date_and_version() -> None:
    with reader(built({"1.0.0.0/8": 0}, ["a"])) as database:
        metadata = database.metadata()
    assert (metadata.database_type, metadata.build_epoch, metadata.ip_version) == (
        "t",
        1_700_000_000,
        6,
    )


def test_records_of_every_type_come_back() -> None:
    record: Value = {
        "text": "x" * 400,
        "long": "y" * 60_000,
        "number": 0xFFFF_FFFF,
        "zero": 0,
        "big": Uint64(1 << 40),
        "yes": True,
        "no": False,
        "list": [1, "two", {"three": 3}],
        "ünïcode": "中",
    }
    with reader(built({"1.0.0.0/8": 0, "3.0.0.0/8": 1}, [record, {"text": "x" * 400}])) as database:
        assert database.get("1.1.1.1") == record
        assert database.get("3.1.1.1") == {"text": "x" * 400}


def test_equal_subtrees_are_stored_once() -> None:
    pattern = {
        f"{octet}.{second}.0.0/16": second % 2 for octet in range(1, 65) for second in range(256)
    }
    with reader(built(pattern, ["a", "b"])) as database:
        assert database.get("17.33.0.1") == "b"
        assert database.get("63.32.0.1") == "a"
        # One node for each bit of a path, and few more: 16,384 networks would need as many nodes.
        assert database.metadata().node_count < 150


def test_the_same_input_gives_the_same_bytes() -> None:
    assert built({"1.0.0.0/8": 0}, ["a"]) == built({"1.0.0.0/8": 0}, ["a"])


def test_many_texts_are_reached_by_pointers_of_every_length() -> None:
    names: list[Value] = [{"name": f"organisation number {i} " + "z" * 100} for i in range(9000)]
    again: list[Value] = [dict(name) for name in names if isinstance(name, dict)]
    networks = {f"{IPv6Address(i << 96)}/32": i for i in range(1, 18000)}
    with reader(built(networks, names + again)) as database:
        assert database.get(str(IPv6Address(1 << 96))) == names[1]
        assert database.get(str(IPv6Address(17_999 << 96))) == names[8999]
        assert database.get(str(IPv6Address(9_001 << 96))) == names[1]


def test_overlapping_or_falling_ranges_are_refused() -> None:
    with pytest.raises(ValueError, match="overlaps or goes backwards"):
        Tree().from_ranges([0, 5], [5, 9], [0, 1])
    with pytest.raises(ValueError, match="overlaps or goes backwards"):
        Tree().from_ranges([5], [4], [0])


def test_an_empty_database_and_one_that_is_full_can_be_read() -> None:
    tree = Tree()
    empty = database_bytes(
        tree, tree.from_ranges([], [], []), [], database_type="t", description="d", build_epoch=1
    )
    with reader(empty) as database:
        assert database.get("1.1.1.1") is None
    tree = Tree()
    root = tree.from_ranges([0], [(1 << 128) - 1], [0])
    full = database_bytes(tree, root, ["all"], database_type="t", description="d", build_epoch=1)
    with reader(full) as database:
        assert (database.get("1.1.1.1"), database.get("ffff::1")) == ("all", "all")


def test_a_branch_can_be_shown_in_a_second_place() -> None:
    tree = Tree()
    root = tree.from_ranges([1 << 24], [(2 << 24) - 1], [0])
    branch = tree.below(root, 0, 96)
    root = tree.graft(root, 0xFFFF << 32, 96, branch)
    raw = database_bytes(tree, root, ["one"], database_type="t", description="d", build_epoch=1)
    with reader(raw) as database:
        assert database.get("::ffff:1.2.3.4") == "one"
        assert database.get("1.2.3.4") == "one"
        assert database.get("::fffe:1.2.3.4") is None


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        built({"1.0.0.0/8": 0}, [1 << 32])
    with pytest.raises(ValueError, match="does not fit"):
        built({"1.0.0.0/8": 0}, [-1])
