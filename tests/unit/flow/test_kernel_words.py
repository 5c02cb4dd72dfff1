import numpy as np
import pytest

from monitor.flow.kernel_words import PAIRS_4, PAIRS_6, behind
from monitor.model.arrays import I64


@pytest.mark.parametrize(
    ("seq", "base", "bytes_behind"),
    [(5, 3, 2), (3, 5, -2), (1, 0xFFFF_FFFF, 2), (0xFFFF_FFFF, 1, -2), (0, 0, 0)],
)
def test_distance_in_a_stream_goes_round(seq: int, base: int, bytes_behind: int) -> None:
    assert behind(seq, base) == bytes_behind


@pytest.mark.parametrize("pairs", [PAIRS_4, PAIRS_6])
def test_the_counterpart_of_a_counterpart_is_the_type(
    pairs: I64,
) -> None:
    types = np.flatnonzero(pairs >= 0)
    assert pairs[pairs[types]].tolist() == types.tolist()
    assert len(types) in {10, 12}
