"""Machine code that lies on disk is loaded without what only a compiler needs."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

LOAD_ALL = """
import importlib, pkgutil, sys
from numba.core.base import BaseContext
from numba.core.dispatcher import Dispatcher
import monitor

kernels = {}
for found in pkgutil.walk_packages(monitor.__path__, "monitor."):
    if "kernel" in found.name:
        for one in vars(importlib.import_module(found.name)).values():
            if isinstance(one, Dispatcher):
                kernels[id(one)] = one

def refresh(self):
    raise AssertionError("what a compiler needs was loaded")

BaseContext.refresh = refresh
loaded = 0
for kernel in kernels.values():
    for signature, *_ in kernel._cache._cache_file._load_index():
        assert kernel._cache.load_overload(signature, kernel.targetctx) is not None
        loaded += 1
print(loaded)
"""


def test_every_kernel_on_disk_loads_without_the_compiler() -> None:
    # The kernels of a replay are on disk after one; so this does not depend on other tests.
    sample = next((ROOT / "pcaps").glob("*/input.pcap"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(  # noqa: S603  # ours
        [sys.executable, "-m", "monitor", "replay", str(sample), "--json"],
        check=True,
        capture_output=True,
        env=environment,
    )
    told = subprocess.run(  # noqa: S603  # ours
        [sys.executable, "-c", LOAD_ALL],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert told.returncode == 0, told.stderr
    assert int(told.stdout) >= 5
