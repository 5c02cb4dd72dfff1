"""Numbers for people."""


def bytes_text(count: int) -> str:
    """Return bytes with a decimal unit, such as ``0 B``, ``812 B``, ``1.4 kB``, ``23 MB``."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5 or unit == "TB":
            return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"
    return f"{count} B"


def count_text(count: int) -> str:
    """Return a whole number with a thin grouping, such as ``12 345``."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def plural(count: int, one: str, many: str = "") -> str:
    """Return ``1 camera``, ``12 cameras``."""
    return f"{count_text(count)} {one if count == 1 else many or one + 's'}"


def span_text(seconds: float) -> str:
    """Return a length of time, such as ``0.4 s``, ``12 s``, ``5 min``, ``3.2 h``, ``8 days``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86_400:.0f} days"
