"""The table of prefixes that is shipped, and how it is made."""

import lzma
from pathlib import Path

import pytest

from monitor.data import data_path
from monitor.data.build_oui import build, read_overlay
from monitor.data.oui_table import parse
from monitor.errors import ConfigError


def ieee(folder: Path) -> Path:
    (folder / "oui.csv").write_text("MA-L,C056E3,Hikvision,\nMA-L,00BC99,From the full list,\n")
    return folder


def test_full_lists_win_over_the_overlay_which_fills_what_they_lack(tmp_path: Path) -> None:
    raw = build(ieee(tmp_path), ieee_date="2022-08-27", netaddr_date="")
    table = parse(lzma.decompress(raw))
    assert table.find(24, 0xC056E3) == "Hikvision"
    assert table.find(24, 0x00BC99) == "From the full list"
    assert table.find(24, 0x0CA64C) == "Hangzhou Ezviz Software Co.,Ltd."
    assert table.date == "2022-08-27"


def test_the_same_lists_give_the_same_bytes(tmp_path: Path) -> None:
    folder = ieee(tmp_path)
    first, again = (build(folder, ieee_date="2022-08-27", netaddr_date="") for _ in range(2))
    assert first == again


def test_a_folder_without_lists_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="install ieee-data"):
        build(tmp_path, ieee_date="2022-08-27", netaddr_date="")


def test_the_shipped_table_is_small_and_contains_its_overlay() -> None:
    packed = data_path("oui.bin.xz").read_bytes()
    assert len(packed) < 450_000
    rows = parse(lzma.decompress(packed)).rows()
    overlay, source = read_overlay(data_path("oui_overlay.yaml"))
    assert source
    assert {key: rows.get(key) for key in overlay} == overlay


@pytest.mark.parametrize(
    "text", ["", "source: x", "source: x\nentries: [{organisation: a, prefixes: [zz]}]", "["]
)
def test_a_wrong_overlay_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "overlay.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        read_overlay(path)
