"""Ctrl-C ends the program without a traceback, also while it loads."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("loading", ["_json", "multiarray_umath", "pydantic_core", "llvmlite"])
def test_an_interrupt_is_no_traceback(loading: str) -> None:
    program = subprocess.Popen(
        # Tests that run in the background are deaf to SIGINT, and would hand that on.
        ["env", "--default-signal=INT", sys.executable, "-m", "monitor", "replay", "-"],  # noqa: S607
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        # Standard input stays open: it cannot end by itself.
        maps = Path(f"/proc/{program.pid}/maps")
        end = time.monotonic() + 60
        while loading not in maps.read_text() and time.monotonic() < end:
            time.sleep(0.001)
        program.send_signal(signal.SIGINT)
        _, told = program.communicate(timeout=60)
    finally:
        program.kill()
    assert program.returncode in (-signal.SIGINT, 130)
    assert "Traceback" not in told
