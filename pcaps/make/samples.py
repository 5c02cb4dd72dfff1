"""The list of samples: folder name, and what makes it."""

from collections.abc import Callable

from pcaps.make import cloud, labels, site, upkeep
from pcaps.make.scene import Scene

SAMPLES: dict[str, Callable[[], Scene]] = {
    "a-hikvision-camera-keeps-its-cloud-connections": cloud.hikvision,
    "a-reolink-camera-registers-for-p2p": cloud.reolink,
    "a-tuya-camera-sends-video-over-a-relay": cloud.tuya,
    "cameras-on-a-closed-vlan-speak-only-to-their-recorder": site.closed,
    "an-office-pc-beside-two-cameras-is-no-camera": site.office,
    "a-camera-fetches-firmware-in-the-clear": upkeep.firmware,
    "a-firewall-stops-two-cameras": upkeep.stopped,
    "a-white-label-camera-reports-in-the-clear": upkeep.clear_text,
    "two-labels-hide-two-makers": labels.rebadged,
    "a-mirror-port-shows-every-frame-twice": labels.doubled,
    "a-camera-reaches-its-cloud-over-ipv6": labels.over_ipv6,
}
