"""What is given up is gone: each asked of the kernel, in a process of its own."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from monitor.daemon import privileges
from monitor.errors import ConfigError
from tests.support.shared import ROOT


def told(program: str, *arguments: str) -> str:
    """Run a program in a process of its own, and return what it prints."""
    done = subprocess.run(  # noqa: S603  # our own text
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
needs_landlock = pytest.mark.skipif(
    privileges.landlock_version() == 0, reason="this kernel has no Landlock"
)


@needs_root
def test_another_user_without_groups_or_capabilities_stays_so() -> None:
    assert (
        told(
            """
            import os, socket
            from monitor.daemon import privileges
            kept = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            privileges.become(privileges.user_named("nobody"))
            privileges.give_up_capabilities()
            status = open("/proc/self/status").read()
            sets = {line.split()[1] for line in status.splitlines() if line.startswith("Cap")}
            print(os.getuid() != 0, os.getgroups(), sets, "NoNewPrivs:\\t1" in status)
            for what in (lambda: os.setuid(0), lambda: socket.socket(socket.AF_PACKET)):
                try:
                    what()
                except PermissionError:
                    print("refused")
            print(kept.fileno() > 2)
            """
        )
        == "True [] {'0000000000000000'} True\nrefused\nrefused\nTrue"
    )


def test_capabilities_are_gone_for_root_as_well() -> None:
    assert (
        told(
            """
            from monitor.daemon import privileges
            privileges.give_up_capabilities()
            print([number for number in range(41) if privileges.has_capability(number)])
            """
        )
        == "[]"
    )


@needs_landlock
def test_only_named_files_can_be_read_and_none_written(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").write_text("read me")
    (tmp_path / "out").write_text("not me")
    assert (
        told(
            """
            import os, socket, sys
            from pathlib import Path
            from monitor.daemon import privileges
            root = Path(sys.argv[1])
            found = privileges.confine([root / "in", root / "missing"])
            print((root / "in" / "file").read_text())
            tries = [
                lambda: (root / "out").read_text(),
                lambda: (root / "in" / "file").write_text("mine"),
                lambda: (root / "in" / "new").write_text("mine"),
                lambda: os.execv("/bin/true", ["true"]),
            ]
            if found >= 4:
                tries.append(lambda: socket.create_connection(("127.0.0.1", 9)))
            for number, what in enumerate(tries):
                try:
                    what()
                    print("allowed", number)
                except PermissionError:
                    pass
            print("done")
            """,
            str(tmp_path),
        )
        == "read me\ndone"
    )


def test_no_file_grows() -> None:
    assert (
        told(
            """
            import os, tempfile
            from monitor.daemon import privileges
            with tempfile.TemporaryFile(buffering=0) as file:
                privileges.limit_files(32)
                try:
                    file.write(b"x")
                except OSError as error:
                    print(error.errno)
            """
        )
        == "27"
    )


def test_a_user_that_is_not_there_is_told_of_with_the_way_to_add_it() -> None:
    with pytest.raises(ConfigError, match="useradd --system nobody-of-this-name"):
        privileges.user_named("nobody-of-this-name")
