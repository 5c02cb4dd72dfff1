import shutil
from pathlib import Path

import pytest

from monitor.errors import CaptureError, UsageError
from monitor.forensics.carve import Job, carve
from monitor.forensics.folder import Input, RunFolder
from monitor.forensics.originals import find
from tests.support.forensic_runs import capture, datagram, replayed, the_flow

ALWAYS = (-(1 << 62), 1 << 62)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    frames = [(0.0, datagram(b"ask", ident=1)), (0.1, datagram(b"told", ident=2, back=True))]
    return capture(tmp_path / "camera.pcap", frames)


def count(folder: RunFolder, *given: Path) -> int:
    with carve(Job(run=folder, record=the_flow(folder, port=5000), given=given)) as carving:
        return len(carving)


def test_a_file_that_was_changed_in_place_is_refused(tmp_path: Path, file: Path) -> None:
    folder = replayed(tmp_path / "run", file)
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(CaptureError, match=r"changed since the replay \(its SHA-256 differs\)"):
        count(folder)


def test_a_file_of_another_size_is_refused_before_it_is_read(tmp_path: Path, file: Path) -> None:
    folder = replayed(tmp_path / "run", file)
    size = file.stat().st_size
    file.write_bytes(file.read_bytes() + b"more")
    with pytest.raises(CaptureError, match=f"it has {size + 4} bytes, then {size}"):
        count(folder)


def test_a_file_that_is_gone_is_asked_for_and_found_by_its_hash(tmp_path: Path, file: Path) -> None:
    folder = replayed(tmp_path / "run", file)
    moved = tmp_path / "archive" / "renamed.bin"
    moved.parent.mkdir()
    shutil.move(file, moved)
    with pytest.raises(CaptureError, match="gone; put it back, or say where it is"):
        count(folder)
    assert count(folder, moved) == 2


def test_a_file_that_is_no_input_of_the_run_is_refused(tmp_path: Path, file: Path) -> None:
    folder = replayed(tmp_path / "run", file)
    other = capture(tmp_path / "other.pcap", [(0.0, datagram(b"x", ident=9))])
    with pytest.raises(UsageError, match="no input of this run holds these bytes"):
        count(folder, other)


def test_a_file_that_moved_with_its_run_is_found(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    replayed(tmp_path / "run", Path(file.name))
    (tmp_path / "elsewhere").mkdir()
    shutil.move("run", "elsewhere/run")
    shutil.move(file.name, "elsewhere")
    assert count(RunFolder.open(Path("elsewhere/run"))) == 2


def test_standard_input_cannot_be_read_again() -> None:
    item = Input("-", 24, "0" * 64, 0, 1)
    with pytest.raises(UsageError, match="came from standard input, which cannot be read again"):
        find(RunFolder(Path("run"), {}, [item]), ALWAYS)


def test_inputs_of_another_time_are_not_looked_for() -> None:
    gone = [Input("early", 24, "0" * 64, 0, 10), Input("empty", 24, "1" * 64, None, None)]
    assert find(RunFolder(Path("run"), {}, gone), (11, 20)) == []
