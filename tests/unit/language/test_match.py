from typing import Any

import pytest

from monitor.language import Where, parse
from monitor.language.match import holds, pattern

FLOW: dict[str, Any] = {
    "purpose": "diagnostics", "operator": "Hikvision", "operator_country": "CN", "country": "",
    "out_bytes": 20_001, "vlan": None, "camera": "10.20.3.11", "destination": "2001:db8::7",
    "confidence": "medium", "name": "log.hik-connect.com", "clear_password": False,
    "fact": ("credential=ftp user=admin", "tls.version=1.2"), "asn": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "purpose = diagnostics and operator_country in (CN, RU) and out_bytes > 20kB",
        "operator = hikvision",
        "name ~ *.HIK-connect.com",
        "name ~ hik",
        "name ~ l?g.*",
        "name !~ '[l]og*'",
        "camera = 10.20.3.0/24",
        "not destination = 10.0.0.0/8",
        "destination in (10.0.0.0/8, 2001:db8::/32)",
        "country = unknown",
        "vlan = unknown and vlan != 20 and not vlan < 20 and not vlan >= 0",
        "asn = unknown",
        "country != NL",
        "confidence >= low and confidence < high",
        "fact = 'tls.version=1.2'",
        "fact ~ 'credential=*' and fact !~ *digest*",
        "clear_password = no",
        "out_bytes <= 20001B and out_bytes >= 20001B and not out_bytes < 20001B",
    ],
)
def test_a_comparison_means_what_the_page_says(text: str) -> None:
    tree = parse(text, Where.RULE)
    assert holds(tree, FLOW)
    assert not holds(parse(f"not ({text})", Where.RULE), FLOW)


def test_a_pattern_of_many_stars_is_answered_at_once() -> None:
    assert pattern("*a" * 40 + "*b").match("a" * 250) is None
