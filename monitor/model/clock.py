"""Times as text: nanoseconds since 1970 to RFC 3339 in UTC, without loss."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS: dict[int, str] = {}
_MOST_SECONDS = 1 << 16


def utc_text(ns: int) -> str:
    """Return RFC 3339 in UTC with nine decimals, such as ``2026-11-23T16:22:01.000000250Z``.

    Times beyond the years 1 to 9999, which only a damaged capture has, are written as seconds.
    """
    second, rest = divmod(ns, 1_000_000_000)
    prefix = _SECONDS.get(second)
    if prefix is None:
        if len(_SECONDS) > _MOST_SECONDS:
            _SECONDS.clear()
        prefix = _SECONDS[second] = _second_text(second)
    return f"{prefix}.{rest:09d}Z"


def _second_text(second: int) -> str:
    try:
        moment = _EPOCH + timedelta(seconds=second)
    except OverflowError:
        return str(second)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") if moment.year > 999 else moment.isoformat()[:19]
