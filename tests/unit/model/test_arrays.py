import dataclasses
from typing import Annotated

import numpy as np
import pytest

from monitor.model.arrays import U8, U16, Column, Columns, columns_of
from monitor.model.flows import ConversationBatch, FlowBatch
from monitor.model.frames import FrameBatch
from monitor.model.packets import PacketBatch, QuoteBatch


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair(Columns):
    small: Annotated[U8, Column("A small number")]
    large: Annotated[U16, Column("A larger one", unit="bytes")]


def test_columns_of_a_batch_become_read_only() -> None:
    pair = Pair(small=np.zeros(2, np.uint8), large=np.zeros(2, np.uint16))
    assert len(pair) == 2
    with pytest.raises(ValueError, match="read-only"):
        pair.small[0] = 1


def test_a_column_of_another_type_is_refused() -> None:
    with pytest.raises(ValueError, match="column small: int64"):
        Pair(small=np.zeros(2, np.int64), large=np.zeros(2, np.uint16))


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="column large has 3 rows, the others 2"):
        Pair(small=np.zeros(2, np.uint8), large=np.zeros(3, np.uint16))


@pytest.mark.parametrize(
    "batch", [FrameBatch, PacketBatch, QuoteBatch, FlowBatch, ConversationBatch]
)
def test_every_column_says_what_it_means(batch: type) -> None:
    table = columns_of(batch)
    assert table
    assert all(column.text for _, column in table.values())
