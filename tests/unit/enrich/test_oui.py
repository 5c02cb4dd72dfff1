"""Makers of interfaces."""

import os
from pathlib import Path

import pytest

from monitor.data import oui_table
from monitor.enrich import oui
from monitor.enrich.oui import Manufacturer, OuiTable
from monitor.errors import ConfigError
from monitor.model.arrays import MAC_NONE


def mac(text: str) -> int:
    return int(text.replace(":", ""), 16)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> OuiTable:
    return OuiTable.open(system_lists=(), cache=tmp_path_factory.mktemp("oui"))


@pytest.mark.parametrize(
    ("address", "organisation", "bits"),
    [
        # As the IEEE's own CSV files have them.
        ("c0:56:e3:01:02:03", "Hangzhou Hikvision Digital Technology Co.,Ltd.", 24),
        ("90:02:a9:00:00:00", "Zhejiang Dahua Technology Co., Ltd.", 24),
        ("00:40:8c:ff:ff:ff", "Axis Communications AB", 24),
        ("9c:8e:cd:00:00:00", "Amcrest Technologies", 24),
        ("00:55:da:10:00:01", "KoolPOS Inc.", 28),
        ("70:b3:d5:c4:b0:01", "ANKER-EAST", 36),
        ("00:50:c2:7d:50:01", "DEUTA-WERKE GmbH", 36),
    ],
)
def test_the_longest_assignment_names_the_holder(
    shipped: OuiTable, address: str, organisation: str, bits: int
) -> None:
    assert shipped.lookup(mac(address)) == Manufacturer(organisation, bits)


def test_newer_prefixes_of_camera_makers_are_known(shipped: OuiTable) -> None:
    assert "Hikvision" in shipped.lookup(mac("00:bc:99:00:00:01")).organisation
    assert (
        shipped.lookup(mac("0c:a6:4c:00:00:01")).organisation == "Hangzhou Ezviz Software Co.,Ltd."
    )


def test_a_locally_administered_address_names_no_maker(shipped: OuiTable) -> None:
    assert shipped.lookup(mac("c2:56:e3:01:02:03")) == Manufacturer("", 0, is_local=True)


def test_group_addresses_are_marked(shipped: OuiTable) -> None:
    assert shipped.lookup(mac("ff:ff:ff:ff:ff:ff")) == Manufacturer(
        "", 0, is_local=True, is_multicast=True
    )
    assert shipped.lookup(mac("01:00:5e:00:00:fb")).is_multicast


def test_an_unassigned_or_hidden_prefix_has_no_holder(shipped: OuiTable) -> None:
    assert shipped.lookup(mac("ac:de:48:00:11:22")).organisation == ""
    assert shipped.lookup(mac("f0:00:f0:00:00:00")) == Manufacturer()


@pytest.mark.parametrize("number", [MAC_NONE, -1, 1 << 48])
def test_what_is_no_mac_has_no_maker(shipped: OuiTable, number: int) -> None:
    assert shipped.lookup(number) == Manufacturer()


def test_the_table_says_what_it_is_made_of(shipped: OuiTable) -> None:
    assert len(shipped) > 49_000
    assert shipped.date == "2024-05-28"
    assert len(shipped.sources) == 3


def manuf(path: Path, day_s: int, rows: int = 30_000) -> Path:
    lines = ["# a heading\n", "C0:56:E3\tShort\tRenamed Maker\n", "00:55:DA:10:00:00/28\tKool\n"]
    lines += [f"{i >> 16:02X}:{i >> 8 & 255:02X}:{i & 255:02X}\tX\tMaker\n" for i in range(rows)]
    path.write_text("".join(lines))
    os.utime(path, (day_s, day_s))
    return path


def test_a_newer_list_of_the_system_is_laid_over_the_shipped_one(
    tmp_path: Path, cache: Path
) -> None:
    path = manuf(tmp_path / "manuf", 1_780_000_000)
    for _ in range(2):
        table = OuiTable.open(system_lists=(path,))
        assert table.lookup(mac("c0:56:e3:01:02:03")).organisation == "Renamed Maker"
        assert table.lookup(mac("00:55:da:10:00:01")).organisation == "Kool"
        assert table.lookup(mac("9c:8e:cd:00:00:01")).organisation == "Amcrest Technologies"
        assert table.date == "2026-05-28"
    assert len(list(cache.glob("oui-*.bin"))) == 1


def test_an_older_or_a_stub_list_of_the_system_is_left(tmp_path: Path) -> None:
    old = manuf(tmp_path / "manuf", 1_600_000_000)
    assert OuiTable.open(system_lists=(old,)).date == "2024-05-28"
    stub = manuf(tmp_path / "manuf", 1_780_000_000, rows=10)
    assert OuiTable.open(system_lists=(stub,)).date == "2024-05-28"
    assert OuiTable.open(system_lists=(tmp_path / "none",)).date == "2024-05-28"


def test_a_kept_table_that_is_damaged_is_made_again(cache: Path) -> None:
    OuiTable.open(system_lists=())
    (kept,) = cache.glob("oui-*.bin")
    kept.write_bytes(kept.read_bytes()[:1000])
    assert len(OuiTable.open(system_lists=())) > 49_000


def test_without_a_place_to_keep_it_the_table_still_loads(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert len(OuiTable.open(system_lists=(), cache=tmp_path / "file" / "x")) > 49_000


def test_a_damaged_bundle_asks_for_a_new_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "oui.bin.xz").write_bytes(b"damaged")
    monkeypatch.setattr(oui, "data_path", lambda name: tmp_path / name)
    with pytest.raises(ConfigError, match="reinstall camwatch"):
        OuiTable.open(system_lists=())


def test_makers_are_remembered_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oui, "MAX_CACHED", 10)
    rows = {(24, 0xC056E3): "Example"}
    table = OuiTable(oui_table.parse(oui_table.pack(rows, date="2026-01-01", sources=())))
    for number in range(100):
        table.lookup(number)
    assert len(table._known) <= 10
