"""Giving up what is not needed, for good: user, capabilities, files, network.

Straight to the kernel by ctypes: prctl(2), capset(2), landlock(7). What an older kernel does not
have is left out and said in the answer. All of it holds for the calling thread and those that it
starts: call it before there are others.
"""

import contextlib
import ctypes
import os
import pwd
import resource
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from monitor.errors import ConfigError

_libc: Any = ctypes.CDLL(None, use_errno=True)

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_LAST_CAPABILITY = 63
_CAPABILITIES_V3 = 0x20080522

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""System calls of Landlock: the same numbers on every processor."""

_ASK_VERSION = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_READS = _READ_FILE | _READ_DIR
_FILE_RIGHTS = _READ_FILE
"""What a rule for a file, not a directory, may grant of it."""

_RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many file rights, counted from bit 0, a version knows."""

_TCP = 0b11
_SCOPES = 0b11
"""No TCP bind or connect (version 4); no abstract sockets of, or signals to, others (6)."""

NOBODY = "nobody"
OWN_USER = "camwatch"


def user_named(name: str) -> pwd.struct_passwd:
    """Return the user to become; for an empty name camwatch's own, else nobody.

    Raises:
        ConfigError: There is no such user.
    """
    for candidate in (name,) if name else (OWN_USER, NOBODY):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(candidate)
    raise ConfigError(
        f"sensor.user = '{name}': there is no such user; add it: useradd --system {name or OWN_USER}"
    )


def become(user: pwd.struct_passwd) -> None:
    """Become a user, without supplementary groups. For root."""
    _bound_capabilities()
    os.setgroups([])
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)


def give_up_capabilities() -> None:
    """Hold no capability, and never gain one or another user by running a program.

    Raises:
        OSError: The kernel refuses.
    """
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _bound_capabilities()
    with contextlib.suppress(OSError):
        _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_V3, 0)
    none = (ctypes.c_uint32 * 6)()
    if _libc.capset(header, none) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _bound_capabilities() -> None:
    for number in range(_LAST_CAPABILITY):
        # Needs CAP_SETPCAP, and is for programs run later, which cannot gain anything as it is.
        with contextlib.suppress(OSError):
            _prctl(_PR_CAPBSET_DROP, number)


def has_capability(number: int) -> bool:
    """Return whether this process holds a capability in effect."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_V3, 0)
    sets = (ctypes.c_uint32 * 6)()
    if _libc.capget(header, sets) != 0:
        return False
    return bool(sets[3 * (number // 32)] >> (number % 32) & 1)


def die_with(parent: int) -> None:
    """End when the process that started this one does, or has."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(1)


def hide_memory() -> None:
    """Let no other process of the user read the memory of this one, and leave no core dump."""
    _prctl(_PR_SET_DUMPABLE, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_files(most: int) -> None:
    """Open at most so many files, and write none that grows."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def landlock_version() -> int:
    """Return the version of Landlock that the kernel has, 0: none."""
    return max(int(_libc.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)), 0)


def confine(read: Iterable[Path]) -> int:
    """Leave this process no files but some to read, no TCP, and nobody to send signals to.

    Args:
        read: Files and directories; those that are not there are left out.

    Returns:
        The version of Landlock that did it, 0 where the kernel has none: nothing was done.

    Raises:
        OSError: The kernel refuses.
    """
    version = landlock_version()
    if version == 0:
        return 0
    bits = _RIGHTS_BY_VERSION[min(version, max(_RIGHTS_BY_VERSION))]
    handled = [(1 << bits) - 1, _TCP if version >= 4 else 0, _SCOPES if version >= 6 else 0]
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    attributes = (ctypes.c_uint64 * 3)(*handled)
    rules = _checked(_libc.syscall(_CREATE_RULESET, attributes, size, 0))
    try:
        for path in read:
            _allow(rules, path)
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        _checked(_libc.syscall(_RESTRICT_SELF, rules, 0))
    finally:
        os.close(rules)
    return version


def _allow(rules: int, path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights = _READS if path.is_dir() else _READS & _FILE_RIGHTS
        # struct landlock_path_beneath_attr is packed: u64, s32.
        attribute = rights.to_bytes(8, "little") + descriptor.to_bytes(4, "little")
        _checked(_libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, attribute, 0))
    finally:
        os.close(descriptor)


def _prctl(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    if _libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def _checked(answer: int) -> int:
    if answer < 0:
        raise OSError(ctypes.get_errno(), "landlock")
    return int(answer)
