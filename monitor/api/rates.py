"""How often somebody may ask."""

import ipaddress
import math
from collections.abc import Callable

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from monitor.api.problems import ProblemError


class Rates:
    """Counts requests in memory: of good tokens, and of addresses that have none."""

    def __init__(
        self,
        requests_per_minute: int,
        refused_per_minute: int,
        carves_per_minute: int,
        now_ns: Callable[[], int],
    ) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._good = RateLimitItemPerMinute(requests_per_minute)
        self._bad = RateLimitItemPerMinute(refused_per_minute)
        self._carves = RateLimitItemPerMinute(carves_per_minute)
        self._now_ns = now_ns

    def known(self, token_id: str) -> None:
        """Count a request of a good token, or of this machine.

        Raises:
            ProblemError: There were too many.
        """
        self._hit(self._good, f"known {token_id}")

    def refused(self, address: str) -> None:
        """Count a request without a good token.

        Raises:
            ProblemError: There were too many.
        """
        self._hit(self._bad, f"refused {network(address)}")

    def carving(self, token_id: str) -> None:
        """Count a flow whose packets are taken out of a capture: that reads the whole capture.

        Raises:
            ProblemError: There were too many.
        """
        self._hit(self._carves, f"carving {token_id}")

    def _hit(self, item: RateLimitItemPerMinute, key: str) -> None:
        if self._limiter.hit(item, key):
            return
        reset = self._limiter.get_window_stats(item, key).reset_time
        wait_s = max(1, min(60, math.ceil(reset - self._now_ns() / 1e9)))
        raise ProblemError(
            429,
            f"more than {item.amount} requests in a minute; wait {wait_s} s",
            kind="too-many",
            headers={"Retry-After": str(wait_s)},
        )


def network(address: str) -> str:
    """Return what counts as one address: of IPv6 a /64, since one machine has all of it."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    mapped = ip.ipv4_mapped
    return str(ipaddress.ip_network((ip, 64), strict=False) if mapped is None else mapped)
