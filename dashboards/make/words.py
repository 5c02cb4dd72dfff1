"""Colours, units and mappings that every board shares, so that one thing looks the same everywhere."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import (
    Threshold,
    ValueMap,
    ValueMappingResult,
)

GOOD: Final = "#2f8f4e"
BAD: Final = "#c2255c"
WARN: Final = "#d98200"
CALM: Final = "#7d8b92"

PURPOSE_COLOURS: Final = {
    "diagnostics": "#d98200",
    "update-check": "#7fa9e6",
    "firmware-download": "#3474d4",
    "p2p-rendezvous": "#dd7f9f",
    "media-relay": "#c2255c",
    "cloud-api": "#8250c8",
    "cloud-storage": "#5b388c",
    "push": "#b596e0",
    "ddns": "#576166",
    "dns": "#7d8b92",
    "ntp": "#aab3b8",
    "connectivity-check": "#c8ced1",
    "discovery": "#6f93a3",
    "user-service": "#2f8f4e",
    "tunnel": "#651310",
    "remote-access": "#a8201a",
    "scan": "#cd7a76",
    "unknown": "#b5a48b",
}
"""The colours of the built-in page, for a light and a dark ground."""

BYTES: Final = "decbytes"
BYTE_RATE: Final = "Bps"
COUNT: Final = "short"
PLAIN_NUMBER: Final = "none"
"""Ports and the like, which are not counted."""

RATIO: Final = "percentunit"
SECONDS: Final = "s"
MOMENT: Final = "dateTimeAsIso"
FRAME_RATE: Final = "pps"
RATE: Final = "cps"

NEVER: Final = (Threshold(value=None, color=GOOD), Threshold(value=0.000001, color=BAD))
"""Anything above zero is bad."""

FEW: Final = (Threshold(value=None, color=GOOD), Threshold(value=0.000001, color=WARN))
"""Anything above zero wants a look."""

WHOLE: Final = (
    Threshold(value=None, color=BAD),
    Threshold(value=0.95, color=WARN),
    Threshold(value=0.999, color=GOOD),
)
"""A share that should be one."""

PLAIN: Final = (Threshold(value=None, color=CALM),)


def ages(warn_s: float, bad_s: float) -> tuple[Threshold, ...]:
    """Return thresholds of an age."""
    return (
        Threshold(value=None, color=GOOD),
        Threshold(value=warn_s, color=WARN),
        Threshold(value=bad_s, color=BAD),
    )


def texts(*known: tuple[str, str, str]) -> ValueMap:
    """Return what stands in the place of values: value, text, colour."""
    return ValueMap(
        options={
            value: ValueMappingResult(text=text, color=colour, index=index)
            for index, (value, text, colour) in enumerate(known)
        },
    )


VERDICTS: Final = texts(("1", "closed", GOOD), ("2", "cannot tell", WARN), ("3", "OPEN", BAD))
COVERAGES: Final = texts(("1", "ok", GOOD), ("2", "degraded", WARN), ("3", "blind", BAD))
SEEN: Final = texts(("1", "seen wholly", GOOD), ("0", "not seen wholly", BAD))
