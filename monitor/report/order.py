"""In which order a person reads about the cameras."""

from collections.abc import Iterable
from typing import Any

from monitor.model.words import DeviceKind


def by_urgency(cameras: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the cameras of a report, those that need a look first.

    Whoever spoke to the outside comes before whoever kept to the site, a camera before what is
    known to be none, who got answers before who did not, and then who sent most. Equals keep
    their order, which is that of their addresses.
    """
    return sorted(
        cameras,
        key=lambda camera: (
            not camera["outside_flows"],
            camera["kind"] == DeviceKind.OTHER,
            not camera["outside_answered"],
            -camera["outside_bytes_out"],
        ),
    )
