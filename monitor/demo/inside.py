"""Sensor and player, in the network namespace of the demonstration.

Run as ``python -m monitor.demo.inside SETTINGS INTERFACE FILE...``; SIGTERM ends both.
"""

import signal
import subprocess
import sys
from collections.abc import Sequence


def inside(settings: str, interface: str, files: Sequence[str]) -> int:
    """Run both until SIGTERM; the sensor ends last, and in order."""
    sensor = subprocess.Popen([sys.executable, "-m", "monitor", "run", "--config", settings])  # noqa: S603  # our own program
    player = subprocess.Popen([sys.executable, "-m", "monitor.demo.player", interface, *files])  # noqa: S603  # as above

    def end(_number: int, _frame: object) -> None:
        player.terminate()
        sensor.terminate()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    status = sensor.wait()
    player.terminate()
    player.wait()
    return status


if __name__ == "__main__":
    sys.exit(inside(sys.argv[1], sys.argv[2], sys.argv[3:]))
