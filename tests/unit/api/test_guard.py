import ipaddress
from typing import Any

import pytest

from monitor.api.guard import believe

PROXIES = [ipaddress.ip_network("10.0.0.0/24")]


def _scope(client: str, *headers: tuple[str, str]) -> dict[str, Any]:
    return {
        "type": "http",
        "client": (client, 5000),
        "scheme": "http",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }


@pytest.mark.parametrize(
    ("client", "chain", "expected"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        # What stands before the proxy's own word was written by the caller.
        ("10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "nonsense"),
    ],
)
def test_only_a_trusted_proxy_names_the_caller(client: str, chain: str, expected: str) -> None:
    scope = _scope(client, ("x-forwarded-for", chain), ("x-forwarded-proto", "https"))
    believe(scope, PROXIES)
    assert scope["client"][0] == expected
    assert scope["scheme"] == ("https" if client == "10.0.0.1" else "http")


def test_without_trusted_proxies_nobody_is_believed() -> None:
    scope = _scope("127.0.0.1", ("x-forwarded-for", "198.51.100.1"))
    believe(scope, [])
    assert scope["client"][0] == "127.0.0.1"
