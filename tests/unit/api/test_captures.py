from pathlib import Path

from sqlalchemy import insert

from monitor.api.captures import Captures
from monitor.store.access_tables import JOBS
from monitor.store.edits import Edits
from monitor.store.engine import parse
from tests.support import serving

DAY_NS = 86_400 * 10**9
NOW_NS = 100 * DAY_NS


class _Kept:
    """A directory of captures and the jobs that they are of."""

    def __init__(self, folder: Path, **api: object) -> None:
        self.edits = Edits(parse(f"sqlite:///{folder}/store.db"))
        self.edits.upgrade()
        settings = serving.settings(folder, **api).api
        settings.uploads.mkdir()
        self.captures = Captures(settings, lambda: NOW_NS)

    def add(self, job_id: str, *, size: int, days_ago: float, state: str = "finished") -> None:
        self.captures.path(job_id).write_bytes(b"x" * size)
        at_ns = NOW_NS - round(days_ago * DAY_NS)
        with self.edits.transaction() as connection:
            connection.execute(
                insert(JOBS).values(
                    id=job_id, file_name="a", bytes=size, sha256="", state=state, progress=0,
                    error="", run_id=f"run of {job_id[:1]}", author="", created_ns=at_ns,
                    finished_ns=at_ns,
                )
            )  # fmt: skip

    def sweep(self, wanted_bytes: int = 0) -> set[str]:
        with self.edits.transaction() as connection:
            self.captures.sweep(connection, wanted_bytes)
        self.edits.close()
        return {path.stem for path in self.captures.path("a").parent.iterdir()}


def test_the_oldest_go_where_there_is_not_room_for_all(tmp_path: Path) -> None:
    kept = _Kept(tmp_path, kept_bytes=100)
    for number, name in enumerate("abcd"):
        kept.add(name, size=40, days_ago=number)
    assert kept.sweep() == {"a", "b"}
    assert kept.captures.removed == 2


def test_a_small_old_one_is_not_kept_in_the_place_of_a_newer(tmp_path: Path) -> None:
    kept = _Kept(tmp_path, kept_bytes=100)
    kept.add("a", size=60, days_ago=0)
    kept.add("b", size=60, days_ago=1)
    kept.add("c", size=10, days_ago=2)
    assert kept.sweep() == {"a"}


def test_one_past_its_time_goes_and_one_that_waits_stays(tmp_path: Path) -> None:
    kept = _Kept(tmp_path, kept_days=7)
    kept.add("a", size=1, days_ago=6.9)
    kept.add("b", size=1, days_ago=7.1)
    kept.add("c", size=1, days_ago=30, state="waiting")
    assert kept.sweep() == {"a", "c"}


def test_nothing_is_kept_where_the_setting_says_so(tmp_path: Path) -> None:
    kept = _Kept(tmp_path, kept_bytes=0)
    kept.add("a", size=1, days_ago=0)
    assert kept.sweep() == set()


def test_of_the_same_capture_the_newest_copy_is_kept(tmp_path: Path) -> None:
    kept = _Kept(tmp_path)
    kept.add("a1", size=1, days_ago=2)
    kept.add("a2", size=1, days_ago=1)
    assert kept.sweep() == {"a2"}


def test_an_upload_that_needs_room_takes_it_from_the_oldest(tmp_path: Path) -> None:
    kept = _Kept(tmp_path)
    for number, name in enumerate("abc"):
        kept.add(name, size=40, days_ago=number)
    assert kept.sweep(wanted_bytes=50) == {"a"}


def test_a_file_of_no_job_goes_but_not_one_that_is_being_received(tmp_path: Path) -> None:
    kept = _Kept(tmp_path)
    kept.captures.path("lost").write_bytes(b"x")
    kept.captures.path("comes").write_bytes(b"x")
    kept.captures.coming("comes")
    assert kept.sweep() == {"comes"}
    assert kept.captures.removed == 0


def test_what_is_not_kept_anyway_takes_no_room_away(tmp_path: Path) -> None:
    kept = _Kept(tmp_path, kept_bytes=100)
    kept.add("a1", size=60, days_ago=0)
    kept.add("a2", size=60, days_ago=1)  # The same run.
    kept.add("x", size=60, days_ago=1.5, state="failed")
    kept.add("b", size=10, days_ago=2)
    assert kept.sweep() == {"a1", "b"}
