"""Every test of this stage has a cache folder of its own, and finds nothing of the machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.enrich.geo import Geo


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    return tmp_path / "xdg" / "camwatch"


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Geo]:
    """The shipped databases alone, unpacked once."""
    with Geo.open(folders=(), cache=tmp_path_factory.mktemp("geo")) as geo:
        yield geo
