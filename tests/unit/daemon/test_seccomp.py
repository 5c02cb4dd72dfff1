"""Calls that are refused: asked of the kernel, and the numbers compared with its own headers."""

import re
import struct
from pathlib import Path

import pytest

from monitor.daemon import seccomp
from tests.support.bpf_twin import run
from tests.unit.daemon.test_privileges import told

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
def test_numbers_are_those_of_the_kernels_headers(machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip(f"no kernel headers here: {HEADERS[machine]} (linux-libc-dev)")
    text = HEADERS[machine].read_text()
    numbers = {
        name: int(number)
        for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\b", text)
    }
    mine = seccomp.REFUSED[machine] | seccomp.WRITES[machine]
    assert {name: numbers[name] for name in mine} == mine


def verdict(machine: str, number: int, first: int = 0, *, architecture: int = 0) -> int:
    data = struct.pack(
        ">IIQ", number, architecture or seccomp.ARCHITECTURES[machine], 0
    ) + struct.pack(">IIQ", first, 0, 0)
    return run(seccomp.program(machine, [7, 9]), data) >> 16


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
def test_verdicts(machine: str) -> None:
    allow, refuse = 0x7FFF, 0x0005
    names = seccomp.REFUSED[machine] | seccomp.WRITES[machine]
    assert verdict(machine, names["execve"]) == refuse
    assert verdict(machine, names["socket"]) == refuse
    assert verdict(machine, names["write"], 2) == allow
    assert verdict(machine, names["sendto"], 8) == allow
    assert verdict(machine, names["sendto"], 9) == refuse
    assert verdict(machine, names["write"], 7) == refuse
    assert verdict(machine, 0) == allow
    assert verdict(machine, 0, architecture=3) == refuse
    assert verdict(machine, 0x40000000) == refuse


def test_the_kernel_refuses_them() -> None:
    assert (
        told(
            """
            import os, socket
            from monitor.daemon import privileges, seccomp
            ours, theirs = socket.socketpair()
            other, _ = socket.socketpair()
            privileges.give_up_capabilities()
            assert seccomp.confine([other.fileno()]), "this kernel has no seccomp"
            tries = {
                "socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
                "exec": lambda: os.execv("/bin/true", ["true"]),
                "send": lambda: other.send(b"x"),
                "write": lambda: os.write(other.fileno(), b"x"),
            }
            for name, what in tries.items():
                try:
                    what()
                    print("allowed", name)
                except PermissionError:
                    pass
            ours.sendall(b"still here")
            print(theirs.recv(99).decode())
            """
        )
        == "still here"
    )
