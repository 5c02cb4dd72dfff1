"""From root, or a process with CAP_NET_RAW, to a keeper that has neither."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from monitor import __version__
from monitor.capture import packet_socket as packets
from monitor.config import Settings
from monitor.daemon import logs, privileges
from monitor.daemon.canaries import open_posts
from monitor.daemon.crew import Hand, Port
from monitor.daemon.keeper import Job, Keeper
from monitor.daemon.ruling import Ruling
from monitor.errors import ConfigError, UsageError
from monitor.store.live import LiveStore

_KERNELS_ONCE = "XDG_CACHE_HOME"


def run(
    settings: Settings,
    config_path: Path | None,
    adjust: Callable[[Settings], Settings],
) -> None:
    """Capture until a signal ends it.

    Args:
        settings: With at least one interface.
        config_path: The settings file, read again at SIGHUP.
        adjust: Lays the command line over settings.

    Raises:
        MonitorError: An interface, the store or a setting cannot be used.
    """
    sensor = settings.sensor
    if not sensor.interfaces:
        raise UsageError(
            "no interface: nothing to capture; give --interface IF, or sensor.interfaces"
        )
    if len(set(sensor.interfaces)) != len(sensor.interfaces):
        raise UsageError("an interface is named twice; name each one time")
    crew = [
        Hand(number, [Port(name, packets.open_socket(name)) for name in sensor.interfaces])
        for number in range(sensor.workers)
    ]
    posts = open_posts(settings.coverage.canaries)
    _drop(settings)
    logs.set_up()
    started_ns = time.time_ns()
    ruling = Ruling(settings)
    store = LiveStore.open(
        settings.store.address(), sensor.name, version=__version__, started_ns=started_ns
    )
    job = Job(settings=settings, config_path=config_path, adjust=adjust, started_ns=started_ns)
    Keeper(job, crew, store, ruling, posts).run()


def _drop(settings: Settings) -> None:
    """Make the state directory, where root can, and become a user without any capability."""
    state = settings.sensor.state_directory
    if os.geteuid() == 0:
        user = privileges.user_named(settings.sensor.user)
        try:
            for folder in (state, state / "cache"):
                if not folder.exists():
                    folder.mkdir(parents=True, mode=0o750)
                    os.chown(folder, user.pw_uid, user.pw_gid)
        except OSError as error:
            raise ConfigError(
                f"sensor.state_directory {state}: {error.strerror}; name a directory that can be made"
            ) from error
        if user.pw_uid != 0:
            privileges.become(user)
            # Root's own cache folder is not for others.
            os.environ["HOME"] = str(state)
            os.environ[_KERNELS_ONCE] = str(state / "cache")
    privileges.give_up_capabilities()
    privileges.hide_memory()
