"""The keys that search trees give addresses."""

import numpy as np
import pytest

from monitor.enrich.kernel_mmdb import block_keys
from monitor.model.arrays import U8, U64

MAPPED = 0xFFFF << 32
NONE: tuple[bytes, tuple[int, int, int]] = (b"", (0, 24, 6))


def fixed(values: list[int]) -> U64:
    array = np.array(values, np.uint64)
    array.flags.writeable = False
    return array


def words(numbers: list[int]) -> tuple[U64, U64]:
    return (
        fixed([number >> 64 for number in numbers]),
        fixed([number & (1 << 64) - 1 for number in numbers]),
    )


def raw(data: bytes) -> U8:
    return np.frombuffer(data, np.uint8)


def keys(
    numbers: list[int],
    country: tuple[bytes, tuple[int, int, int]] = NONE,
    asn: tuple[bytes, tuple[int, int, int]] = NONE,
    spans: tuple[tuple[int, int], ...] = ((0, 0),),
) -> list[int] | None:
    key = np.zeros(len(numbers), np.int64)
    firsts = [first for first, _ in spans]
    is_filled = block_keys(
        *words(numbers),
        *words(firsts),
        raw(bytes(kind for _, kind in spans)),
        raw(country[0]),
        fixed(list(country[1])),
        raw(asn[0]),
        fixed(list(asn[1])),
        key,
    )
    return key.tolist() if is_filled else None


def v4_tree(left: int, right: int, bits: int = 32) -> tuple[bytes, tuple[int, int, int]]:
    """One node for the first bit of IPv4 addresses, and 16 bytes of data section."""
    node = left << bits | right
    if bits == 28:
        # The left record has its highest four bits behind its others.
        node = (left & 0xFF_FFFF) << 32 | (left >> 24) << 28 | right
    return node.to_bytes(bits // 4, "big") + bytes(32), (1, bits, 4)


@pytest.mark.parametrize("bits", [24, 28, 32])
def test_the_first_bit_chooses_the_record(bits: int) -> None:
    # A record of 17 is the first byte of data: 1 node, 16 bytes of separator.
    country = v4_tree(17, 18, bits)
    assert keys([MAPPED, MAPPED | 1 << 31], country) == [(16 + 2) << 31, (17 + 2) << 31]


def test_the_asn_takes_the_lower_bits_of_a_key() -> None:
    assert keys([MAPPED], v4_tree(17, 1), v4_tree(19, 1)) == [18 << 31 | 20]


def test_a_record_that_is_the_number_of_nodes_is_empty() -> None:
    assert keys([MAPPED], asn=v4_tree(1, 17)) == [0]


@pytest.mark.parametrize("bits", [24, 28, 32])
def test_a_record_beyond_the_file_is_damaged(bits: int) -> None:
    last = 1 + 31
    assert keys([MAPPED], asn=v4_tree(last, 1, bits)) == [31 + 2]
    assert keys([MAPPED], asn=v4_tree(last + 1, 1, bits)) == [1]
    assert keys([MAPPED], asn=v4_tree((1 << bits) - 1, 1, bits)) == [1]


def test_a_tree_that_goes_round_ends_and_is_damaged() -> None:
    assert keys([MAPPED, MAPPED | 0xFFFF_FFFF], asn=v4_tree(0, 0)) == [1, 1]
    raw_bytes, (nodes, bits, _) = v4_tree(0, 0)
    assert keys([1 << 127, 0, MAPPED], asn=(raw_bytes, (nodes, bits, 6))) == [1, 1, 1]


def test_a_tree_that_is_larger_than_its_file_is_not_walked() -> None:
    assert keys([MAPPED], asn=(bytes(8), (2, 32, 4))) is None
    assert keys([MAPPED], country=(bytes(13), (2, 28, 4))) is None
    assert keys([MAPPED], country=(b"", ((1 << 64) - 1, 24, 6))) is None


def test_ipv6_in_a_tree_of_ipv4_has_a_code_of_its_own() -> None:
    assert keys([1 << 125, 1], asn=v4_tree(17, 17)) == [2, 2]


def test_ipv4_is_looked_up_below_the_96_zero_bits_and_not_where_it_is_mapped() -> None:
    # 96 nodes lead along zeros to a leaf; every right turn is empty.
    nodes = b"".join((i + 1).to_bytes(4, "big") + (96).to_bytes(4, "big") for i in range(95))
    nodes += (96 + 17).to_bytes(4, "big") + (96).to_bytes(4, "big")
    tree = nodes + bytes(32), (96, 32, 6)
    assert keys([MAPPED | 0x0101_0101, 0x0101_0101, 1 << 64], asn=tree) == [19, 19, 0]


def test_a_special_address_needs_fewer_databases() -> None:
    both = (v4_tree(17, 17), v4_tree(18, 18))
    spans = ((0, 0), (MAPPED | 10, 1), (MAPPED | 20, 2), (MAPPED | 30, 0), (1 << 64, 1))
    nowhere, anycast, ordinary = 1 << 62, -(1 << 63) | 19, 18 << 31 | 19
    asked = [MAPPED | last for last in (9, 10, 19, 20, 29, 30)]
    assert keys(asked, *both, spans) == [ordinary, nowhere, nowhere, anycast, anycast, ordinary]
    assert keys([1 << 64, (1 << 128) - 1], *both, spans) == [nowhere, nowhere]


def test_no_address_has_no_key() -> None:
    assert keys([]) == []
