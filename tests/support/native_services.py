"""The services of the compose file without containers: the same words, files, rights and names.

Each runs as `deploy/docker-compose.yml` says: command, environment, volumes, secrets, user,
capabilities, read-only root; over the same files of `deploy/` and `dashboards/`. All share one network
namespace, in which the names of services are addresses of loopback, so that no file is changed for a
port or a host. What stands in for the images: programs of Debian in a root of their own, an overlay
over this machine's that goes with the process, and for PostgreSQL the steps of its image's entry point.
Grafana is in no package: its two data sources are asked by tests in its place.
"""

import os
import pwd
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.support import compose, postgres
from tests.support.compose import DEPLOY
from tests.support.live import IN, Wire, wait_for, wire
from tests.support.notified import Receiver, process
from tests.support.shared import ROOT

CAMWATCH_ID = 10001
"""User and group of the image."""

LISTENERS = {"page": 8465, "prometheus": 9090, "alertmanager": 9093}
RECEIVER_PORT = 8080
"""Of the receivers in dashboards/rules/alertmanager.yml."""

HURRY: Mapping[str, Sequence[tuple[str, str]]] = {
    "prometheus.yml": [("interval: 15s", "interval: 1s")],
    "alerts.yml": [("for: 1m\n", "for: 2s\n")],
    "alertmanager.yml": [("group_wait: 30s", "group_wait: 1s")],
}
"""Times of the files that a test does not wait for; nothing else in them is changed."""

QUICK = {
    "CAMWATCH_COVERAGE__INTERVAL_S": "2",
    "CAMWATCH_FLOW__UDP_IDLE_S": "2",
    "CAMWATCH_FLOW__TCP_IDLE_S": "2",
}
"""The same, for the sensor's settings."""

_WARM = """
from monitor import config, pipeline
from monitor.daemon.warm import warm_up
warm_up(pipeline.open_stages(config.load(None, {})))
"""
"""What the Dockerfile does, so that the image comes with compiled kernels."""

_INITDB = """
export PGDATA=/var/lib/postgresql/data
initdb --username=postgres --pwfile=/dev/fd/3 $POSTGRES_INITDB_ARGS --no-sync 3<<END >/dev/null
$PGPASSWORD
END
echo "host all all all scram-sha-256" >>$PGDATA/pg_hba.conf
pg_ctl --options="-c listen_addresses=''" --silent --wait start >/dev/null
/docker-entrypoint-initdb.d/10-roles.sh
pg_ctl --mode=fast --silent --wait stop >/dev/null
exec postgres -c listen_addresses='*'
"""
"""What the entry point of the image does with a new volume, as the user postgres."""


class Program(NamedTuple):
    """What stands in for an image: what is run, by whom, and where it is at home."""

    words: Sequence[str]
    user: str
    folder: str = "/"
    environment: Mapping[str, str] = {}


_PYTHON = {
    "XDG_CACHE_HOME": "/var/cache/camwatch",
    "PYTHONDONTWRITEBYTECODE": "1",
    "HOME": "/var/lib/camwatch",
}
_CAMWATCH = Program(["/usr/local/bin/camwatch"], "camwatch", "/var/lib/camwatch", _PYTHON)


def _programs() -> dict[str, Program]:
    """Return what is started, in this order; skips where something is not installed."""
    bins = postgres.binaries()
    needed = {name: shutil.which(name) for name in ("prometheus", "prometheus-alertmanager")}
    missing = [name for name, path in needed.items() if path is None]
    missing += [] if bins else ["postgresql"]
    missing += [one for one in ("unshare", "setpriv", "setcap", "nsenter") if not shutil.which(one)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    path = {"PATH": f"{bins}:/usr/sbin:/usr/bin:/sbin:/bin"}
    return {
        "postgres": Program(["sh", "-euc", _INITDB], "postgres", "/", path),
        "alertmanager": Program([str(needed["prometheus-alertmanager"])], "nobody"),
        "sensor": _CAMWATCH,
        "page": _CAMWATCH,
        "prometheus": Program([str(needed["prometheus"])], "nobody", "/prometheus"),
    }


def _users() -> dict[str, tuple[int, int]]:
    known = {one.pw_name: (one.pw_uid, one.pw_gid) for one in pwd.getpwall()}
    return {**known, "camwatch": (CAMWATCH_ID, CAMWATCH_ID)}


class Services:
    """The services of a project on a wire."""

    def __init__(
        self,
        on: Wire,
        folder: Path,
        *,
        hurry: bool,
        env: Mapping[str, str],
        quick: Mapping[str, str],
    ) -> None:
        self.wire = on
        self.folder = folder
        self.alerts = Receiver(folder / "receiver")
        self.project = compose.load(
            "docker-compose.yml",
            env={**compose.environment(), "INTERFACES": IN, "CAMERAS": "", **env},
        )
        self._hurry = hurry
        self._quick = quick
        self._users = _users()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    # -- what the services are made of

    def prepare(self) -> None:
        """Make the image, the volumes, the secrets and the names of services."""
        shutil.copy(DEPLOY / "secrets.sh", self.folder)
        _passes(["sh", str(self.folder / "secrets.sh")])
        image = self.folder / "image"
        for place in (ROOT, Path(sys.prefix), Path(sys.base_prefix)):
            for parent in [*reversed(place.parents), place]:
                # Whoever is not root must be able to read us, here and not elsewhere.
                made = image / str(parent).lstrip("/")
                made.mkdir(exist_ok=True)
                made.chmod(0o755 if parent.stat().st_mode & 0o1000 == 0 else 0o1777)
        (image / "etc").mkdir(exist_ok=True)
        for name, kind in (("passwd", "x:10001:10001::/var/lib/camwatch:"), ("group", "x:10001:")):
            lines = Path("/etc", name).read_text().splitlines()
            lines = [line for line in lines if not line.startswith("camwatch:")]
            (image / "etc" / name).write_text("\n".join([*lines, f"camwatch:{kind}"]) + "\n")
        (image / "etc" / "hosts").write_text(self._hosts())
        self._install(image)
        _passes([sys.executable, "-c", _WARM])
        cache = self.folder / "volumes" / "cache" / "camwatch"
        for kernels in (ROOT / "monitor").glob("*/__pycache__/kernels-*"):
            # As in the image, whose volume begins with compiled kernels.
            shutil.copytree(kernels, cache / kernels.parent.parent.name / kernels.name)
        cache.mkdir(parents=True, exist_ok=True)
        for name in self.project["volumes"]:
            volume = self.folder / "volumes" / name
            volume.mkdir(exist_ok=True)
            owner = {"postgres-socket": "postgres", "postgres": "postgres"}.get(name, "nobody")
            owner = "camwatch" if name in ("sensor", "page", "cache") else owner
            for path in (volume, *volume.rglob("*")):
                os.chown(path, *self._users[owner])
            volume.chmod(0o755 if name == "postgres-socket" else 0o700)

    def _hosts(self) -> str:
        extra = self.project["services"]["prometheus"]["extra_hosts"]
        lines = [f"{address} {name}" for name, _, address in (one.partition(":") for one in extra)]
        named = {line.split()[1] for line in lines}
        lines += [f"127.0.0.1 {name}" for name in self.project["services"] if name not in named]
        return "\n".join(["127.0.0.1 localhost", *lines, ""])

    def _install(self, image: Path) -> None:
        """Make /opt/camwatch of this environment, with the interpreter of the sensor."""
        home = image / "opt" / "camwatch"
        (home / "bin").mkdir(parents=True)
        shutil.copy(Path(sys.prefix, "pyvenv.cfg"), home)
        (home / "lib").symlink_to(Path(sys.prefix, "lib"))
        python = Path(sys.executable).resolve()
        (home / "bin" / "python").symlink_to(python)
        shutil.copy(python, home / "bin" / "python-capture")
        _passes(["setcap", "cap_net_raw=ep", str(home / "bin" / "python-capture")])
        command = image / "usr" / "local" / "bin" / "camwatch"
        command.parent.mkdir(parents=True)
        command.write_text('#!/bin/sh\nexec /opt/camwatch/bin/python -m monitor "$@"\n')
        command.chmod(0o755)

    # -- starting them

    def start(self, name: str, program: Program) -> subprocess.Popen[bytes]:
        """Return a service that was started, as its part of the compose file says."""
        service = self.project["services"][name]
        words = [*service.get("entrypoint", program.words), *service.get("command", ())]
        environment = {
            "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            **service.get("environment", {}),
            **(self._quick if name == "sensor" and self._hurry else {}),
            **program.environment,
        }
        if name == "postgres":
            # The entry point reads it as root, and hands it on.
            environment["PGPASSWORD"] = self.secret("postgres_password")
        lines = [
            "mount -t tmpfs tmpfs /mnt && mkdir /mnt/upper /mnt/work /mnt/root",
            f"cp -a {self.folder}/image/. /mnt/upper/",
            "mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root",
            "for one in proc dev sys; do mount --rbind /$one /mnt/root/$one; done",
            *self._mounts(service),
            *(["mount -o remount,bind,ro /mnt/root"] if service["read_only"] else []),
            "exec chroot /mnt/root " + shlex.join(self._becoming(service, program)) + " env -i "
            + shlex.join([f"--chdir={program.folder}"])
            + " " + shlex.join([*_settings(environment), *words]),
        ]  # fmt: skip
        script = "\n".join(["set -eu", "umask 022", *lines])
        command = self.wire.inside(
            "unshare", "--mount", "--propagation=private", "sh", "-c", script
        )
        with (self.folder / f"{name}.log").open("ab") as log:
            made = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")  # noqa: S603  # ours
        self._processes[name] = made
        return made

    def _mounts(self, service: Mapping[str, Any]) -> Iterator[str]:
        for place in service.get("tmpfs", ()):
            # Where this repository lies under it, it must stay in sight.
            if not ROOT.is_relative_to(place):
                yield f"mount -t tmpfs -o mode=1777 tmpfs /mnt/root{place}"
        for source, target, mode in self._volumes(service):
            kind = "mkdir -p" if source.is_dir() else f"mkdir -p /mnt/root{target.parent}; touch"
            yield f"{kind} /mnt/root{target}; mount --bind {source} /mnt/root{target}"
            if mode == "ro":
                yield f"mount -o remount,bind,ro /mnt/root{target}"

    def _volumes(self, service: Mapping[str, Any]) -> Iterator[tuple[Path, Path, str]]:
        for volume in service.get("volumes", ()):
            name, target, mode = (*volume.split(":"), "rw")[:3]
            source = compose.mounted(volume) or self.folder / "volumes" / name
            # /var/run is a link, which would lead out of the root.
            yield self._hurried(source), Path(target.replace("/var/run/", "/run/")), mode
        for name in service.get("secrets", ()):
            yield self.folder / "secrets" / name, Path("/run/secrets", name), "ro"

    def _hurried(self, source: Path) -> Path:
        changes = HURRY.get(source.name, ()) if self._hurry else ()
        if not changes:
            return source
        text = source.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, (source, old)
            text = text.replace(old, new)
        made = self.folder / source.name
        made.write_text(text, encoding="utf-8")
        return made

    def _becoming(self, service: Mapping[str, Any], program: Program) -> list[str]:
        """Return the words that leave a process the rights of its service."""
        given = [f"+{one.lower()}" for one in service.get("cap_add", ())]
        if program.user == "postgres":
            given = []  # Its capabilities are for the root of the image's entry point.
        uid, gid = self._users[program.user]
        words = ["setpriv", "--pdeathsig=KILL", f"--bounding-set={','.join(['-all', *given])}"]
        words += ["--inh-caps=-all", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
        is_fixed = "no-new-privileges:true" in service.get("security_opt", ())
        return [*words, *(["--no-new-privs"] if is_fixed else [])]

    # -- asking them

    def pid(self, name: str) -> int:
        """Return the process of a service: unshare, sh, chroot and setpriv became it."""
        return self._processes[name].pid

    def secret(self, name: str) -> str:
        """Return what a secret's file holds."""
        return (self.folder / "secrets" / name).read_text()

    def log(self, name: str) -> str:
        """Return what a service wrote."""
        return (self.folder / f"{name}.log").read_text()

    def is_healthy(self, name: str) -> bool:
        """Run the health check of the compose file in a service."""
        assert self._processes[name].poll() is None, self.log(name)
        service = self.project["services"][name]
        kind, *words = service["healthcheck"]["test"]
        assert kind == "CMD"
        environment = _settings(service.get("environment", {}))
        bins = postgres.binaries()
        command = [
            "nsenter", f"--target={self.pid(name)}", "--mount", "--net", "--root", "--wd",
            "env", f"PATH={bins}:/usr/bin:/bin", *environment, *words,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  # ours
        return done.returncode == 0

    def get(self, name: str, path: str, **asked: Any) -> httpx.Response:
        """Ask a service over HTTP, in its network."""
        url = f"http://127.0.0.1:{LISTENERS[name]}{path}"
        return self.wire.within(lambda: httpx.get(url, timeout=30, **asked))

    def query(self, path: str, **asked: Any) -> list[dict[str, Any]]:
        """Return the result of a query of Prometheus: ``query`` or ``query_range``."""
        answer = self.get("prometheus", f"/api/v1/{path}", params=asked).json()
        assert answer["status"] == "success", (asked, answer)
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    def end(self) -> None:
        """End every service that runs, in the order opposite to the start."""
        for running in reversed(self._processes.values()):
            running.terminate()
            try:
                running.wait(30)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def _settings(environment: Mapping[str, str | None]) -> list[str]:
    """Return what env(1) is told; YAML reads an empty variable as none, Compose as an empty text."""
    return [f"{key}={value or ''}" for key, value in environment.items()]


def _passes(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603  # ours
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def services(
    *, hurry: bool = True, env: Mapping[str, str] | None = None, quick: Mapping[str, str] = QUICK
) -> Iterator[Services]:
    """Start everything, and wait until every health check of the compose file passes.

    Args:
        hurry: Whether times of minutes are cut to seconds; see `HURRY` and `QUICK`.
        env: Beside .env.example.
        quick: Settings of a sensor in a hurry.
    """
    programs = _programs()
    with ExitStack() as stack:
        on = stack.enter_context(wire())
        # Short, for the names of sockets; not under pytest's own, which others may not enter.
        folder = Path(tempfile.mkdtemp(prefix="camwatch-services-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        on.ip("link", "set", "lo", "up")
        made = Services(on, folder, hurry=hurry, env=env or {}, quick=quick)
        gateway = made.project["networks"]["front"]["ipam"]["config"][0]["gateway"]
        on.ip("address", "add", f"{gateway}/32", "dev", "lo")
        made.prepare()
        made.alerts.directory.mkdir()
        made.alerts.behave("status=200")
        (made.alerts.directory / "port").write_text(str(RECEIVER_PORT))
        words = [sys.executable, "-m", "tests.support.receiver", str(made.alerts.directory)]
        stack.enter_context(process(on.inside(*words)))
        wait_for("the receiver listens", (made.alerts.directory / "ready").exists, 30)
        stack.callback(made.end)
        for name, program in programs.items():
            made.start(name, program)
            wait_for(f"{name} is healthy: {made.folder}/{name}.log", partial(made.is_healthy, name))
        yield made
