import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import ConfigError
from monitor.model.alerts import AlertChange
from monitor.notify import message
from monitor.notify.file import File
from monitor.notify.receipt import Result
from tests.support.told import T0, alert

OPENED = message.of_alert(alert(), AlertChange.OPENED, T0, version="1.0")
BEAT = message.heartbeat("hall-1", T0, {"flows": 3}, version="1.0")


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_message_is_a_line_of_eve(tmp_path: Path) -> None:
    target = File(tmp_path / "eve.json", "eve")
    assert target.send([OPENED, BEAT], T0).result is Result.DELIVERED
    first, second = _lines(tmp_path / "eve.json")
    assert (first["timestamp"], first["event_type"]) == (
        "2026-11-18T11:06:40.000000+0000",
        "camera_egress",
    )
    assert (first["src_ip"], first["vlan"], first["host"]) == ("10.20.3.11", [30], "hall-1")
    assert first["camera_egress"]["id"] == OPENED.id
    assert second["camera_egress"]["type"] == "camwatch.heartbeat"
    assert (tmp_path / "eve.json").stat().st_mode & 0o777 == 0o640


def test_a_file_that_was_renamed_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    target = File(path, "eve")
    target.send([OPENED], T0)
    path.rename(tmp_path / "eve.json.1")
    target.send([BEAT], T0)
    assert len(_lines(path)) == len(_lines(tmp_path / "eve.json.1")) == 1


def test_a_line_that_a_kill_cut_short_stays_alone(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    path.write_text('{"timestamp":"2026')
    File(path, "eve").send([OPENED], T0)
    cut, whole = path.read_text().splitlines()
    assert cut == '{"timestamp":"2026'
    assert json.loads(whole)["camera_egress"]["id"] == OPENED.id


def test_what_a_full_disk_cut_short_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "eve.json"
    target = File(path, "eve")
    target.send([BEAT], T0)
    before, write = path.read_bytes(), os.write

    def _full(handle: int, data: memoryview) -> int:
        if len(data) <= 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data[:-10])

    monkeypatch.setattr(os, "write", _full)
    receipt = target.send([OPENED], T0)
    assert (receipt.result, receipt.error) == (Result.FAILED, "No space left on device")
    assert path.read_bytes() == before


@pytest.mark.parametrize(("form", "key"), [("ecs", "@timestamp"), ("ocsf", "class_uid")])
def test_other_formats_stand_in_lines_too(form: str, key: str, tmp_path: Path) -> None:
    File(tmp_path / "out", form).send([OPENED], T0)
    assert key in _lines(tmp_path / "out")[0]


def test_a_directory_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file or directory; name a file"):
        File(tmp_path / "none" / "eve.json", "eve").check()
