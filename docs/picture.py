"""Draws the pictures of README.md: a real replay of a sample, as the terminal shows it and as a page.

`python docs/picture.py` writes docs/summary.svg and, where Chromium is installed, docs/report.png.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from monitor import run
from monitor.config import Settings, SiteSettings, networks

DOCS = Path(__file__).resolve().parent
SAMPLE = "pcaps/a-hikvision-camera-keeps-its-cloud-connections/input.pcap"
CAMERAS = "10.20.3.11/32"
COLUMNS = 112
WINDOW = "1200,1180"

_REMOTE = re.compile(r"@font-face\s*\{[^}]*\}\s*|<!-- Generated.*?-->\s*")


def main() -> None:
    """Write both pictures."""
    # The name of the capture in the pictures is then the one that the README gives.
    os.chdir(DOCS.parent)
    site = SiteSettings(cameras=networks(CAMERAS, "--cameras"))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        job = run.Job(
            files=[SAMPLE],
            settings=Settings(site=site),
            out=out,
            store_url="",
            command=["camwatch", "replay", SAMPLE, "--cameras", CAMERAS],
        )
        with run.Progress(enabled=False) as progress:
            report = run.replay(job, progress).report
        (DOCS / "summary.svg").write_text(drawn(report), encoding="utf-8")
        photograph(out / "report.html", DOCS / "report.png")


def drawn(report: dict[str, object]) -> str:
    """Return the terminal summary as an SVG that fetches nothing: no web fonts."""
    from monitor.report import terminal  # noqa: PLC0415  # beside its only use

    console = Console(record=True, width=COLUMNS, file=io.StringIO(), highlight=False)
    terminal.render(report, console)
    title = f"camwatch replay … --cameras {CAMERAS}"
    svg = console.export_svg(title=title, unique_id="camwatch-summary")
    svg = _REMOTE.sub("", svg).replace("Fira Code", "ui-monospace, Menlo, Consolas")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def photograph(page: Path, to: Path) -> None:
    """Write what Chromium makes of a page, as PNG."""
    browser = shutil.which("chromium")
    if browser is None:
        sys.stderr.write(f"chromium is not installed; {to.name} stays as it is\n")
        return
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(  # noqa: S603  # a browser of the system, on a file of ours
            [
                browser,
                *options,
                f"--user-data-dir={profile}",
                f"--window-size={WINDOW}",
                f"--screenshot={to}",
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )


if __name__ == "__main__":
    main()
