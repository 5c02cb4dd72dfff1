"""Starts another program with less than this one may: ``python -m monitor.api.confined MEMORY CPU NET COMMAND...``.

For replays of uploaded captures, whose bytes anybody may have chosen. Limits of memory, processor time
and open files hold for the program and what it starts; it cannot gain privileges; with ``NET`` 0 it has
no network, where the kernel lets us take it away.
"""

import ctypes
import os
import resource
import sys
from typing import Final

NO_NEW_PRIVILEGES: Final = 38  # PR_SET_NO_NEW_PRIVS of linux/prctl.h
NEW_USER: Final = 0x10000000  # CLONE_NEWUSER of linux/sched.h
NEW_NETWORK: Final = 0x40000000  # CLONE_NEWNET
FILES: Final = 256
NICE: Final = 10


def main(arguments: list[str]) -> None:
    """Give things up and become the command."""
    memory, processor_s, network = map(int, arguments[:3])
    command = arguments[3:]
    for limit, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, processor_s),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (bound, bound))
    os.nice(NICE)
    libc = ctypes.CDLL(None, use_errno=True)
    if not network:
        # A user namespace first, which lets those without privileges make one of networks.
        flags = NEW_NETWORK if os.geteuid() == 0 else NEW_USER | NEW_NETWORK
        libc.unshare(flags)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    os.execv(command[0], command)  # noqa: S606  # the command comes from `jobs`, never from a request


if __name__ == "__main__":
    main(sys.argv[1:])
