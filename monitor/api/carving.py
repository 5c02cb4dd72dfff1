"""Packets of a flow out of a kept capture: one at a time, in a process with less than this one may."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from monitor.api.problems import ProblemError
from monitor.config import Settings

PREFIX: Final = "carving-"
PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "XDG_CACHE_HOME", "PYTHONPATH")
NO_NETWORK: Final = "0"
LINE: Final = 500


@dataclasses.dataclass(frozen=True, slots=True)
class Packets:
    """A pcapng file in a directory of its own."""

    path: Path
    packets: int
    doubt: str
    """Empty, or how they differ from what the record counted."""

    def forget(self) -> None:
        """Remove the file."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


class Carver:
    """Starts `carved`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turn = threading.Lock()

    def clean(self) -> None:
        """Remove what a server that was killed left."""
        for left in self._settings.api.uploads.glob(f"{PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)

    def carve(self, capture: Path, flow: Mapping[str, Any], of: Mapping[str, Any]) -> Packets:
        """Return the packets of a flow; the caller forgets them.

        Args:
            capture: The kept capture.
            flow: Members of a line of flows.jsonl.
            of: The input as the manifest of a run has it.

        Raises:
            ProblemError: Another is being carved, it took too long, or the packets cannot be had.
        """
        if not self._turn.acquire(blocking=False):
            raise ProblemError(
                429, "the packets of another flow are being taken out; try again in a moment",
                kind="busy", headers={"Retry-After": "5"},
            )  # fmt: skip
        try:
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._settings.api.uploads))
            try:
                return self._run(capture, folder, {"flow": flow, "input": of})
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        finally:
            self._turn.release()

    def _run(self, capture: Path, folder: Path, asked: dict[str, Any]) -> Packets:
        api = self._settings.api
        asked["flow_settings"] = self._settings.flow.model_dump(mode="json")
        out = folder / "flow.pcapng"
        confined = [sys.executable, "-m", "monitor.api.confined"]
        limits = [str(api.job_memory_bytes), str(api.carve_s), NO_NETWORK]
        carved = [sys.executable, "-m", "monitor.api.carved", str(capture), str(out)]
        child = subprocess.Popen(  # noqa: S603  # nothing of it comes from a request
            [*confined, *limits, *carved, str(2 * api.upload_bytes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=_environment(folder), start_new_session=True,
        )  # fmt: skip
        try:
            told, said = child.communicate(orjson.dumps(asked), timeout=api.carve_s)
        except subprocess.TimeoutExpired:
            raise ProblemError(
                503, f"it took longer than {api.carve_s} s (api.carve_s); 'camwatch inspect' has no "
                "such limit", kind="too-slow",
            ) from None  # fmt: skip
        finally:
            if child.poll() is None:
                # It leads a group of its own: the whole group goes.
                os.killpg(child.pid, signal.SIGKILL)
                child.communicate()
        if child.returncode == -signal.SIGXCPU:
            raise ProblemError(
                503, "it took more than api.carve_s of the processor", kind="too-slow"
            )
        if child.returncode:
            lines = said.decode("utf-8", "replace").strip().splitlines() or ["it was ended"]
            why = lines[-1][:LINE].replace(str(capture), "the capture").replace(str(folder), "")
            raise ProblemError(503, f"the packets cannot be taken out: {why}", kind="not-carved")
        done = orjson.loads(told)
        return Packets(out, done["packets"], done["doubt"] or "")


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    kept |= {name: value for name, value in os.environ.items() if name.startswith("NUMBA_")}
    return kept | {"TMPDIR": str(folder)}
