"""The inventory file: what it may hold, and one clear line with its number for what it may not."""

from pathlib import Path

import pytest

from monitor.config.inventory_file import read_inventory
from monitor.errors import ConfigError
from monitor.model.inventory import ListedCamera

CSV = """\
# Cameras of the town hall
name,mac,ip,vlan,location,brand
gate,44-19-B6-00-00-01,10.20.3.11,20,"main gate, left",Annke

yard,,2001:DB8::1,,,
"""
YAML = """\
- name: gate
  mac: 4419.b600.0001
  ip: 10.20.3.11
  vlan: 20
  location: main gate, left
  brand: Annke
- {name: yard, ip: "2001:db8::1", mac: null}
"""
WANTED = (
    ListedCamera("gate", "44:19:b6:00:00:01", "10.20.3.11", 20, "main gate, left", "Annke"),
    ListedCamera("yard", "", "2001:db8::1", None, "", ""),
)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cameras.csv", CSV),
        ("cameras.csv", "\ufeff" + CSV.replace("\n", "\r\n")),
        (
            "cameras.csv",
            CSV.replace(",,", ";;").replace(",", ";").replace('"main gate;', '"main gate,'),
        ),
        ("cameras.yaml", YAML),
        ("cameras.yml", YAML),
    ],
    ids=["csv", "csv of a spreadsheet", "semicolons", "yaml", "yml"],
)
def test_a_list_is_read(tmp_path: Path, name: str, text: str) -> None:
    path = written(tmp_path, name, text)
    inventory = read_inventory(path)
    assert inventory.cameras == WANTED
    assert inventory.source == str(path)


FAULTS = {
    "an unknown column": ("nane,mac\n", "1: unknown column 'nane'; did you mean 'name'?"),
    "a column twice": ("name,ip,ip\n", "1: column 'ip' stands there twice"),
    "no name": ("name,ip\n,10.0.0.1\n", "2: no name; give each camera one"),
    "nothing to know it by": ("name,ip\ngate,\n", "2: 'gate' has no mac and no ip"),
    "a MAC that is none": ("name,mac\ngate,44:19\n", "2: '44:19' is no MAC; write 44:19:b6"),
    "a group's MAC": ("name,mac\ngate,01:00:5e:00:00:01\n", "2: 01:00:5e:00:00:01 is the MAC of"),
    "an address that is none": ("name,ip\ngate,10.0.0\n", "2: '10.0.0' is no address"),
    "a VLAN that is none": ("name,ip,vlan\ngate,10.0.0.1,4095\n", "2: '4095' is no VLAN id"),
    "a name twice": ("name,ip\na,10.0.0.1\n\na,10.0.0.2\n", "4: name a stands in line 2 too"),
    "a MAC twice": (
        "name,mac\na,44:19:b6:00:00:01\nb,4419b6000001\n",
        "3: mac 44:19:b6:00:00:01 stands in line 2 too",
    ),
    "too many cells": ("name,ip\ngate,10.0.0.1,left\n", "2: 3 cells under 2 columns; put text"),
    "an open quote": ('name,ip\n"gate,10.0.0.1\n', "2: not CSV: unexpected end of data"),
    "control characters": ("name,ip\nga\x07te,10.0.0.1\n", "2: name is longer than 200 characters"),
    "nothing": ("", ": no camera in it; see docs/coverage.md"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_with_its_number(tmp_path: Path, fault: str) -> None:
    text, wanted = FAULTS[fault]
    path = written(tmp_path, "cameras.csv", text)
    with pytest.raises(ConfigError) as caught:
        read_inventory(path)
    told = str(caught.value)
    assert told.startswith(f"{path}:")
    assert wanted in told
    assert "\n" not in told
    assert caught.value.exit_status == 3


YAML_FAULTS = {
    "no list": ("name: gate\n", ":1: not a list"),
    "no mapping": ("- gate\n", ":1: not a mapping"),
    "an unknown key": (
        "- name: a\n  ipp: 10.0.0.1\n",
        ":2: unknown column 'ipp'; did you mean 'ip'",
    ),
    "a key twice": (
        "- name: a\n  ip: 10.0.0.1\n  ip: 10.0.0.2\n",
        ":3: column 'ip' stands there twice",
    ),
    "a list as value": ("- name: a\n  ip: [10.0.0.1]\n", ":2: not a plain text"),
    "no YAML": ("- name: 'a\n", "not YAML: found unexpected end of stream"),
    "nothing": ("", ": no camera in it"),
}


@pytest.mark.parametrize("fault", YAML_FAULTS)
def test_a_fault_in_yaml_is_one_line_too(tmp_path: Path, fault: str) -> None:
    text, wanted = YAML_FAULTS[fault]
    with pytest.raises(ConfigError, match=r"cameras\.yaml") as caught:
        read_inventory(written(tmp_path, "cameras.yaml", text))
    assert wanted in str(caught.value)


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file or directory; name a readable file"):
        read_inventory(tmp_path / "none.csv")
    (tmp_path / "x.csv").write_bytes(b"name,ip\n\xff\xfe,1\n")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        read_inventory(tmp_path / "x.csv")


def test_a_mac_of_digits_in_yaml_stays_text(tmp_path: Path) -> None:
    path = written(tmp_path, "cameras.yaml", "- name: a\n  mac: 44:19:16:00:00:01\n")
    assert read_inventory(path).cameras[0].mac == "44:19:16:00:00:01"
