"""Where canaries are sent: the setting, and the sockets that are opened before privileges go."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from monitor.capture.sending import FrameSender
from monitor.coverage.canary import CanaryWatch
from monitor.errors import ConfigError

_WRITTEN = re.compile(r"(?P<interface>[^:+\s]{1,15})(?P<tag>\+tag)?(?::(?P<vlan>\d{1,4}))?")
HIGHEST_VLAN = 4094


class Place(NamedTuple):
    """One entry of ``coverage.canaries``."""

    interface: str
    vlan: int | None
    """As the mirror shows it; None: without a tag."""

    is_tagged: bool
    """Sent with the tag, into a trunk."""


class Post:
    """A place with its socket."""

    def __init__(self, place: Place, sender: FrameSender) -> None:
        self.vlan = place.vlan
        self._place = place
        self._sender = sender

    def send(self, watch: CanaryWatch, now_ns: int) -> None:
        """Send the next canary; one that cannot go out does not come back, and so is told."""
        self._sender.send(
            watch.frame(self.vlan, now_ns, self._sender.mac, is_tagged=self._place.is_tagged)
        )


def read_place(text: str) -> Place:
    """Return an entry such as ``eth2:20``.

    Raises:
        ConfigError: It is none.
    """
    found = _WRITTEN.fullmatch(text)
    vlan = None if found is None or found["vlan"] is None else int(found["vlan"])
    is_tagged = found is not None and found["tag"] is not None
    if (
        found is None
        or (vlan is not None and not 1 <= vlan <= HIGHEST_VLAN)
        or (is_tagged and vlan is None)
    ):
        raise ConfigError(
            f"coverage.canaries: '{text}' names no place; write eth2, eth2:20 or eth2+tag:20"
        )
    return Place(found["interface"], vlan, is_tagged)


def open_posts(texts: Sequence[str]) -> list[Post]:
    """Open a socket for each place.

    Raises:
        ConfigError: An entry names no place.
        CaptureError: There is no such interface, or no right to send on it.
    """
    places = [read_place(text) for text in texts]
    return [Post(place, FrameSender(place.interface)) for place in places]
