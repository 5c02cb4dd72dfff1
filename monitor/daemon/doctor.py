"""What stands between this machine and a sensor that sees everything; each with what mends it."""

import ctypes
import os
import pwd
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.engine import URL

from monitor import pipeline
from monitor.capture import nic
from monitor.capture import packet_socket as packets
from monitor.capture.ring import Ring
from monitor.config import Settings
from monitor.daemon import privileges
from monitor.errors import CaptureError, ConfigError, MonitorError, StoreError
from monitor.store import engine as engines

CAP_NET_RAW = 13
OLD_DAYS = 180
"""From this age on a database of address blocks is called old: blocks are sold and moved."""

LEAST_FREE_BYTES = 1 << 30
_UNSYNCHRONISED = 0x40


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    """The sensor runs, and sees or tells less than it could."""

    FAILED = "failed"
    """The sensor does not run, or sees nothing."""


class Finding(NamedTuple):
    """What a check found."""

    name: str
    state: State
    text: str
    remedy: str = ""
    """The command, or the setting, that mends it; empty where nothing is to be mended."""

    exit_status: int = 0


def examine(settings: Settings, store_url: str, now_ns: int) -> Iterator[Finding]:
    """Yield what the checks find, in the order in which they matter."""
    yield from _privileges(settings)
    if not settings.sensor.interfaces:
        yield _failed(
            "interface", "none is named", "camwatch doctor --interface IF, or sensor.interfaces", 2
        )
    for name in settings.sensor.interfaces:
        yield from _interface(name, settings)
    yield _clock()
    yield from _paths(settings)
    yield from _store(store_url, settings)
    yield from _knowledge(settings, now_ns)


def _ok(name: str, text: str) -> Finding:
    return Finding(name, State.OK, text)


def _warning(name: str, text: str, remedy: str) -> Finding:
    return Finding(name, State.WARNING, text, remedy)


def _failed(name: str, text: str, remedy: str, exit_status: int) -> Finding:
    return Finding(name, State.FAILED, text, remedy, exit_status)


def _privileges(settings: Settings) -> Iterator[Finding]:
    if privileges.has_capability(CAP_NET_RAW):
        yield _ok("capabilities", "packet sockets are permitted")
    else:
        yield _failed(
            "capabilities",
            "packet sockets are not permitted",
            "sudo camwatch doctor; the service has CAP_NET_RAW: systemctl start camwatch",
            CaptureError.exit_status,
        )
    try:
        user = privileges.user_named(settings.sensor.user)
    except ConfigError as error:
        yield _failed("user", str(error), "useradd --system camwatch", error.exit_status)
    else:
        if user.pw_name == privileges.NOBODY:
            yield _warning(
                "user",
                "the sensor runs as nobody, whom other programs share",
                f"useradd --system {privileges.OWN_USER}",
            )
        else:
            yield _ok("user", f"when root starts it, the sensor becomes {user.pw_name}")
    version = privileges.landlock_version()
    if version:
        yield _ok("landlock", f"version {version}: workers see no files but what they need")
    else:
        yield _warning(
            "landlock",
            "the kernel has none: workers could read what their user can",
            "boot with lsm=landlock,... in the kernel's command line, or a kernel from 5.13 on",
        )


def _interface(name: str, settings: Settings) -> Iterator[Finding]:
    label = f"interface {name}"
    if not packets.index_of(name):
        have = ", ".join(packets.interfaces())
        yield _failed(label, f"it does not exist; there are: {have}", "ip link", 4)
        return
    try:
        sock = packets.open_socket(name)
    except CaptureError as error:
        yield _failed(label, str(error), "sudo camwatch doctor", error.exit_status)
        return
    with sock:
        if packets.is_up(sock, name):
            yield _ok(label, "it is up")
        else:
            yield _failed(label, "it is down, or has no carrier", f"ip link set {name} up", 4)
        try:
            packets.bind(sock, name)
            yield _ok(f"{label}: promiscuous", "it can be switched on")
        except OSError as error:
            text = f"it cannot be switched on: {error.strerror}"
            yield _failed(f"{label}: promiscuous", text, f"ip link set {name} promisc on", 4)
        try:
            ring = Ring(sock, settings.sensor.ring_mib << 20)
            ring.close()
            yield _ok(f"{label}: ring", f"{settings.sensor.ring_mib} MiB can be had")
        except OSError as error:
            yield _failed(
                f"{label}: ring",
                f"{settings.sensor.ring_mib} MiB cannot be had: {error.strerror}",
                "make sensor.ring_mib smaller",
                4,
            )
    yield from _card(name, label)


def _card(name: str, label: str) -> Iterator[Finding]:
    told = nic.offloads(name)
    merging = [word for word, is_on in zip(("gro", "lro"), told, strict=True) if is_on]
    if merging:
        yield _warning(
            f"{label}: offloads",
            f"{' and '.join(merging)} merge packets before they are seen: counts of packets are "
            "too small",
            f"ethtool -K {name} " + " ".join(f"{word} off" for word in merging),
        )
    elif told.gro is None and told.lro is None:
        yield _ok(f"{label}: offloads", "the driver does not say; unknown")
    else:
        yield _ok(f"{label}: offloads", "none merges packets")
    rings = nic.rings(name)
    if rings is not None and rings.now < rings.most:
        yield _warning(
            f"{label}: card's ring",
            f"{rings.now} of {rings.most} descriptors are used: bursts may be lost in the card",
            f"ethtool -G {name} rx {rings.most}",
        )
    lost = _lost_in_card(name)
    if lost:
        yield _warning(
            f"{label}: losses",
            f"{lost} frames were lost before the kernel's ring since the interface came up",
            f"ethtool -S {name}",
        )


def _lost_in_card(name: str) -> int:
    total = 0
    for counter in ("rx_dropped", "rx_missed_errors", "rx_over_errors", "rx_fifo_errors"):
        path = Path("/sys/class/net", name, "statistics", counter)
        try:
            total += int(path.read_text())
        except (OSError, ValueError):
            continue
    return total


def _clock() -> Finding:
    libc = ctypes.CDLL(None)
    # struct timex: modes (0: only ask), then status after four longs.
    held = (ctypes.c_long * 32)()
    answer = libc.adjtimex(held)
    status = ctypes.cast(held, ctypes.POINTER(ctypes.c_int))[10]
    if answer < 0 or status & _UNSYNCHRONISED:
        return _warning(
            "clock",
            "the kernel does not know it to be synchronised: times may not agree with other logs",
            "timedatectl set-ntp true",
        )
    return _ok("clock", "synchronised")


def _paths(settings: Settings) -> Iterator[Finding]:
    user = _user(settings)
    state = settings.sensor.state_directory
    place = next(path for path in (state, *state.parents) if path.exists())
    if place != state and os.geteuid() == 0:
        yield _ok("state directory", f"{state} will be made")
    elif user is None or _may_write(place, user):
        yield _ok("state directory", f"{state} can be written")
    else:
        yield _failed(
            "state directory",
            f"{place} cannot be written by {user.pw_name}",
            f"install -d -o {user.pw_name} -m 0750 {state}",
            ConfigError.exit_status,
        )


def _user(settings: Settings) -> pwd.struct_passwd | None:
    try:
        if os.geteuid() == 0:
            return privileges.user_named(settings.sensor.user)
        return pwd.getpwuid(os.geteuid())
    except (ConfigError, KeyError):
        return None


def _may_write(path: Path, user: pwd.struct_passwd) -> bool:
    """Return whether a user may write, by the bits of the mode: root asks on behalf of another."""
    if user.pw_uid == 0:
        return True
    told = path.stat()
    if told.st_uid == user.pw_uid:
        return bool(told.st_mode & stat.S_IWUSR)
    if told.st_gid == user.pw_gid:
        return bool(told.st_mode & stat.S_IWGRP)
    return bool(told.st_mode & stat.S_IWOTH)


def _store(url: str, settings: Settings) -> Iterator[Finding]:
    try:
        parsed = engines.parse(url)
        if parsed.get_backend_name() == "sqlite":
            yield from _sqlite(parsed, settings)
            return
        engine = engines.connect(parsed)
        with engines.explained(parsed), engine.connect():
            yield _ok("store", f"{parsed} answers")
        engine.dispose()
    except StoreError as error:
        yield _failed("store", str(error), "see [store] in docs/configuration.md", 5)


def _sqlite(url: URL, settings: Settings) -> Iterator[Finding]:
    path = Path(url.database or "")
    user = _user(settings)
    place = next(p for p in (path, *path.parents) if p.exists())
    if user is not None and not _may_write(place, user):
        is_made = place != path and os.geteuid() == 0
        if not (is_made and settings.sensor.state_directory in path.parents):
            yield _failed(
                "store",
                f"{place} cannot be written by {user.pw_name}",
                f"chown {user.pw_name} {place}",
                StoreError.exit_status,
            )
            return
    if path.exists():
        try:
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
                connection.execute("select count(*) from sqlite_master").fetchone()
        except sqlite3.Error as error:
            yield _failed("store", f"{path}: {error}", "restore a copy, or name another file", 5)
            return
    free = shutil.disk_usage(place if place.is_dir() else place.parent).free
    if free < LEAST_FREE_BYTES:
        yield _warning(
            "store", f"{free >> 20} MiB are free where {path} lies", f"df -h {path.parent}"
        )
    else:
        yield _ok("store", f"{path}; {free >> 30} GiB are free")


def _knowledge(settings: Settings, now_ns: int) -> Iterator[Finding]:
    try:
        stages = pipeline.open_stages(settings)
    except MonitorError as error:
        yield _failed("knowledge", str(error), "camwatch check-config FILE", error.exit_status)
        return
    yield _ok("catalogue", f"{stages.classifier.catalog.digest[:12]}")
    for database in stages.geo.databases:
        kinds = "+".join(sorted(database.kinds))
        made = datetime.fromisoformat(str(database.build_date)).replace(tzinfo=UTC)
        days = int(now_ns / 1e9 - made.timestamp()) // 86_400
        text = f"{database.type} of {database.build_date}, {days} days old"
        if days > OLD_DAYS:
            yield _warning(f"geo {kinds}", text, "camwatch geo update")
        else:
            yield _ok(f"geo {kinds}", text)
