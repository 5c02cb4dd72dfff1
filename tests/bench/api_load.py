"""How fast the API answers many at once: ``python -m tests.bench.api_load sqlite:////tmp/ten.db``.

Starts ``camwatch serve`` over a store that `large_store` filled, and lets `wrk` (Debian: wrk) ask with 20
connections. Prints a row for each question, as docs/performance.md has them.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import httpx

QUESTIONS = {
    "overview, a day": "/api/v1/overview",
    "overview, a week": "/api/v1/overview?from=2026-11-21T00:00:00Z&to=2026-11-28T00:00:00Z",
    "purposes over time, a week": (
        "/api/v1/purposes?from=2026-11-21T00:00:00Z&to=2026-11-28T00:00:00Z"
    ),
    "flows, newest": "/api/v1/flows",
    "flows, purpose and operator's country": (
        f"/api/v1/flows?filter={quote('purpose = diagnostics and operator_country = CN')}"
    ),
    "flows, of one camera": f"/api/v1/flows?filter={quote('camera = {camera}')}",
    "flows, of a network, much sent": (
        f"/api/v1/flows?filter={quote('camera = {network} and out_bytes > 20kB')}"
    ),
    "flows, name in a part": f"/api/v1/flows?filter={quote('name ~ *{part}*')}",
    "cameras": "/api/v1/cameras",
}
VARIED = {
    "flows, each time of another camera": "/api/v1/flows?filter=camera%20%3D%20",
    "flows, two purposes, each time of another camera": (
        f"/api/v1/flows?filter={quote('purpose in (diagnostics, cloud-api) and camera = ')}"
    ),
}
"""Questions of which each differs from the last, so that no answer serves twice."""

SCRIPT = """
local paths = {%s}
local at = 0
request = function()
  at = at %% #paths + 1
  return wrk.format("GET", paths[at])
end
done = function(summary, latency, requests)
  io.write(string.format("told %%d %%d %%.1f %%.1f %%.1f\\n", summary.requests, summary.errors.status,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000))
end
"""


def ask(
    base: str, paths: list[str], token: str, connections: int, seconds: int
) -> tuple[int, int, float, float]:
    """Ask for the paths in turn; return requests, refused ones, the 50th and 95th percentile in ms."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT % ", ".join(f'"{path}"' for path in paths))
        script.flush()
        done = subprocess.run(  # noqa: S603  # our own words
            ["/usr/bin/wrk", f"-c{connections}", "-t1", f"-d{seconds}s", "--timeout", "30s",
             "-H", f"Authorization: Bearer {token}", "-s", script.name, base],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    found = re.search(r"told (\d+) (\d+) ([\d.]+) ([\d.]+) ([\d.]+)", done.stdout)
    if found is None:
        raise SystemExit(done.stdout + done.stderr)
    return int(found[1]), int(found[2]), float(found[3]), float(found[4])


def main() -> None:
    """Serve, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=10)
    given = parser.parse_args()
    camwatch = [sys.executable, "-m", "monitor"]
    made = subprocess.run(  # noqa: S603  # our own words
        [*camwatch, "token", "create", "bench", "--store", given.url],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    token = made.stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "camwatch.toml"
        config.write_text(f'[api]\nuploads = "{folder}/uploads"\nrequests_per_minute = 1000000\n')
        server = subprocess.Popen(  # noqa: S603  # our own words
            [*camwatch, "serve", "--store", given.url, "--listen", "127.0.0.1:18465",
             "--config", str(config)],
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _table(given, token, server.pid)
        finally:
            server.terminate()
            server.wait(30)


def processor_s(process: int) -> float:
    """Return the processor time of a process so far, of user and system."""
    told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def wait_for_rest(process: int) -> None:
    """Wait until a process has done what those who hung up had asked of it."""
    before = processor_s(process)
    while True:
        time.sleep(0.5)
        now = processor_s(process)
        if now - before < 0.05:
            return
        before = now


def _table(given: argparse.Namespace, token: str, process: int) -> None:
    base = "http://127.0.0.1:18465"
    with httpx.Client(
        base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as client:
        for _ in range(300):
            try:
                client.get("/readyz").raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.2)
        newest = client.get("/api/v1/flows?limit=1").json()["items"][0]
        camera = newest["camera"]["ip"]
        network = f"{camera.rpartition('.')[0]}.0/28"
        part = (newest["destination"]["name"] or "cloud").partition(".")[2][:8] or "cloud"
        of_words = {"camera": camera, "network": network, "part": part}
        print(  # noqa: T201 - the table
            f"| question, {given.connections} clients | processor ms, asked alone | a second | p50 ms "
            "| p95 ms | refused |"
        )
        print("|---|---|---|---|---|---|")  # noqa: T201 - the table
        cameras = [one["ip"] for one in client.get("/api/v1/cameras?limit=500").json()["items"]]
        asked = {name: [_with(path, of_words)] for name, path in QUESTIONS.items()}
        asked |= {name: [path + ip for ip in cameras] for name, path in VARIED.items()}
        for name, paths in asked.items():
            wait_for_rest(process)
            began_s = processor_s(process)
            times = 50
            for at in range(times):
                client.get(paths[at % len(paths)]).raise_for_status()
            alone_ms = (processor_s(process) - began_s) / times * 1000
            many, refused, p50, p95 = ask(base, paths, token, given.connections, given.seconds)
            print(  # noqa: T201 - the table
                f"| {name} | {alone_ms:.1f} | {many / given.seconds:.0f} | {p50:.0f} | {p95:.0f} "
                f"| {refused} |",
                flush=True,
            )


def _with(path: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        path = path.replace(quote(f"{{{word}}}"), quote(value))
    return path


if __name__ == "__main__":
    main()
