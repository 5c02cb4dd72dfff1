"""Loads of integers that stand at any byte of a buffer, in one machine instruction each.

Put together from bytes, the same loads take twice the time of a whole scan: the compiler does not
join them. These are for kernels only; they check no bound, which the kernel must have done.
"""

import sys
from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir  # type: ignore[import-untyped]  # it has no stubs
from numba import types
from numba.extending import intrinsic

from monitor.model.arrays import U8

Load = Callable[[U8, int], int]
"""Takes a one-dimensional, contiguous array of bytes and a position; returns a value >= 0."""


def _load(bits: int, order: str) -> Load:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        place = builder.gep(array.data, [args[1]])
        place = builder.bitcast(place, ir.IntType(bits).as_pointer())
        value = builder.load(place, align=1)
        if order != sys.byteorder:
            value = builder.bswap(value)
        return builder.zext(value, ir.IntType(64))

    def load(_context: Any, data: Any, _at: Any) -> Any:
        is_bytes = isinstance(data, types.Array) and data.dtype == types.uint8
        if not is_bytes or data.ndim != 1 or data.layout != "C":
            return None
        return types.int64(data, types.int64), code

    return cast(Load, intrinsic(load))


load_u16_le = _load(16, "little")
load_u16_be = _load(16, "big")
load_u32_le = _load(32, "little")
load_u32_be = _load(32, "big")
