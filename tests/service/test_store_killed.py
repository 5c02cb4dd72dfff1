"""A writer that is killed at any moment leaves whole steps: all that it said were committed, and no half."""

import random
import subprocess
import sys
import time

import pytest

from monitor.store.alert_tables import ALERT_EVENTS
from monitor.store.live_tables import SENSORS
from tests.support import stores
from tests.support.live_writer import FLOWS

KILLS = 6


@pytest.mark.slow
def test_a_killed_writer_leaves_whole_steps_only(store_url: str) -> None:
    draw = random.Random(20261109)  # noqa: S311 - moments to kill at
    whole = 0
    for seed in range(1, KILLS + 1):
        said = _write_and_kill(store_url, seed, draw)
        (sensor,) = stores.table(store_url, SENSORS)
        # The step that was under way may be in the store, too: it had no time to say so.
        assert said <= sensor["step"] <= said + 1
        assert sensor["status"] == ({"step": sensor["step"]} if sensor["step"] else {})
        whole += sensor["step"]
        assert len(stores.table(store_url, ALERT_EVENTS)) == whole
        by_flows = stores.flows_by_camera(store_url)
        assert sum(many for many, _ in by_flows.values()) == whole * FLOWS
        assert by_flows == stores.totals_by_camera(store_url)
    assert whole > KILLS


def _write_and_kill(url: str, seed: int, draw: random.Random) -> int:
    """Return the number of the last step that the writer said was committed."""
    writer = subprocess.Popen(  # noqa: S603 - words of ours
        [sys.executable, "-m", "tests.support.live_writer", url, str(seed)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert writer.stdout is not None
    last = 0
    for _ in range(draw.randint(1, 8)):
        last = int(writer.stdout.readline())
    # Somewhere within a step, which takes some ten milliseconds.
    time.sleep(draw.random() * 0.05)
    writer.kill()
    # A line that was cut off by the kill does not count as said.
    more = [
        int(line) for line in writer.stdout.read().splitlines(keepends=True) if line[-1] == "\n"
    ]
    writer.wait()
    writer.stdout.close()
    return max([last, *more])
