"""When a delivery is tried again: the schedule of Standard Webhooks, jitter, and the circuit breaker."""

import email.utils
from datetime import UTC

DELAYS_S = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Wait before each try, after the one before it. Source: Standard Webhooks, "Deliverability and
reliability", which spans 75 h 35 min."""

JITTER = 0.1
"""Part of a wait that is left to chance, up or down, so that many sensors do not come back at once."""

TRIP = 5
"""Failures in a row after which a target is left alone for a while."""

OPEN_FIRST_S = 60
OPEN_MOST_S = 900
"""How long it is left alone, doubling from the first to the most: one message is then tried."""

RETRY_AFTER_MOST_S = 86_400
"""No target puts us off for longer than the schedule's longest wait."""


def wait_s(failed: int, chance: float) -> float | None:
    """Return the wait before the next try after `failed` tries in vain; None when there is none.

    Args:
        failed: Tries in vain so far, at least 1.
        chance: Uniform in [0, 1).
    """
    if failed >= len(DELAYS_S):
        return None
    return _jittered(DELAYS_S[failed], chance)


def open_s(failures: int, chance: float) -> float:
    """Return how long a target is left alone after so many failures in a row; 0: not at all."""
    if failures < TRIP:
        return 0.0
    return _jittered(min(OPEN_FIRST_S * 2 ** min(failures - TRIP, 10), OPEN_MOST_S), chance)


def retry_after_s(value: str | None, now_s: float) -> float | None:
    """Return the seconds that a Retry-After header asks for; None without one that can be read.

    Source: RFC 9110 section 10.2.3: seconds, or an HTTP date.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        # Ten digits are three centuries, and more would only cost time to read.
        return float(min(int(text[:10]), RETRY_AFTER_MOST_S))
    try:
        moment = email.utils.parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        wanted = moment.timestamp() - now_s
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(wanted, 0.0), float(RETRY_AFTER_MOST_S))


def _jittered(seconds: float, chance: float) -> float:
    return seconds * (1 + JITTER * (2 * chance - 1))
