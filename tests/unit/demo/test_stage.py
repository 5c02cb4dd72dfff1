"""What a demonstration finds out before it starts anything."""

import fcntl
import socket
from pathlib import Path

import pytest

from monitor.demo.stage import Show, run
from monitor.errors import UsageError
from tests.support.shared import ROOT

SAMPLE = str(next(ROOT.glob("pcaps/*/input.pcap")))


def show(folder: Path, listen: str) -> Show:
    return Show(files=[SAMPLE], folder=folder, listen=listen, tell=lambda _: None)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_a_port_in_use_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UsageError, match="in use; name another port"):
            run(show(tmp_path / "demo", listen))
    assert not (tmp_path / "demo").exists()


def test_a_second_one_leaves_the_first_alone(tmp_path: Path, port: int) -> None:
    (tmp_path / "demo.toml").write_text("of the first")
    with (tmp_path / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="runs there already"):
            run(show(tmp_path, f"127.0.0.1:{port}"))
    assert (tmp_path / "demo.toml").read_text() == "of the first"
