"""Measures camwatch beside other programs on the same captures: ``make bench``.

Prints Markdown; with ``--write`` it takes the place of the results in ``docs/performance.md``.
Every program runs several times, in turn with the others, and medians are told.
"""

import argparse
import functools
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.measure import Failed, Took, peak_memory, timed  # noqa: E402  # after the path is set

PAGE = ROOT / "docs" / "performance.md"
BEGIN = "<!-- results: tests/bench/run.py --write -->"
END = "<!-- end of results -->"
SAMPLE = ROOT / "pcaps" / "a-hikvision-camera-keeps-its-cloud-connections" / "input.pcap"
"""Small enough that a replay of it is all start-up."""

MAKE = {
    "egress": ["--packets", "2000000", "--flows", "200000"],
    "mix": ["--packets", "5000000", "--flows", "25000", "--video", "0.95"],
}
"""The captures, and how the generator makes them."""

NFSTREAM = """
import sys
from nfstream import NFStreamer
if __name__ == "__main__":
    print(sum(1 for _ in NFStreamer(source=sys.argv[1], statistical_analysis=False)))
"""

WHOLE, INNER = "camwatch", "camwatch: read, decode, follow"


class Program(NamedTuple):
    """A program to measure."""

    does: str
    command: Callable[[str, str], list[str]]
    """Of the capture and a directory to write to."""


class Row(NamedTuple):
    """What the runs of one program on one capture gave."""

    seconds: list[float]
    cpu_s: float
    memory: int


def programs(nfstream_python: str | None) -> Iterator[tuple[str, Program]]:
    """Yield what can be measured here; say of the others why not."""
    python, inner = sys.executable, str(Path(__file__).with_name("inner.py"))
    yield (
        WHOLE,
        Program(
            "who, what for, to whom, all files of a run",
            lambda f, out: [python, "-m", "monitor", "replay", f, "--out", out],
        ),
    )
    yield (
        INNER,
        Program("flows, one process", lambda f, _: [python, inner, str(SAMPLE), f]),
    )
    peers = {
        "tcpdump": Program(
            "copies packets to /dev/null", lambda f, _: ["-nn", "-r", f, "-w", "/dev/null"]
        ),
        "softflowd": Program(
            "flows, as NetFlow",
            lambda f, _: ["-r", f, "-n", "127.0.0.1:9995", "-m", "1000000"],
        ),
        "ndpiReader": Program("flows and protocols", lambda f, _: ["-i", f, "-q"]),
        "argus": Program("flow records in a file", lambda f, out: ["-r", f, "-w", f"{out}/argus"]),
    }
    for name, peer in peers.items():
        path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if path is None:
            tell(f"{name}: not installed, left out")
            continue
        yield name, peer._replace(command=functools.partial(_with_path, path, peer.command))
    if nfstream_python is None:
        tell("nfstream: left out; --nfstream names a Python that has it")
    else:
        yield (
            "nfstream",
            Program(
                "flows and protocols, in Python", lambda f, _: [nfstream_python, "-c", NFSTREAM, f]
            ),
        )


def _with_path(path: str, words: Callable[[str, str], list[str]], f: str, out: str) -> list[str]:
    return [path, *words(f, out)]


def tell(text: str) -> None:
    """Say what is being done, apart from the results."""
    sys.stderr.write(text + "\n")


def capture_files(directory: Path, generator: Path) -> dict[str, Path]:
    """Return the captures by name; those that are not there are made."""
    files = {name: directory / f"{name}.pcap" for name in MAKE}
    missing = [name for name, file in files.items() if not file.exists()]
    if missing and not generator.is_file():
        sys.exit(
            f"bench: no {' and no '.join(str(files[name]) for name in missing)}, and no generator "
            f"at {generator}; name one with --generator or put captures there"
        )
    directory.mkdir(parents=True, exist_ok=True)
    for name in missing:
        tell(f"making {files[name]}")
        unfinished = files[name].with_suffix(".part")
        subprocess.run([sys.executable, generator, unfinished, *MAKE[name]], check=True)  # noqa: S603  # ours
        unfinished.rename(files[name])
    return files


def warm(file: Path) -> None:
    """Read a capture once, so that all programs find it in memory, where it fits."""
    with file.open("rb") as capture:
        while capture.read(1 << 24):
            pass


def once(name: str, program: Program, capture: Path) -> Took:
    """Run a program on a capture; the inner part tells its time itself."""
    with tempfile.TemporaryDirectory(prefix="camwatch-bench-") as out:
        took = timed(program.command(str(capture), out))
    if name == INNER:
        told = json.loads(took.stdout)
        spent = told["read_s"] + told["decode_s"] + told["flow_s"]
        return took._replace(wall_s=spent)
    return took


def measure(
    todo: dict[str, Program], capture: Path, runs: int
) -> tuple[dict[str, Row], dict[str, float]]:
    """Return a row for each program that works, and what the inner part told of the capture."""
    warm(capture)
    took: dict[str, list[Took]] = {name: [] for name in todo}
    failed: set[str] = set()
    for number in range(runs):
        for name, program in todo.items():
            if name in failed:
                continue
            tell(f"{capture.name}: run {number + 1} of {runs}: {name}")
            try:
                took[name].append(once(name, program, capture))
            except Failed as error:
                tell(f"{name}: {error}; left out")
                failed.add(name)
    rows = {}
    for name in todo.keys() - failed:
        tell(f"{capture.name}: memory: {name}")
        with tempfile.TemporaryDirectory(prefix="camwatch-bench-") as out:
            memory = peak_memory(todo[name].command(str(capture), out))
        cpu_s = statistics.median(t.cpu_s for t in took[name])
        rows[name] = Row([t.wall_s for t in took[name]], cpu_s, memory)
    told = [json.loads(t.stdout) for t in took[INNER]]
    middle = {key: statistics.median(one[key] for one in told) for key in told[0]}
    return {name: rows[name] for name in todo if name in rows}, middle


def table(name: str, size: int, rows: dict[str, Row], inner: dict[str, float]) -> str:
    """Return the results of one capture as Markdown."""
    packets, ours = inner["packets"], statistics.median(rows[WHOLE].seconds)
    lines = [
        f"**`{name}`**: {packets:,.0f} packets, {size / 1e6:,.0f} MB, {inner['flows']:,.0f} flows.",
        "",
        "| program | what it does | seconds (least to most) | processor s | packets/s | time, camwatch = 1 | peak memory |",
        "|---|---|---|---|---|---|---|",
    ]
    for program, row in rows.items():
        seconds = statistics.median(row.seconds)
        lines.append(
            f"| {program} | {DOES[program]} "
            f"| {seconds:.2f} ({min(row.seconds):.2f} to {max(row.seconds):.2f}) "
            f"| {'-' if program == INNER else f'{row.cpu_s:.2f}'} | {packets / seconds:,.0f} "
            f"| {seconds / ours:.2f} | {row.memory / 1e6:,.0f} MB |"
        )
    spent = {part: inner[f"{part}_s"] for part in ("read", "decode", "flow")}
    lines += [
        "",
        (
            f"Inside one process: reading {spent['read']:.2f} s, "
            f"decoding {spent['decode']:.2f} s, following flows {spent['flow']:.2f} s."
        ),
    ]
    return "\n".join(lines)


DOES: dict[str, str] = {}
"""What each program does, by its name; filled once."""


def model(start_s: float, results: dict[str, tuple[dict[str, Row], dict[str, float]]]) -> str:
    """Return the capacity model: the two captures give two equations for its two costs."""
    (a_rows, a), (b_rows, b) = results["egress"], results["mix"]
    left = [statistics.median(rows[WHOLE].seconds) - start_s for rows in (a_rows, b_rows)]
    whole = a["packets"] * b["flows"] - b["packets"] * a["flows"]
    if not whole:
        return f"Start-up {start_s:.2f} s; the captures are too alike to tell other costs apart."
    packet_s = (left[0] * b["flows"] - left[1] * a["flows"]) / whole
    flow_s = (a["packets"] * left[1] - b["packets"] * left[0]) / whole
    return (
        f"Model of a replay with `--out`: **{start_s:.2f} s + packets * {packet_s * 1e9:,.0f} ns + "
        f"flows * {flow_s * 1e6:,.1f} µs**."
    )


def setting() -> str:
    """Return what the numbers were measured with."""
    names = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    packages = []
    for package in ("tcpdump", "softflowd", "libndpi-bin", "argus-server"):
        command = ["dpkg-query", "-W", "-f", "${Version}", package]
        try:
            version = timed(command).stdout
        except (Failed, OSError):
            continue
        packages.append(f"{package} {version}")
    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores ({names[0] if names else platform.machine()}), "
        f"Python {platform.python_version()}, {', '.join(packages)}."
    )


def rewrite(text: str) -> None:
    """Put the results between the marks of the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        sys.exit(f"bench: {PAGE} has lost its marks; put '{BEGIN}' and '{END}' back")
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def options() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--captures",
        type=Path,
        default=ROOT / "out" / "bench",
        metavar="DIR",
        help="where egress.pcap and mix.pcap lie, or are made",
    )
    parser.add_argument(
        "--generator",
        type=Path,
        metavar="FILE",
        default=ROOT.parent / "shared" / "bench" / "make_capture.py",
        help="makes captures that are not there",
    )
    parser.add_argument("--nfstream", metavar="PYTHON", help="a Python that has nfstream")
    parser.add_argument("--runs", type=int, default=5, help="of each program on each capture")
    parser.add_argument("--write", action="store_true", help="put the results into the page")
    return parser.parse_args()  # fmt: skip


def main() -> None:
    """Measure and tell."""
    given = options()
    files = capture_files(given.captures, given.generator)
    todo = dict(programs(given.nfstream))
    DOES.update({name: program.does for name, program in todo.items()})
    # The kernels are compiled before anything is measured.
    once(WHOLE, todo[WHOLE], SAMPLE)
    start_s = statistics.median(once(WHOLE, todo[WHOLE], SAMPLE).wall_s for _ in range(given.runs))
    results = {name: measure(todo, file, given.runs) for name, file in files.items()}
    parts = [f"Medians of {given.runs} runs. {setting()}"]
    parts += [table(n, files[n].stat().st_size, *found) for n, found in results.items()]
    parts.append(model(start_s, results))
    text = "\n\n".join(parts)
    sys.stdout.write(text + "\n")
    if given.write:
        rewrite(text)


if __name__ == "__main__":
    main()
