"""Talks with plain values, for tests of watches that learn."""

from typing import Any

from monitor.model.records import Verdict
from monitor.model.rows import Party
from monitor.model.words import Confidence, Purpose
from monitor.policy.talks import MINUTE_NS, Talk
from tests.support.flow_records import CAMERA

DAY_NS = 86_400 * 10**9


def talk(day: float, purpose: Purpose = Purpose.CLOUD_API, number: int = 1, **changes: Any) -> Talk:
    """Return a talk of a camera at a time in days, changed as told."""
    minute = int(day * DAY_NS) // MINUTE_NS * MINUTE_NS
    party = Party(
        changes.pop("name", "api.example.org"), "sni", changes.pop("country", "IE"), 1, "NET",
        changes.pop("operator", "Example"), "CN",
    )  # fmt: skip
    device = CAMERA._replace(mac=f"02:00:00:00:00:{number:02x}", model="M1")
    confidence = changes.pop("confidence", Confidence.HIGH)
    usual: dict[str, Any] = {
        "minute_ns": minute, "begin_ns": minute, "device": device, "vlan": 20, "party": party,
        "verdict": Verdict(purpose, confidence, ()), "port": 443, "rules": 1, "flows": 1,
        "out_bytes": 1500, "in_bytes": 4000, "biggest": 1500, "last_ns": minute, "flow_id": 7,
    }  # fmt: skip
    return Talk(**(usual | changes))
