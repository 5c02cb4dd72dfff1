"""Uploaded captures that are kept after their replay: bounded in size and age, the oldest go first."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Connection, RowMapping, select

from monitor.config.serving import ApiSettings
from monitor.store.access_tables import JOBS

SUFFIX: Final = ".capture"
DAY_NS: Final = 86_400 * 10**9


class Amount(NamedTuple):
    """What lies in the directory."""

    captures: int
    bytes: int


class Captures:
    """The files. The table `jobs` says whose they are; the directory says which are left."""

    def __init__(self, settings: ApiSettings, now_ns: Callable[[], int]) -> None:
        self._settings = settings
        self._now_ns = now_ns
        self._lock = threading.Lock()
        self._coming: set[str] = set()
        self.removed = 0
        """Captures of replays that gave way to newer ones or to time, since the start."""

    def path(self, job_id: str) -> Path:
        """Return where the capture of a job lies; its own name is never part of a path."""
        return self._settings.uploads / f"{job_id}{SUFFIX}"

    def coming(self, job_id: str) -> None:
        """Spare a file that is being received: no job has it yet."""
        with self._lock:
            self._coming.add(job_id)

    def settled(self, job_id: str) -> None:
        """Say that a file was received, and its job written, or that it is gone."""
        with self._lock:
            self._coming.discard(job_id)

    def of_run(self, connection: Connection, run_id: str) -> RowMapping | None:
        """Return the newest job whose replay gave a run and whose capture is left."""
        query = select(JOBS).where(JOBS.c.run_id == run_id, JOBS.c.state == "finished")
        for job in connection.execute(query.order_by(JOBS.c.created_ns.desc())).mappings():
            if self.path(job["id"]).is_file():
                return job
        return None

    def amount(self) -> Amount:
        """Return how many captures there are, those that wait for their replay included."""
        sizes = [_size(self.path(job_id)) for job_id in self._ids()]
        return Amount(len(sizes), sum(sizes))

    def sweep(self, connection: Connection, wanted_bytes: int = 0) -> int:
        """Remove what is past its time, what is too much, and what no job knows.

        Args:
            connection: Of the store.
            wanted_bytes: Room to be made beyond that, for an upload.

        Returns:
            Captures of replays that were removed.
        """
        with self._lock:
            spared = set(self._coming)
            ids = self._ids() - spared
            query = select(JOBS).where(JOBS.c.id.in_(ids)).order_by(JOBS.c.created_ns.desc())
            jobs = connection.execute(query).mappings().all() if ids else []
            for job_id in ids - {job["id"] for job in jobs}:
                _remove(self.path(job_id))
            removed = sum(_remove(self.path(one)) for one in self._going(jobs, wanted_bytes))
            self.removed += removed
        return removed

    def _going(self, jobs: Iterable[RowMapping], wanted_bytes: int) -> list[str]:
        """Return which of some jobs, newest first, lose their captures."""
        oldest_ns = self._now_ns() - round(self._settings.kept_days * DAY_NS)
        room = self._settings.kept_bytes
        runs: set[str] = set()
        kept: list[tuple[str, int]] = []
        going = []
        for job in jobs:
            if job["state"] in ("waiting", "running"):
                continue
            is_young = job["state"] == "finished" and (job["finished_ns"] or 0) > oldest_ns
            # The same capture gives the same run: one copy is enough.
            if not is_young or job["run_id"] in runs:
                going.append(job["id"])
                continue
            size = _size(self.path(job["id"]))
            if size <= room:
                runs.add(job["run_id"])
                kept.append((job["id"], size))
                room -= size
            else:
                going.append(job["id"])
                # Nothing older is kept in its stead.
                room = -1
        while kept and wanted_bytes > 0:
            job_id, size = kept.pop()
            going.append(job_id)
            wanted_bytes -= size
        return going

    def _ids(self) -> set[str]:
        return {
            path.name.removesuffix(SUFFIX) for path in self._settings.uploads.glob(f"*{SUFFIX}")
        }


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _remove(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        # It is gone, or tried again with the next sweep.
        return False
    return True
