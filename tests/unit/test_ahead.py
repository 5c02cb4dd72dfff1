"""Hashes that are begun early."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor import ahead
from monitor.ahead import Ahead


def never() -> bool:
    return False


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "AHEAD_FROM_BYTES", 10)


@pytest.fixture
def files(tmp_path: Path) -> Iterator[dict[Path, int]]:
    made = {}
    for name, content in (("a", b"a" * 3_000_000), ("b", b"bb" * 10), ("c", b"")):
        (tmp_path / name).write_bytes(content)
        made[tmp_path / name] = os.open(tmp_path / name, os.O_RDONLY)
    yield made
    for fd in made.values():
        os.close(fd)


def test_hashes_are_those_of_the_files_in_any_order(files: dict[Path, int]) -> None:
    hashes = Ahead([str(path) for path in files])
    for path, fd in reversed(files.items()):
        assert hashes.sha256(fd, never) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_that_is_another_by_now_has_none(files: dict[Path, int]) -> None:
    hashes = Ahead([str(path) for path in files])
    path, fd = next(iter(files.items()))
    with path.open("ab") as file:
        file.write(b"more")
    assert not hashes.sha256(fd, never)


def test_small_files_pipes_and_what_is_not_there_have_none(tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"small")
    hashes = Ahead([str(tmp_path / "small"), str(tmp_path / "none"), "-", str(tmp_path), "\0"])
    fd = os.open(tmp_path / "small", os.O_RDONLY)
    assert not hashes.sha256(fd, never)
    os.close(fd)
    hashes.close()


def test_who_gives_up_does_not_wait(tmp_path: Path) -> None:
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 1 << 36)
    hashes = Ahead([str(tmp_path / "large")])
    fd = os.open(tmp_path / "large", os.O_RDONLY)
    assert not hashes.sha256(fd, lambda: True)
    os.close(fd)
    hashes.close()
