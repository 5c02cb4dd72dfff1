"""The one door to Numba: typed, cached, without the GIL."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """Compile a loop over arrays to machine code, once, and keep it on disk beside the module.

    Integer arithmetic wraps, indices are not checked, and negative indices are not meant: the
    body must bound every access itself and say where.
    """
    return cast(F, numba.njit(cache=True, nogil=True)(function))


def kernel_inline(function: F) -> F:
    """Compile a small helper that is always merged into the kernel that calls it."""
    return cast(F, numba.njit(cache=True, nogil=True, inline="always")(function))
