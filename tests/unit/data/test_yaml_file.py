"""Reading of data files."""

from pathlib import Path

import pytest

from monitor.data.yaml_file import MAX_TEXT, load_document, load_entries, text_of
from monitor.errors import ConfigError

HERE = Path("x.yaml")


def test_entries_come_with_a_label_for_messages(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("things:\n- a: 1\n- a: 2\n")
    assert list(load_entries(path, "things", {"a"})) == [
        ("things, entry 1", {"a": 1}),
        ("things, entry 2", {"a": 2}),
    ]


def test_tags_that_would_make_objects_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("things: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(ConfigError, match="not YAML"):
        load_document(path)


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"things: \xff\xfe\n")
    with pytest.raises(ConfigError, match="not YAML"):
        load_document(path)


@pytest.mark.parametrize("value", [None, False, 7, "", "x" * (MAX_TEXT + 1), ["x"]])
def test_a_text_field_must_be_a_text(value: object) -> None:
    with pytest.raises(ConfigError, match="name is"):
        text_of(HERE, "entry 1", {"name": value}, "name")


def test_a_field_with_a_default_may_be_missing_or_empty() -> None:
    assert text_of(HERE, "entry 1", {}, "name", default="d") == "d"
    assert text_of(HERE, "entry 1", {"name": ""}, "name", default="d") == ""
