"""The one door to Numba: typed, cached, without the GIL.

Numba's cache on disk looks at the file of a kernel alone, and would run old machine code after a
change to a file that the kernel calls or takes constants from. So machine code is kept in a folder
whose name is a digest of all files that the kernels of a stage are made of.
"""

import contextlib
import functools
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir  # type: ignore[import-untyped]  # it ships no types
from numba.core import types
from numba.core.runtime.nrt import rtsys
from numba.extending import intrinsic

_WITHOUT_COUNTS: dict[str, Any] = {"_nrt": False}
"""Numba's switch for its run-time's reference counts; there is no public spelling of it."""

_WITHOUT_WRAPPERS: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

_KNOWN_NUMBA = "0.68."
"""The versions in which loading was looked at; others load as they do by themselves."""

F = TypeVar("F", bound=Callable[..., object])

_config: Any = numba.config
_GIVEN_FOLDER = _config.CACHE_DIR


@functools.cache
def _folder_for(stage: Path) -> str:
    """Return the folder for the machine code of a stage: in the package, else of the user."""
    digest = hashlib.sha256()
    model = Path(__file__).parent
    shared = [model / name for name in ("arrays.py", "jit.py", "words.py")]
    for path in [*sorted(stage.glob("*.py")), *shared]:
        digest.update(path.read_bytes())
    name = f"kernels-{digest.hexdigest()[:16]}"
    home = Path(os.environ.get("XDG_CACHE_HOME") or f"{os.environ.get('HOME', '')}/.cache")
    for place in (Path(_GIVEN_FOLDER or stage / "__pycache__"), home / "camwatch" / stage.name):
        folder = place / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return str(folder)
    return str(_GIVEN_FOLDER)


def _compiled(function: F, **options: Any) -> F:
    code = getattr(function, "__code__")  # noqa: B009 - the type says only that it can be called
    _config.CACHE_DIR = _folder_for(Path(code.co_filename).parent)
    try:
        return cast(F, _patched(numba.njit(cache=True, nogil=True, **options)(function)))
    finally:
        _config.CACHE_DIR = _GIVEN_FOLDER


def _patched(dispatcher: Any) -> Any:
    """Let machine code that cannot be kept be used anyway, and what was kept be loaded quickly.

    The first is for processes that may write no files. For the second Numba first loads all that a
    compiler needs to know, a third of a second for every process, where machine code that is there
    needs its run-time alone.
    """
    cache = dispatcher._cache  # noqa: SLF001  # Numba has no other door to it
    if numba.__version__.startswith(_KNOWN_NUMBA):
        load = cache._load_overload  # noqa: SLF001  # as above
        guard = cache._guard_against_spurious_io_errors  # noqa: SLF001

        def load_overload(signature: object, target_context: Any) -> object:
            rtsys.initialize(target_context)
            with guard():  # Which eats what a file that is gone raises: then there is nothing.
                return load(signature, target_context)

        cache.load_overload = load_overload
    save = cache.save_overload

    def save_if_possible(*arguments: object) -> None:
        with contextlib.suppress(OSError):
            save(*arguments)

    cache.save_overload = save_if_possible
    return dispatcher


def kernel(function: F) -> F:
    """Compile a loop over arrays to machine code, once, and keep it on disk.

    Integer arithmetic wraps, indices are not checked, and negative indices are not meant: the
    body must bound every access itself and say where.
    """
    return _compiled(function)


def kernel_inline(function: F) -> F:
    """Compile a small helper that is always merged into the kernel that calls it."""
    return _compiled(function, inline="always")


def kernel_borrowing(function: F) -> F:
    """Compile a loop that only borrows the arrays it is given: it may not make or return any.

    Without Numba's reference counts, which otherwise cost two atomic operations for every access
    to an array in a tuple that the compiler cannot prove away: five times slower for a stage that
    keeps its state in tuples of arrays and works on it in small functions.
    """
    return _compiled(function, **_WITHOUT_COUNTS)


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
    return _compiled(function, **_WITHOUT_COUNTS, **_WITHOUT_WRAPPERS)


def kernel_merged(function: F) -> F:
    """Compile a function that the compiler always merges into the kernels that call it.

    For what is called for every packet with tuples of tables: a call that is left standing copies
    every word of every array of them to the stack, which took a third of a packet's time.
    """
    return _compiled(function, **_WITHOUT_COUNTS, **_WITHOUT_WRAPPERS, forceinline=True)


def _prefetch(_context: Any, table: Any, _row: Any, _offset: Any) -> Any:
    """Ask for the cache line at `_offset` bytes into ``table[_row]``. Never faults."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        array = context.make_array(kind)(context, builder, args[0])
        item = context.get_constant(
            types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype))
        )
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        at = builder.add(builder.mul(args[1], item), args[2])
        pointer = builder.gep(builder.bitcast(array.data, byte), [at])
        to_llvm = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        name = "llvm.prefetch.p0"
        known = builder.module.globals.get(name)
        function = known or ir.Function(builder.module, to_llvm, name)
        # To write, to stay in all caches, data rather than instructions.
        builder.call(function, [pointer, flag(1), flag(3), flag(1)])
        return context.get_dummy_value()

    return types.void(table, types.intp, types.intp), generate


prefetch: Callable[[Any, Any, Any], None] = cast(Any, intrinsic)(_prefetch)
"""``prefetch(table, row, offset)`` in a kernel: ask for a cache line before it is needed."""
