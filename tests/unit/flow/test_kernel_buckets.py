import random

import numpy as np

from monitor.flow.kernel_buckets import find, put, take_out
from monitor.flow.tables import FLOW

ZERO = np.uint64(0)


def test_a_crowded_table_finds_what_is_in_it_and_nothing_else() -> None:
    draw = random.Random(5)  # noqa: S311 - test data, not a secret
    buckets, flows = np.zeros(64, np.uint64), np.zeros(48, FLOW)
    flows["word"] = np.arange(1, 49)
    hashes = [np.uint64(draw.choice([3, 60, 61, 62, 63, 1000])) for _ in range(48)]
    held: set[int] = set()
    for _ in range(3000):
        slot = draw.randrange(48)
        if slot in held:
            take_out(buckets, hashes[slot], slot)
            held.remove(slot)
        else:
            put(buckets, hashes[slot], slot)
            held.add(slot)
        probe = draw.randrange(48)
        word = np.uint64(probe + 1)
        found = find(buckets, flows, hashes[probe], ZERO, ZERO, ZERO, ZERO, word)
        assert found == (probe if probe in held else -1)
    assert np.count_nonzero(buckets) == len(held)
