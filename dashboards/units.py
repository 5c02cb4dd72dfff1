"""Values with their units, in the words of Grafana."""

from datetime import UTC, datetime
from typing import Final

_SI: Final = ("", "k", "M", "G", "T", "P")
_SHORT: Final = ("", " K", " Mil", " Bil", " Tri", " Quadr")
_SPANS: Final = (
    (31_536_000, "years"),
    (604_800, "weeks"),
    (86_400, "days"),
    (3600, "hours"),
    (60, "mins"),
)
_AFTER: Final = {"pps": "p/s", "cps": "c/s"}


def shown(value: float, unit: str, decimals: int | None = None) -> str:
    """Return a value as Grafana shows it.

    Args:
        value: In the unit.
        unit: Grafana's id of it.
        decimals: Digits after the point; None: as many as three figures need.

    Raises:
        KeyError: No board uses such a unit.
    """
    value = float(value)
    if unit == "dateTimeAsIso":
        return f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%d %H:%M:%S}"
    if unit == "percentunit":
        return f"{_figures(value * 100, decimals)}%"
    if unit == "s":
        for size, word in _SPANS:
            if abs(value) >= size:
                return f"{_figures(value / size, decimals)} {word}"
        return (
            f"{_figures(value, decimals)} s"
            if abs(value) >= 1 or not value
            else f"{value * 1000:.0f} ms"
        )
    if unit == "none":
        return f"{value:g}"
    if unit == "short":
        value, step = _scaled(value)
        return f"{_figures(value, decimals)}{_SHORT[step]}"
    value, step = _scaled(value)
    after = {"decbytes": f"{_SI[step]}B", "Bps": f"{_SI[step]}B/s"}.get(unit)
    if after is None:
        after = ("K" if step == 1 else _SI[step]) + _AFTER[unit]
    return f"{_figures(value, decimals)} {after}"


def _scaled(value: float) -> tuple[float, int]:
    step = 0
    while abs(value) >= 1000 and step < len(_SI) - 1:
        value, step = value / 1000, step + 1
    return value, step


def _figures(value: float, decimals: int | None) -> str:
    if decimals is not None:
        return f"{value:.{decimals}f}"
    if value == 0:
        return "0"
    if abs(value) < 0.001:
        return f"{value:.1e}"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
