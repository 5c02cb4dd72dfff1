"""Shipped files, unpacked once."""

import hashlib
import json
import lzma
import os
from pathlib import Path

import pytest

from monitor.enrich import unpack
from monitor.enrich.unpack import Workplace, cache_folder, is_ours, write_atomic
from monitor.errors import ConfigError

RAW = b"a database" * 1000


@pytest.fixture(autouse=True)
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "x.mmdb.xz").write_bytes(lzma.compress(RAW))
    entry = {"size": len(RAW), "sha256": hashlib.sha256(RAW).hexdigest(), "build_epoch": 7}
    (folder / "geo.json").write_text(json.dumps({"x": entry}))
    monkeypatch.setattr(unpack, "data_path", lambda name: folder / name)
    return folder


def test_a_file_is_unpacked_once_and_then_only_found(tmp_path: Path) -> None:
    path = Workplace(tmp_path / "w").unpacked("x")
    assert path.read_bytes() == RAW
    stamp = path.stat().st_mtime_ns
    assert Workplace(tmp_path / "w").unpacked("x") == path
    assert path.stat().st_mtime_ns == stamp


def test_a_file_of_another_size_is_written_again(tmp_path: Path) -> None:
    path = Workplace(tmp_path / "w").unpacked("x")
    path.write_bytes(b"cut")
    assert Workplace(tmp_path / "w").unpacked("x").read_bytes() == RAW


def test_nothing_half_written_stays_behind(tmp_path: Path) -> None:
    path = Workplace(tmp_path / "w").unpacked("x")
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_without_a_writable_folder_a_temporary_one_is_used_and_removed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    workplace = Workplace(tmp_path / "file" / "w")
    path = workplace.unpacked("x")
    assert path.read_bytes() == RAW
    workplace.close()
    assert not path.exists()


def test_a_damaged_bundle_asks_for_a_new_installation(bundle: Path, tmp_path: Path) -> None:
    for raw, message in (
        (b"no xz", "cannot be unpacked"),
        (lzma.compress(RAW[:-1]), "checksum is wrong"),
        (lzma.compress(RAW + b"x" * 10_000_000), "checksum is wrong"),
        (lzma.compress(RAW)[:-40], "checksum is wrong"),
    ):
        (bundle / "x.mmdb.xz").write_bytes(raw)
        with pytest.raises(ConfigError, match=message):
            Workplace(tmp_path / "w").unpacked("x")


def test_a_damaged_manifest_asks_for_a_new_installation(bundle: Path, tmp_path: Path) -> None:
    for text in ("", "{}", '{"x": 7}', '{"x": {"size": "big"}}'):
        (bundle / "geo.json").write_text(text)
        with pytest.raises(ConfigError, match="reinstall"):
            Workplace(tmp_path / "w").unpacked("x")


def test_what_is_not_shipped_has_no_date(tmp_path: Path) -> None:
    assert Workplace(tmp_path).epoch("x") == 7
    assert Workplace(tmp_path).epoch("y") is None


def test_the_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/me")
    assert cache_folder() == Path("/var/cache/me/camwatch")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/me")
    assert cache_folder() == Path("/home/me/.cache/camwatch")


def test_a_file_of_somebody_else_is_not_ours(tmp_path: Path) -> None:
    path = write_atomic(tmp_path / "f", b"x")
    assert is_ours(path)
    assert not is_ours(tmp_path)
    assert not is_ours(tmp_path / "none")
    if os.geteuid():
        pytest.skip("only root can give a file away")
    os.chown(path, 12_345, -1)
    assert not is_ours(path)
