"""A slow scalar twin of the walk of search trees, on Python's own numbers and checked bytes."""

from typing import NamedTuple


class Tree(NamedTuple):
    """A database: its bytes, number of nodes, bits of a record and IP version."""

    raw: bytes
    node_count: int
    record_bits: int
    ip_version: int

    @property
    def size(self) -> int:
        """Bytes of the search tree."""
        return self.node_count * self.record_bits // 4


def code(tree: Tree, number: int) -> int:
    """Return 0 for no record, 1 for a damaged tree, 2 for the wrong family, else 2 + its place.

    Args:
        tree: The database.
        number: An address as a 128-bit number, IPv4 mapped.
    """
    node = 0
    if number >> 32 == 0xFFFF:
        bits = f"{number & 0xFFFF_FFFF:032b}"
        if tree.ip_version == 6:
            bits = "0" * 96 + bits
    elif tree.ip_version == 4:
        return 2
    else:
        bits = f"{number:0128b}"
    for bit in bits:
        if node >= tree.node_count:
            break
        node = _child(tree, node, int(bit))
    if node == tree.node_count:
        return 0
    beyond = node - tree.node_count
    if beyond < 0 or tree.size + beyond >= len(tree.raw):
        return 1
    return beyond + 2


def _child(tree: Tree, node: int, bit: int) -> int:
    width = tree.record_bits // 4
    found = tree.raw[node * width : (node + 1) * width]
    assert len(found) == width, "a node beyond the file"
    nibbles = found.hex()
    if tree.record_bits == 28:
        # Nibbles: six of the left record, its highest, the highest of the right, its six.
        nibbles = nibbles[6] + nibbles[:6] + nibbles[7:]
    half = len(nibbles) // 2
    return int(nibbles[half:] if bit else nibbles[:half], 16)
