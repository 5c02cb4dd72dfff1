"""The reader of location databases; what it makes of one is in test_geo_build.py."""

import struct
from pathlib import Path

import pytest

from monitor.enrich.libloc import Locations, network_tree, read_locations
from monitor.enrich.mmdb_write import EMPTY, leaf
from monitor.errors import ConfigError

NONE = 0xFFFF_FFFF


def locations(node: list[tuple[int, int, int]], networks: list[tuple[int, int]]) -> Locations:
    return Locations(
        created_s=0,
        licence="",
        node=node,
        asn=[asn for asn, _ in networks],
        flags=[flags for _, flags in networks],
        org={},
    )


def test_an_inner_network_speaks_for_itself() -> None:
    # The root has network 0; its right half network 1, which has neither number nor mark.
    tree, root, pairs = network_tree(locations([(0, 1, 0), (0, 0, 1)], [(64496, 0), (0, 0)]))
    assert pairs == [(64496, False)]
    assert tree.below(root, 1 << 127, 1) == EMPTY
    assert tree.below(root, 1 << 126, 2) == leaf(0)


def test_networks_with_the_same_words_are_one_record() -> None:
    _, _, pairs = network_tree(
        locations([(1, 2, NONE), (0, 0, 0), (0, 0, 1)], [(64496, 4), (64496, 4)])
    )
    assert pairs == [(64496, True)]


def test_other_marks_are_not_anycast() -> None:
    _, _, pairs = network_tree(locations([(0, 0, 0)], [(64496, 1 | 2 | 8)]))
    assert pairs == [(64496, False)]


def test_a_node_that_is_not_there_is_damage() -> None:
    with pytest.raises(ConfigError, match="damaged"):
        network_tree(locations([(0, 7, NONE)], []))
    with pytest.raises(ConfigError, match="damaged"):
        network_tree(locations([(0, 0, 3)], []))


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "location.db"
    path.write_bytes(b"LOCDBXX\x02" + struct.pack(">QIII", 0, 0, 0, 0) + bytes(100))
    with pytest.raises(ConfigError, match="not a location database of version 1"):
        read_locations(path)
