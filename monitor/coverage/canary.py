"""The canary: a marked, harmless frame that the sensor sends into a VLAN to see it come back.

Without one a dead mirror and a silent VLAN look the same. The frame has the EtherType 0x88B5, which
IEEE Std 802 keeps for local experiments: no host answers it, no router passes it on, it needs no
address in the VLAN, and a switch floods it as it does any frame for a group that it does not know.
It goes to a locally administered group MAC, not to all: network cards of cameras drop it unread.
So a mirror of the VLAN, of its trunk, or of any port in it copies it once at least.

The frame names the sensor, the VLAN that it was meant for and the time, and is sealed with HMAC
under a key that only the sensor has: nobody in the VLAN can make the sensor believe that it sees.
"""

import hashlib
import hmac
import secrets
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from monitor.coverage.parts import CanarySighting

ETHERTYPE: Final = 0x88B5
GROUP_MAC: Final = 0x03_63_61_6D_77_01
"""Group bit and locally-administered bit set, then ``camw``."""

MAGIC: Final = b"camwatch"
VERSION: Final = 1
MOST_NAME: Final = 64
SEAL_BYTES: Final = 16
LEAST_FRAME: Final = 60
"""Ethernet's shortest frame without its check sequence: shorter ones are padded."""

SEARCHED: Final = 192
"""Bytes of a frame in which the mark is looked for: room for tags and a mirror's envelope."""

LATE_NS: Final = 2_000_000_000
"""A canary sent so shortly before the end of an interval is asked for in the next."""

MOST_OUT: Final = 8192
"""Canaries waited for: two intervals of a sensor that sends into every VLAN id."""

NO_TAG: Final = 0xFFFF
_HEAD: Final = struct.Struct(">BBHq8s")
_MARK: Final = struct.pack(">H", ETHERTYPE) + MAGIC


class Canary(NamedTuple):
    """What a canary says."""

    sensor: str
    vlan: int | None
    """VLAN that it was sent into; None: without a tag."""

    sent_ns: int
    nonce: bytes
    """8 bytes, never used again."""


def build(canary: Canary, key: bytes, src_mac: int, *, is_tagged: bool) -> bytes:
    """Return the frame to send.

    Args:
        canary: What it says.
        key: The sensor's secret, 16 bytes at least.
        src_mac: MAC of the interface that sends it.
        is_tagged: Whether it carries the 802.1Q tag of its VLAN: on a trunk. An interface inside
            the VLAN adds the tag itself, or the switch does.

    Raises:
        ValueError: The name is longer than 64 bytes, or the key is short.
    """
    name = canary.sensor.encode()
    if not 0 < len(name) <= MOST_NAME or len(key) < 16:
        raise ValueError("a canary needs a name of 1 to 64 bytes and a key of 16 bytes at least")
    vlan = NO_TAG if canary.vlan is None else canary.vlan
    head = MAGIC + _HEAD.pack(VERSION, len(name), vlan, canary.sent_ns, canary.nonce) + name
    macs = GROUP_MAC.to_bytes(6, "big") + src_mac.to_bytes(6, "big")
    tag = struct.pack(">HH", 0x8100, vlan) if is_tagged and canary.vlan is not None else b""
    frame = macs + tag + struct.pack(">H", ETHERTYPE) + head + _seal(head, key)
    return frame.ljust(LEAST_FRAME, b"\0")


def content_of(frame: bytes) -> bytes | None:
    """Return what a frame carries from the magic word on, or None when it is no canary."""
    at = frame.find(_MARK, 0, SEARCHED)
    if at < 0:
        return None
    return frame[at + 2 : at + 2 + len(MAGIC) + _HEAD.size + MOST_NAME + SEAL_BYTES]


def read(content: bytes) -> tuple[Canary, bytes, bytes] | None:
    """Return what a canary says, the bytes that its seal covers, and the seal; None: it is none."""
    begin = len(MAGIC)
    if len(content) < begin + _HEAD.size or not content.startswith(MAGIC):
        return None
    version, length, vlan, sent_ns, nonce = _HEAD.unpack_from(content, begin)
    end = begin + _HEAD.size + length
    if version != VERSION or not 0 < length <= MOST_NAME or len(content) < end + SEAL_BYTES:
        return None
    name = content[begin + _HEAD.size : end].decode(errors="replace")
    canary = Canary(name, None if vlan == NO_TAG else vlan, sent_ns, nonce)
    return canary, content[:end], content[end : end + SEAL_BYTES]


def _seal(head: bytes, key: bytes) -> bytes:
    return hmac.new(key, head, hashlib.sha256).digest()[:SEAL_BYTES]


class CanaryResult(NamedTuple):
    """What became of the canaries of one VLAN that were due in an interval."""

    vlan: int | None
    sent: int
    returned: int
    seen_as: tuple[int | None, ...] = ()
    """Other VLANs that they came back in: the mirror tags frames anew."""

    last_ns: int = 0
    """When one came back last; 0: never since the start."""


class CanaryWatch:
    """Knows which canaries are out, and which came back. Time is handed in."""

    def __init__(
        self,
        sensor: str,
        key: bytes | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """Begin with none out.

        Args:
            sensor: Name in the settings.
            key: Secret of the seals; made anew where left out, since it need not outlive the
                process.
            random: Source of key and nonces.
        """
        self._sensor = sensor
        self._random = random
        self._key = key or random(32)
        self._out: OrderedDict[bytes, tuple[int | None, int]] = OrderedDict()
        self._back: dict[bytes, set[int | None]] = {}
        self._last: dict[int | None, int] = {}
        self.forged = 0
        """Frames that bear our name and not our seal, or that we did not send."""

        self.foreign = 0
        """Canaries of other sensors: they can be counted, not checked."""

    def frame(
        self, vlan: int | None, now_ns: int, src_mac: int, *, is_tagged: bool = False
    ) -> bytes:
        """Return the next canary for a VLAN, and wait for it from now on."""
        canary = Canary(self._sensor, vlan, now_ns, self._random(8))
        made = build(canary, self._key, src_mac, is_tagged=is_tagged)
        self._out[canary.nonce] = (vlan, now_ns)
        while len(self._out) > MOST_OUT:
            nonce, _ = self._out.popitem(last=False)
            self._back.pop(nonce, None)
        return made

    def take(self, sightings: Iterable[CanarySighting]) -> None:
        """Check frames that came in."""
        for sighting in sightings:
            found = read(sighting.content)
            if found is None:
                continue
            canary, head, seal = found
            if canary.sensor != self._sensor:
                self.foreign += 1
            elif not hmac.compare_digest(_seal(head, self._key), seal) or (
                canary.nonce not in self._out
            ):
                self.forged += 1
            else:
                self._back.setdefault(canary.nonce, set()).add(sighting.vlan)
                last = self._last.get(canary.vlan, 0)
                self._last[canary.vlan] = max(last, sighting.ts_ns)

    def results(self, end_ns: int) -> list[CanaryResult]:
        """Return what became of the canaries that were due before `end_ns`; each counts once."""
        sent: dict[int | None, int] = {}
        returned: dict[int | None, int] = {}
        others: dict[int | None, dict[int | None, None]] = {}
        for nonce, (vlan, sent_ns) in list(self._out.items()):
            if sent_ns > end_ns - LATE_NS and nonce not in self._back:
                continue
            if sent_ns >= end_ns:
                continue
            del self._out[nonce]
            seen = self._back.pop(nonce, None)
            sent[vlan] = sent.get(vlan, 0) + 1
            if seen is not None:
                returned[vlan] = returned.get(vlan, 0) + 1
                others.setdefault(vlan, {}).update(
                    dict.fromkeys(one for one in seen if one != vlan)
                )
        return [
            CanaryResult(
                vlan=vlan,
                sent=count,
                returned=returned.get(vlan, 0),
                seen_as=tuple(others.get(vlan, ())),
                last_ns=self._last.get(vlan, 0),
            )
            for vlan, count in sent.items()
        ]
