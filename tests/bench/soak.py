"""An hour on the wire: does the sensor's memory stay flat, and does it let go of what it opens?

    python -m tests.bench.soak EGRESS_PCAP OUT.csv [--rate 1500] [--seconds 3600]
    python -m tests.bench.soak OUT.csv PLOT.svg                # draws it

Sends a capture over and over to a sensor that writes flows, rules and alerts to SQLite, and notes
every ten seconds what each of its processes holds. Ends with exit status 1 where the last quarter
of the time holds a tenth more memory than the second, or more descriptors, or frames were lost.
"""

import argparse
import csv
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.live import OUT, Sensor, wire
from tests.support.shared import ROOT

EVERY_S = 10
MOST_GROWTH = 1.1


class Moment(NamedTuple):
    """What the sensor held at one time. Memory is PSS: pages that are shared count in parts."""

    seconds: float
    keeper_kb: int
    worker_kb: int
    keeper_descriptors: int
    worker_descriptors: int
    frames: int
    lost: int
    flows_open: int
    flows_stored: int
    store_kb: int


def held(pid: int) -> tuple[int, int]:
    """Return PSS in kB, and descriptors."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    pss = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
    return int(pss.split()[1]), len(list(Path(f"/proc/{pid}/fd").iterdir()))


def moment(sensor: Sensor, began: float) -> Moment:
    """Look at the sensor now."""
    keeper, worker = held(sensor.pid), held(sensor.worker_pid())
    status = sensor.status()
    interface = sensor.interface()
    files = sensor.folder.glob("camwatch.db*")
    return Moment(
        round(time.monotonic() - began, 1),
        keeper[0],
        worker[0],
        keeper[1],
        worker[1],
        int(interface.get("frames", 0)),
        int(interface.get("dropped", 0)),
        int(status.get("counters", {}).get("flow", {}).get("active", 0)),
        int(sensor.ask("select count(*) from flows")[0][0]),
        sum(file.stat().st_size for file in files) // 1024,
    )


def soak(capture: Path, out: Path, rate: int, seconds: int) -> list[Moment]:
    """Send and look, and write each look to `out` at once."""
    with wire() as on, tempfile.TemporaryDirectory(prefix="camwatch-soak-") as folder:
        sensor = Sensor(on, Path(folder))
        sensor.start()
        sensor.wait_ready()
        sender = subprocess.Popen(  # noqa: S603  # ours
            on.inside(
                sys.executable, "-m", "tests.support.flood", OUT, str(capture), str(rate),
                str(rate * seconds),
            ),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        moments: list[Moment] = []
        began = time.monotonic()
        try:
            with out.open("w", newline="", encoding="ascii") as file:
                rows = csv.writer(file)
                rows.writerow(Moment._fields)
                while time.monotonic() - began < seconds:
                    time.sleep(EVERY_S)
                    moments.append(moment(sensor, began))
                    rows.writerow(moments[-1])
                    file.flush()
            assert sensor.stop() == 0, sensor.log()
        finally:
            sender.kill()
            sender.wait()
            sensor.kill()
    return moments


def faults(moments: Sequence[Moment]) -> list[str]:
    """Return what did not hold; the first quarter is left out, in which tables fill."""
    quarter = len(moments) // 4
    early, late = moments[quarter : 2 * quarter], moments[-quarter:]
    found = []
    for name in ("keeper_kb", "worker_kb", "keeper_descriptors", "worker_descriptors"):
        before, after = (
            statistics.median(getattr(one, name) for one in some) for some in (early, late)
        )
        if after > before * (MOST_GROWTH if name.endswith("kb") else 1):
            found.append(f"{name}: {before:g} in the second quarter, {after:g} in the last")
    if moments[-1].lost:
        found.append(f"{moments[-1].lost} frames lost")
    return found


def plot(moments: Sequence[Moment]) -> str:
    """Return a picture of the memory of both processes: SVG, readable on light and dark."""
    width, height, left, top, bottom = 760, 260, 64, 24, 36
    last = moments[-1].seconds
    most = max(max(one.keeper_kb, one.worker_kb) for one in moments) / 1024
    step = 100 if most > 250 else 50
    ceiling = (int(most / step) + 1) * step

    def at(seconds: float, mb: float) -> str:
        x = left + seconds / last * (width - left - 30)
        return f"{x:.1f},{height - bottom - mb / ceiling * (height - top - bottom):.1f}"

    parts = []
    parts.append(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="Memory of the sensor over {last / 60:.0f} minutes" font-family="sans-serif" '
        'font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
    )
    for mb in range(0, ceiling + 1, step):
        x, y = at(0, mb).split(",")
        parts.append(
            f'<path d="M{x} {y}H{width - 30}" stroke="#d8dee2"/>'
            f'<text x="{left - 8}" y="{float(y) + 4}" text-anchor="end" fill="#33424a">{mb} MB</text>'
        )
    for minute in range(0, int(last / 60) + 1, 10):
        x = at(minute * 60, 0).split(",")[0]
        parts.append(
            f'<text x="{x}" y="{height - 14}" text-anchor="middle" fill="#33424a">{minute} min</text>'
        )
    for name, colour, words, row in (
        ("worker_kb", "#0f5c66", "worker: packets and flows", 0),
        ("keeper_kb", "#c2410c", "keeper: store, rules, alerts", 1),
    ):
        line = " ".join(at(one.seconds, getattr(one, name) / 1024) for one in moments)
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<rect x="{left + 12 + row * 210}" y="6" width="14" height="4" fill="{colour}"/>'
            f'<text x="{left + 32 + row * 210}" y="13" fill="#33424a">{words}</text>'
        )
    return "".join(parts) + "</svg>\n"


def main() -> int:
    """Soak, or draw what was soaked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rate", type=int, default=1500)
    parser.add_argument("--seconds", type=int, default=3600)
    given = parser.parse_args()
    # Being ended must unwind too, or sensor and sender would stay.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if given.source.suffix == ".csv":
        with given.source.open(newline="", encoding="ascii") as file:
            moments = [_read(row) for row in list(csv.reader(file))[1:]]
        given.out.write_text(plot(moments), encoding="utf-8")
    else:
        moments = soak(given.source, given.out, given.rate, given.seconds)
    found = faults(moments)
    for fault in found:
        sys.stderr.write(f"{fault}\n")
    return 1 if found else 0


def _read(row: Sequence[str]) -> Moment:
    return Moment(float(row[0]), *map(int, row[1:]))


if __name__ == "__main__":
    raise SystemExit(main())
