"""Unaligned loads for kernels."""

import numpy as np
import pytest
from numba.core.errors import TypingError

from monitor.model.arrays import U8
from monitor.model.jit import kernel
from monitor.model.loads import load_u16_be, load_u16_le, load_u32_be, load_u32_le


@kernel
def all_loads(data: U8, at: int) -> tuple[int, int, int, int]:
    return (
        load_u16_le(data, at),
        load_u16_be(data, at),
        load_u32_le(data, at),
        load_u32_be(data, at),
    )


@kernel
def one_load(data: U8) -> int:
    return load_u16_le(data, 0)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (0, (0x0201, 0x0102, 0x04030201, 0x01020304)),
        (1, (0x0302, 0x0203, 0xFF040302, 0x020304FF)),
        (3, (0xFF04, 0x04FF, 0xFDFEFF04, 0x04FFFEFD)),
    ],
)
def test_integers_are_read_at_any_byte(at: int, expected: tuple[int, int, int, int]) -> None:
    data = np.array([1, 2, 3, 4, 0xFF, 0xFE, 0xFD], dtype=np.uint8)
    assert all_loads(data, at) == expected


def test_a_slice_is_read_from_its_own_start() -> None:
    data = np.arange(10, dtype=np.uint8)[3:]
    assert all_loads(data, 1)[0] == 0x0504


@pytest.mark.parametrize(
    "data", [np.zeros(4, dtype=np.uint16), np.zeros((2, 2), np.uint8), np.zeros(9, np.uint8)[::2]]
)
def test_other_arrays_than_contiguous_bytes_do_not_compile(data: U8) -> None:
    with pytest.raises(TypingError):
        one_load(data)
