"""The hash table over flow keys: open addressing, linear probing, no tombstones.

A bucket is 32 bits of the hash and the slot of the flow + 1; 0 is empty.
"""

import numpy as np

from monitor.flow.kernel_words import ONE, S32, Int, Word
from monitor.flow.tables import Rows
from monitor.model.arrays import U64
from monitor.model.jit import kernel_borrowing


@kernel_borrowing
def find(
    buckets: U64,
    flows: Rows,
    hashed: Word,
    a_hi: Word,
    a_lo: Word,
    b_hi: Word,
    b_lo: Word,
    word: Word,
) -> Int:
    """Return the slot of the flow with this key, or -1.

    Bound: at least a quarter of the buckets is empty, so that every search ends.
    """
    mask = np.uint64(len(buckets) - 1)
    place = hashed & mask
    entry = buckets[place]
    while entry != 0:
        if entry >> S32 == hashed:
            slot = np.int64(entry & np.uint64(0xFFFF_FFFF)) - 1
            flow = flows[np.uint64(slot)]
            if (
                flow.a_lo == a_lo
                and flow.b_lo == b_lo
                and word in (flow.word, flow.alias)
                and flow.a_hi == a_hi
                and flow.b_hi == b_hi
            ):
                return slot
        place = (place + ONE) & mask
        entry = buckets[place]
    return -1


@kernel_borrowing
def put(buckets: U64, hashed: Word, slot: Int) -> None:
    """Enter a flow in the first free bucket."""
    mask = np.uint64(len(buckets) - 1)
    place = hashed & mask
    while buckets[place] != 0:
        place = (place + ONE) & mask
    buckets[place] = hashed << S32 | np.uint64(slot + 1)


@kernel_borrowing
def take_out(buckets: U64, hashed: Word, slot: Int) -> None:
    """Remove a flow, and close the gap with entries that may stand there."""
    mask = np.uint64(len(buckets) - 1)
    entry = hashed << S32 | np.uint64(slot + 1)
    hole = hashed & mask
    while buckets[hole] != entry:
        hole = (hole + ONE) & mask
    place = (hole + ONE) & mask
    while buckets[place] != 0:
        home = buckets[place] >> S32 & mask
        if (place - home) & mask >= (place - hole) & mask:
            buckets[hole] = buckets[place]
            hole = place
        place = (place + ONE) & mask
    buckets[hole] = np.uint64(0)
