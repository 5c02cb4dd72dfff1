"""Replays of uploaded captures: one at a time, each in a process of its own."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import select
from sqlalchemy.engine import URL

from monitor.api.captures import Captures
from monitor.api.problems import ProblemError
from monitor.config.serving import ApiSettings
from monitor.errors import MonitorError
from monitor.store import edits
from monitor.store.access_tables import JOBS
from monitor.store.edits import Edits
from monitor.store.tables import RUNS

KEPT_LINES: Final = 5
LINE: Final = 500
"""Characters of a line that the replay says, and how many lines are kept."""

FREE_BYTES: Final = 1_000_000_000
"""Disk space that an upload must leave."""

STEP: Final = 2
"""Percent between two notes of progress; each takes the write lock of the store for a moment."""

PARTLY: Final = 4
"""Exit status of a replay that could not read everything: what it could read is in the store."""

PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_CACHE_HOME", "PYTHONPATH")


class Jobs:
    """The queue of uploads, in the table `jobs`, and the thread that works it off."""

    def __init__(
        self,
        settings: ApiSettings,
        url: URL,
        store: Edits,
        now_ns: Callable[[], int],
        log: Any,
        config: Path | None = None,
    ) -> None:
        self._settings = settings
        self._url = url
        self._edits = store
        self._now_ns = now_ns
        self._log = log
        self._config = config
        self.captures = Captures(settings, now_ns)
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._child_job = ""
        self._cancelled: set[str] = set()
        self._thread: threading.Thread | None = None

    def path(self, job_id: str) -> Path:
        """Return where the capture of a job lies; its own name is never part of a path."""
        return self.captures.path(job_id)

    def create(self, job_id: str) -> IO[bytes]:
        """Open the file of a new upload.

        Raises:
            ProblemError: The queue is full, or there is no room on the disk.
        """
        with self._edits.transaction() as connection:
            waiting = edits.waiting_jobs(connection)
        if waiting >= self._settings.waiting_jobs:
            raise ProblemError(
                429, f"{waiting} captures wait already; upload it when one is done",
                kind="queue-full", headers={"Retry-After": "60"},
            )  # fmt: skip
        folder = self._settings.uploads
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.captures.coming(job_id)
            free = shutil.disk_usage(folder).free
            if free < FREE_BYTES:
                with self._edits.transaction() as connection:
                    self.captures.sweep(connection, FREE_BYTES - free)
                free = shutil.disk_usage(folder).free
            if free >= FREE_BYTES:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                return os.fdopen(os.open(self.path(job_id), flags, 0o600), "wb")
        except OSError as error:
            self._log.error("upload refused", folder=str(folder), error=str(error))
            raise ProblemError(
                503, "uploads cannot be kept; the log of 'camwatch serve' says why", kind="no-room"
            ) from error
        raise ProblemError(
            503, f"{free // 1_000_000} MB are free for uploads, too few; free some", kind="no-room"
        )

    def start(self) -> None:
        """Begin to work, with what a server that ended left."""
        self._recover()
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that there is a new job."""
        self._wake.set()

    def stop(self) -> None:
        """End the work; a replay under way is broken off and done again after the next start."""
        self._ending.set()
        self._wake.set()
        self._kill("")
        if self._thread is not None:
            self._thread.join(timeout=10)

    def cancel(self, job_id: str) -> None:
        """Break off a replay, or take a waiting one out of the queue."""
        with self._edits.transaction() as connection:
            state = connection.execute(select(JOBS.c.state).where(JOBS.c.id == job_id)).scalar()
            if state == "waiting":
                edits.change_job(connection, job_id, state="cancelled", finished_ns=self._now_ns())
        if state == "waiting":
            self.path(job_id).unlink(missing_ok=True)
        elif state == "running":
            with self._lock:
                self._cancelled.add(job_id)
            self._kill(job_id)

    def _recover(self) -> None:
        with self._edits.transaction() as connection:
            unfinished = select(JOBS.c.id).where(JOBS.c.state.in_(("waiting", "running")))
            for job_id in connection.execute(unfinished).scalars().all():
                if self.path(job_id).is_file():
                    edits.change_job(connection, job_id, state="waiting", progress=0)
                else:
                    edits.change_job(
                        connection, job_id, state="failed", finished_ns=self._now_ns(),
                        error="the uploaded file is gone; upload it again",
                    )  # fmt: skip
            self.captures.sweep(connection)

    def _work(self) -> None:
        while not self._ending.is_set():
            self._wake.clear()
            try:
                job_id = self._next()
                if job_id is not None:
                    self._replay(job_id)
                with self._edits.transaction() as connection:
                    self.captures.sweep(connection)
                if job_id is not None:
                    continue
            except MonitorError as error:
                self._log.error("job not done", error=str(error))
            self._wake.wait(30)

    def _next(self) -> str | None:
        with self._edits.transaction() as connection:
            waiting = select(JOBS.c.id).where(JOBS.c.state == "waiting").order_by(JOBS.c.created_ns)
            job_id: str | None = connection.execute(waiting.limit(1)).scalar()
            if job_id is not None:
                edits.change_job(connection, job_id, state="running", progress=0)
        return job_id

    def _replay(self, job_id: str) -> None:
        said: deque[str] = deque(maxlen=KEPT_LINES)
        with self._lock:
            if self._ending.is_set():
                return
            self._child = subprocess.Popen(  # noqa: S603  # nothing of it comes from a request
                self._command(job_id), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, env=self._environment(), start_new_session=True,
                text=True, encoding="utf-8", errors="replace",
            )  # fmt: skip
            self._child_job = job_id
        child = self._child
        with child:
            assert child.stderr is not None  # noqa: S101  # a pipe was asked for
            self._listen(job_id, child.stderr, said)
        with self._lock:
            self._child = None
            is_cancelled = job_id in self._cancelled
            self._cancelled.discard(job_id)
        if self._ending.is_set() and not is_cancelled:
            return
        self._close(job_id, child.returncode, list(said), is_cancelled=is_cancelled)

    def _listen(self, job_id: str, lines: IO[str], said: "deque[str]") -> None:
        noted = 0
        for line in lines:
            word, _, rest = line.strip().partition(" ")
            if word == "progress" and rest.isdigit():
                if int(rest) >= noted + STEP:
                    noted = min(int(rest), 99)
                    with self._edits.transaction() as connection:
                        edits.change_job(connection, job_id, progress=noted)
            elif line.strip():
                said.append(line.strip()[:LINE].replace(str(self.path(job_id)), "the capture"))

    def _close(self, job_id: str, status: int, said: list[str], *, is_cancelled: bool) -> None:
        is_kept = status in (0, PARTLY)
        error = "\n".join(said) if status else ""
        if status < 0:
            error = f"it was ended by {signal.Signals(-status).name}; see api.job_* in the settings"
        state = "cancelled" if is_cancelled else "finished" if is_kept else "failed"
        with self._edits.transaction() as connection:
            sha256 = connection.execute(select(JOBS.c.sha256).where(JOBS.c.id == job_id)).scalar()
            run_id = ""
            if is_kept:
                newest = select(RUNS.c.id, RUNS.c.inputs).order_by(RUNS.c.started_ns.desc())
                for found, inputs in connection.execute(newest.limit(50)):
                    # One without a frame tells nothing, whatever was read before it broke.
                    if any(one.get("sha256") == sha256 and one.get("frames") for one in inputs):
                        run_id = found
                        break
            if is_kept and not run_id:
                state, error = "failed", error or "nothing could be read of the capture"
            edits.change_job(
                connection, job_id, state=state, run_id=run_id, error="" if is_cancelled else error,
                progress=100 if state == "finished" else 0, finished_ns=self._now_ns(),
            )  # fmt: skip
        if state != "finished":
            self.path(job_id).unlink(missing_ok=True)

    def _command(self, job_id: str) -> list[str]:
        is_sqlite = self._url.get_backend_name() == "sqlite"
        store = self._url.set(password=None) if not is_sqlite else self._url
        limits = (self._settings.job_memory_bytes, self._settings.job_processor_s)
        confined = [sys.executable, "-m", "monitor.api.confined", *map(str, limits)]
        replay = [sys.executable, "-m", "monitor", "replay", str(self.path(job_id)), "--progress"]
        config = [] if self._config is None else ["--config", str(self._config)]
        to = ["--store", store.render_as_string(hide_password=False)]
        return [*confined, "0" if is_sqlite else "1", *replay, *to, *config]

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        kept |= {k: v for k, v in os.environ.items() if k.startswith(("CAMWATCH_", "NUMBA_"))}
        password = self._url.password
        if password:
            # On the command line every user of the machine could read it.
            kept["PGPASSWORD"] = str(password)
        return kept

    def _kill(self, job_id: str) -> None:
        with self._lock:
            child = self._child
            if child is None or (job_id and self._child_job != job_id) or child.poll() is not None:
                return
            # It leads a group of its own: the whole group goes.
            os.killpg(child.pid, signal.SIGTERM)
