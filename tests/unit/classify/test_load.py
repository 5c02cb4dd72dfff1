from pathlib import Path

import orjson
import pytest

from monitor.classify import load
from monitor.classify.load import (
    COMPILED,
    SHIPPED,
    catalog_files,
    check_files,
    compile_catalog,
    load_catalog,
    read_entries,
)
from monitor.errors import ConfigError

MINE = """
maker: Mine
seen: 2026-11-01
entries:
- id: {ident}
  match: {{name: {name}}}
  purpose: diagnostics
  confidence: high
  about: ours
  source: our own test
"""


def write(folder: Path, ident: str, name: str) -> Path:
    folder.joinpath("mine.yaml").write_text(MINE.format(ident=ident, name=name))
    return folder


def test_the_shipped_files_have_no_fault() -> None:
    entries, faults = check_files(catalog_files(SHIPPED))
    assert [str(fault) for fault in faults] == []
    assert len(entries) > 800


def test_the_compiled_form_is_made_of_the_files_as_they_are() -> None:
    assert SHIPPED.joinpath(COMPILED).read_bytes() == compile_catalog(), (
        "run python -m monitor.classify.build"
    )


def test_the_compiled_form_gives_the_same_entries_as_the_files() -> None:
    assert list(load_catalog().entries.values()) == read_entries(catalog_files(SHIPPED))


def test_a_compiled_form_of_other_files_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "mine/a", "a.example")
    stale = orjson.loads(SHIPPED.joinpath(COMPILED).read_bytes())
    tmp_path.joinpath(COMPILED).write_bytes(orjson.dumps(stale))
    monkeypatch.setattr(load, "SHIPPED", tmp_path)
    assert list(load_catalog().entries) == ["mine/a"]


def test_a_folder_adds_entries_and_puts_others_in_place_by_id(tmp_path: Path) -> None:
    catalog = load_catalog(write(tmp_path, "ezviz/api.ezvizlife.com", "api.ezvizlife.com"))
    assert catalog.entries["ezviz/api.ezvizlife.com"].about == "ours"
    added = load_catalog(write(tmp_path, "mine/x", "x.mine.example"))
    assert added.by_name("x.mine.example")[0].entry.id == "mine/x"
    assert added.digest != load_catalog().digest


def test_a_faulty_folder_is_refused_with_one_line_a_fault(tmp_path: Path) -> None:
    write(tmp_path, "mine/x", "UPPER.example")
    tmp_path.joinpath("broken.yaml").write_text("maker: [")
    with pytest.raises(ConfigError) as refused:
        load_catalog(tmp_path)
    lines = str(refused.value).splitlines()
    assert lines[0] == "catalogue: 2 faults; mend them:"
    assert lines[1].strip().startswith("broken.yaml: (file): cannot be read (")
    assert lines[2].strip().startswith("mine.yaml: mine/x: name `UPPER.example` cannot be read")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a folder; name one"):
        load_catalog(tmp_path / "nowhere")


def test_a_key_that_stands_twice_is_a_fault(tmp_path: Path) -> None:
    text = MINE.format(ident="mine/x", name="x.example") + "  purpose: push\n"
    tmp_path.joinpath("mine.yaml").write_text(text)
    _, faults = check_files(catalog_files(tmp_path))
    assert ["`purpose` stands twice" in str(fault) for fault in faults] == [True]


def test_an_id_that_stands_twice_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, "mine/x", "x.example")
    tmp_path.joinpath("more.yaml").write_text(MINE.format(ident="mine/x", name="y.example"))
    _, faults = check_files(catalog_files(tmp_path))
    assert [fault.what for fault in faults] == ["id is used twice"]


@pytest.mark.parametrize("text", ["", "- 1", "a: !!python/object:os.system {}", "\x00", "&a [*a]"])
def test_odd_files_are_faults_not_exceptions(tmp_path: Path, text: str) -> None:
    tmp_path.joinpath("odd.yaml").write_text(text)
    entries, faults = check_files(catalog_files(tmp_path))
    assert entries == []
    assert faults


def test_a_folder_in_the_place_of_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"x\.yaml.*Is a directory"):
        load_catalog(tmp_path)


def test_a_link_to_nowhere_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigError, match=r"x\.yaml.*No such file"):
        load_catalog(tmp_path)
