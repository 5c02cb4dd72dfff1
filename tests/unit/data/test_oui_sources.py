"""Lists of prefixes in the forms that other programs bring."""

from pathlib import Path

from monitor.data.oui_sources import read_ieee_csv, read_nmap, read_wireshark


def test_the_csv_files_of_the_ieee_are_read(tmp_path: Path) -> None:
    (tmp_path / "oui.csv").write_text(
        "Registry,Assignment,Organization Name,Organization Address\n"
        'MA-L,C056E3,"Hangzhou  Hikvision Co.,Ltd.",somewhere CN\n'
        "MA-L,NOTHEX,Broken,\n"
        "MA-L,12,Short,\n"
        "MA-L,AABBCC,,\n"
    )
    (tmp_path / "mam.csv").write_text("MA-M,0055DA1,KoolPOS Inc.,\n")
    (tmp_path / "iab.csv").write_text("IAB,0050C27D5,DEUTA,\n")
    assert read_ieee_csv(tmp_path) == {
        (24, 0xC056E3): "Hangzhou Hikvision Co.,Ltd.",
        (28, 0x0055DA1): "KoolPOS Inc.",
        (36, 0x0050C27D5): "DEUTA",
    }


def test_a_folder_without_lists_gives_nothing(tmp_path: Path) -> None:
    assert read_ieee_csv(tmp_path) == {}


def test_the_file_of_wireshark_is_read_in_its_old_and_new_form(tmp_path: Path) -> None:
    path = tmp_path / "manuf"
    path.write_text(
        "# heading\n"
        "00:00:01\tXerox\tXerox Corporation\n"
        "00:00:02\tXerox\n"
        "00:55:DA:10:00:00/28\tKoolPOS\tKoolPOS Inc.\n"
        "70:B3:D5:C4:B0:00/36\tAnker\tANKER-EAST\n"
        "01:80:C2:00:00:00/44\tBridge-Group\n"
        "00-00-0C\tCisco\tCisco Systems\n"
        "garbage\n\tx\n"
    )
    assert read_wireshark(path) == {
        (24, 0x000001): "Xerox Corporation",
        (24, 0x000002): "Xerox",
        (28, 0x0055DA1): "KoolPOS Inc.",
        (36, 0x70B3D5C4B): "ANKER-EAST",
        (24, 0x00000C): "Cisco Systems",
    }


def test_the_file_of_nmap_is_read(tmp_path: Path) -> None:
    path = tmp_path / "nmap-mac-prefixes"
    path.write_text("# heading\n000000 Xerox\n0055DA1 KoolPOS\n70B3D5C4B Anker\nzz\n")
    assert read_nmap(path) == {
        (24, 0): "Xerox",
        (28, 0x0055DA1): "KoolPOS",
        (36, 0x70B3D5C4B): "Anker",
    }
