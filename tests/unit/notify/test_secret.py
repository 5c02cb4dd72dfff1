import re
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.notify import secret


def test_the_line_is_read_without_its_end(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("  s3cret key\r\n")
    assert secret.read(tmp_path / "key") == "s3cret key"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"one\ntwo", "more than one line"),
        (b"\xff\xfe", "not text"),
        (None, "No such"),
    ],
)
def test_a_file_without_one_line_is_refused(
    content: bytes | None, why: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(f"{tmp_path / 'key'}: {why}")):
        secret.read(tmp_path / "key")


def test_secrets_are_masked_wherever_they_stand() -> None:
    assert secret.masked("a=t0ken, b=t0ken", ["t0ken"]) == "a=***, b=***"
    assert secret.masked("abc", ["", "b"]) == "abc"
