"""Draw the boards for docs/dashboards.md: ``python -m docs.boards`` (root, Chromium; six minutes).

Starts the services of the compose file as the tests do, plays the samples to the sensor, asks what
each panel asks, and takes screenshots of what `dashboards/render.py` makes of the answers.
"""

import json
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import psycopg

from dashboards.render import page
from tests.support import boards
from tests.support.live import OUT, wait_for
from tests.support.native_services import QUICK, Services, services
from tests.support.notified import process
from tests.support.shared import ROOT

WHERE = ROOT / "docs" / "img" / "boards"
SAMPLES = sorted((ROOT / "pcaps").glob("*/input.pcap"))
SHOWN_S = 300
STEP_S = 3
SIZES = {"": (1366, 0.9), "-wall": (2560, 0.75)}
"""Width of the window, and how small its picture is kept."""

ONE_CAMERA = "10.20.3.11"
CAMERAS = "10.20.0.0/16,192.168.0.0/16,fd00::/8"


def asked(stack: Services, now: float) -> dict[str, Any]:
    """Return the answer to each query, by board, panel and letter."""
    made: dict[str, Any] = {}
    for one in boards.asked("expr"):
        expr = one.target["expr"]
        if one.board == "camera":
            expr = expr.replace("$camera", ONE_CAMERA)
        expr = boards.promql(expr, rate="20s", shown=f"{SHOWN_S}s")
        if one.target.get("instant"):
            found = stack.query("query", query=expr, time=now)
        else:
            found = stack.query(
                "query_range", query=expr, start=now - SHOWN_S, end=now, step=STEP_S
            )
        made[f"{one.board}/{one.panel['id']}/{one.target['refId']}"] = found
    for one in boards.asked("rawSql"):
        text = boards.sql(
            one.target["rawSql"],
            # Sums are by the hour: the one that has begun is shown.
            from_ns=int(now - 7200) * 10**9, to_ns=int(now) * 10**9, span_s=10,
            runs="SELECT no FROM runs", cameras="SELECT ip FROM cameras",
        )  # fmt: skip
        made[f"{one.board}/{one.panel['id']}/{one.target['refId']}"] = _rows(stack, text)
    return made


def _rows(stack: Services, text: str) -> dict[str, Any]:
    def ask() -> dict[str, Any]:
        password = stack.secret("grafana_db_password")
        with psycopg.connect(
            host="127.0.0.1", dbname="camwatch", user="grafana", password=password
        ) as connection:
            cursor = connection.execute(text.encode())
            heads = [column.name for column in cursor.description or ()]
            return {"columns": heads, "rows": [list(row) for row in cursor.fetchall()]}

    return stack.wire.within(ask)


def collect() -> tuple[dict[str, Any], float]:
    """Return answers, and the time they are of."""
    words = [sys.executable, "-m", "monitor.demo.player", OUT, *map(str, SAMPLES)]
    quick = QUICK | {"CAMWATCH_COVERAGE__INTERVAL_S": "60"}
    with (
        services(env={"CAMERAS": CAMERAS}, quick=quick) as stack,
        process(stack.wire.inside(*words)),
    ):
        begin = time.monotonic()
        wait_for("a time to show", lambda: time.monotonic() > begin + SHOWN_S, SHOWN_S + 60)
        now = time.time()  # noqa: TID251  # of the server that scrapes
        return asked(stack, now), now


def picture(html: Path, to: Path, size: tuple[int, int], scale: float) -> None:
    """Take a screenshot of a page, whole."""
    subprocess.run(  # noqa: S603  # a program of Debian
        ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu", "--disable-lcd-text",  # noqa: S607
         f"--window-size={size[0]},{size[1]}", f"--force-device-scale-factor={scale}", f"--screenshot={to}", html.as_uri()],
        check=True, capture_output=True,
    )  # fmt: skip


def shrink(path: Path) -> None:
    """Pack the picture's bytes as small as they go: Chromium packs them fast."""
    data = path.read_bytes()
    at, parts, packed = 8, [data[:8]], b""
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        kind = data[at + 4 : at + 8]
        if kind == b"IDAT":
            packed += data[at + 8 : at + 8 + size]
        else:
            if kind == b"IEND":
                body = b"IDAT" + zlib.compress(zlib.decompress(packed), 9)
                crc = zlib.crc32(body).to_bytes(4)
                parts.append((len(body) - 4).to_bytes(4) + body + crc)
            parts.append(data[at : at + 12 + size])
        at += 12 + size
    path.write_bytes(b"".join(parts))


def main(kept: str = "") -> None:
    """Collect (or take what was kept in a file), draw, take pictures."""
    path = Path(kept or "/dev/null")
    if path.is_file():
        answers, now = json.loads(path.read_text())
    else:
        answers, now = collect()
        if kept:
            path.write_text(json.dumps([answers, now], default=float))
    WHERE.mkdir(parents=True, exist_ok=True)
    for file in boards.FILES:
        for suffix, (width, scale) in SIZES.items():
            text, height = page(boards.load(file), file.stem, answers, now, SHOWN_S, width)
            html = WHERE / f"{file.stem}{suffix}.html"
            html.write_text(text, encoding="utf-8")
            picture(html, html.with_suffix(".png"), (width, height), scale)
            html.unlink()
            shrink(html.with_suffix(".png"))


if __name__ == "__main__":
    main(*sys.argv[1:])
