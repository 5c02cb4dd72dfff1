"""System calls that a worker cannot make: a classic BPF program that the kernel asks for each.

Landlock knows files and TCP. What it leaves open, this shuts: new sockets of any kind, other programs,
other processes, and sending on the packet sockets, which are there to receive. Everything else is
allowed; the list is of what a stranger who has taken over a parser would want.

Source: seccomp(2); numbers from the kernel's system call tables (asm/unistd_64.h of x86, and
asm-generic/unistd.h, which ARM has).
"""

import ctypes
import errno
import platform
from collections.abc import Iterable
from typing import Any, Final

from monitor.capture.bpf import WORD, Program

_PR_SET_SECCOMP = 22
_MODE_FILTER = 2
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_X32 = 0x40000000
"""Numbers from here on are x86's other table of calls."""

ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

REFUSED: Final = {
    "x86_64": {
        "socket": 41, "connect": 42, "accept": 43, "sendmsg": 46, "bind": 49, "listen": 50,
        "socketpair": 53, "fork": 57, "vfork": 58, "execve": 59, "ptrace": 101, "mount": 165,
        "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272, "splice": 275,
        "tee": 276, "vmsplice": 278, "accept4": 288, "perf_event_open": 298,
        "open_by_handle_at": 304, "sendmmsg": 307, "setns": 308, "process_vm_readv": 310,
        "process_vm_writev": 311, "kcmp": 312, "bpf": 321, "execveat": 322, "userfaultfd": 323,
        "io_uring_setup": 425, "pidfd_getfd": 438,
    },
    "aarch64": {
        "socket": 198, "connect": 203, "accept": 202, "sendmsg": 211, "bind": 200, "listen": 201,
        "socketpair": 199, "execve": 221, "ptrace": 117, "mount": 40, "add_key": 217,
        "request_key": 218, "keyctl": 219, "unshare": 97, "splice": 76, "tee": 77, "vmsplice": 75,
        "accept4": 242, "perf_event_open": 241, "open_by_handle_at": 265, "sendmmsg": 269,
        "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "bpf": 280,
        "execveat": 281, "userfaultfd": 282, "io_uring_setup": 425, "pidfd_getfd": 438,
    },
}  # fmt: skip

WRITES: Final = {
    "x86_64": {
        "write": 1, "pwrite64": 18, "writev": 20, "sendfile": 40, "sendto": 44, "pwritev": 296,
        "pwritev2": 328,
    },
    "aarch64": {
        "write": 64, "pwrite64": 68, "writev": 66, "sendfile": 71, "sendto": 206, "pwritev": 70,
        "pwritev2": 287,
    },
}  # fmt: skip
"""Calls whose first argument is a descriptor that is written to."""


def program(machine: str, receivers: Iterable[int]) -> bytes:
    """Return the program.

    Args:
        machine: As `platform.machine` names it; one of `ARCHITECTURES`.
        receivers: Descriptors that must not be written to.
    """
    p = Program()
    p.load(WORD, _ARCHITECTURE)
    p.test("eq", ARCHITECTURES[machine], no="refuse")
    p.load(WORD, _NUMBER)
    p.test("ge", _X32, yes="refuse")
    for number in REFUSED[machine].values():
        p.test("eq", number, yes="refuse")
    for number in WRITES[machine].values():
        p.test("eq", number, yes="write")
    p.give(_ALLOW)
    p.label("write")
    p.load(WORD, _FIRST_ARGUMENT)
    for descriptor in receivers:
        p.test("eq", descriptor, yes="refuse")
    p.give(_ALLOW)
    p.label("refuse")
    p.give(_REFUSE)
    return p.assemble()


def confine(receivers: Iterable[int]) -> bool:
    """Refuse these calls to the calling thread and those that it starts, for good.

    Needs ``no_new_privs``.

    Returns:
        Whether it was done: not on processors of other kinds, nor by kernels without seccomp.
    """
    machine = platform.machine()
    if machine not in ARCHITECTURES:
        return False
    made = program(machine, receivers)
    held = ctypes.create_string_buffer(made, len(made))
    request = _Program(len(made) // 8, ctypes.addressof(held))
    libc: Any = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    mode = ctypes.c_ulong(_MODE_FILTER)
    return bool(libc.prctl(_PR_SET_SECCOMP, mode, ctypes.byref(request), zero, zero) == 0)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))
