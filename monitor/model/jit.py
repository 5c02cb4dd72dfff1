"""The one door to Numba: typed, cached, without the GIL."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_WITHOUT_COUNTS: dict[str, Any] = {"_nrt": False}
"""Numba's switch for its run-time's reference counts; there is no public spelling of it."""

_WITHOUT_WRAPPERS: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

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


def kernel_borrowing(function: F) -> F:
    """Compile a loop that only borrows the arrays it is given: it may not make or return any.

    Without Numba's reference counts, which otherwise cost two atomic operations for every access
    to an array in a tuple that the compiler cannot prove away: five times slower for a stage that
    keeps its state in tuples of arrays and works on it in small functions.
    """
    return cast(F, numba.njit(cache=True, nogil=True, **_WITHOUT_COUNTS)(function))


def is_cached(function: Callable[..., object]) -> bool:
    """Return whether machine code of a kernel, of this source, lies on disk: a quick first call.

    Asks the part of Numba that keeps the files; where it is built in another way, the answer is
    no, and all that is lost is the truth of a message.
    """
    file = getattr(getattr(function, "_cache", None), "_cache_file", None)
    load_index = getattr(file, "_load_index", None)
    return bool(load_index()) if load_index is not None else False


def kernel_inner(function: F) -> F:
    """Compile a function that only other kernels call, and that only borrows arrays.

    Without the wrappers that Python would call it by: for functions that take tables of arrays
    these are most of the code, and of the time to compile it.
    """
    return cast(
        F, numba.njit(cache=True, nogil=True, **_WITHOUT_COUNTS, **_WITHOUT_WRAPPERS)(function)
    )
