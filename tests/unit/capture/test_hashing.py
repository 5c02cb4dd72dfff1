"""SHA-256 beside the reading."""

import hashlib
import os
import threading
from pathlib import Path

import pytest

from monitor.capture.hashing import Hasher
from monitor.model.frames import InputInfo

DATA = bytes(range(256)) * 20_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a"
    path.write_bytes(DATA)
    return path


def test_a_file_is_hashed_though_its_descriptor_is_closed(file: Path) -> None:
    hasher, info = Hasher(), InputInfo(name="a")
    with file.open("rb") as opened:
        hasher.add_file(info, opened.fileno())
    hasher.finish()
    assert info.sha256 == hashlib.sha256(DATA).hexdigest()
    assert info.size_bytes == len(DATA)


def test_hashing_leaves_the_position_alone_and_starts_there(file: Path) -> None:
    hasher, info = Hasher(), InputInfo(name="a")
    with file.open("rb", buffering=0) as opened:
        opened.seek(1000)
        hasher.add_file(info, opened.fileno())
        hasher.finish()
        assert opened.tell() == 1000
    assert info.sha256 == hashlib.sha256(DATA[1000:]).hexdigest()
    assert info.size_bytes == len(DATA) - 1000


def test_more_files_than_may_wait_are_all_hashed(file: Path) -> None:
    hasher = Hasher()
    infos = [InputInfo(name=str(i)) for i in range(200)]
    with file.open("rb") as opened:
        for info in infos:
            hasher.add_file(info, opened.fileno())
    hasher.finish()
    assert {info.sha256 for info in infos} == {hashlib.sha256(DATA).hexdigest()}


def test_a_stream_is_hashed_between_files(file: Path) -> None:
    hasher, stream, other = Hasher(), InputInfo(name="-"), InputInfo(name="a")
    chunks = hasher.stream(stream)
    for i in range(100):
        chunks.update(bytes([i]) * 1000)
    with file.open("rb") as opened:
        hasher.add_file(other, opened.fileno())
    chunks.close()
    hasher.finish()
    expected = hashlib.sha256(b"".join(bytes([i]) * 1000 for i in range(100)))
    assert stream.sha256 == expected.hexdigest()
    assert other.sha256 == hashlib.sha256(DATA).hexdigest()


def test_a_cancelled_hasher_leaves_hashes_empty_and_no_descriptor(file: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # the listing itself opens one
    hasher = Hasher()
    infos = [InputInfo(name=str(i)) for i in range(60)]
    with file.open("rb") as opened:
        for info in infos:
            hasher.add_file(info, opened.fileno())
    hasher.cancel()
    assert infos[-1].sha256 == ""
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208  # as above


def test_a_file_that_shrinks_has_no_hash(file: Path) -> None:
    hasher, info = Hasher(), InputInfo(name="a")
    may_go = threading.Event()

    def wait() -> None:
        may_go.wait()

    hasher.put(wait)
    with file.open("r+b") as opened:
        hasher.add_file(info, opened.fileno())
        opened.truncate(10)
    may_go.set()
    hasher.finish()
    assert info.sha256 == ""


def test_finishing_twice_is_finishing_once() -> None:
    hasher = Hasher()
    hasher.finish()
    hasher.finish()
