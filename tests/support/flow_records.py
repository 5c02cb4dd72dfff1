"""Builders of flow records for tests."""

from typing import Any

from monitor.model.records import (
    Destination,
    Device,
    Evidence,
    FlowRecord,
    Side,
    Verdict,
)
from monitor.model.words import Confidence, DeviceKind, Outcome, Purpose, Scope

CAMERA = Device("10.20.3.11", "28:57:be:03:0b:0c", "Hangzhou Hikvision", "Hikvision")


def destination(**changes: Any) -> Destination:
    """Return a destination outside, changed as told."""
    usual = Destination(
        "52.5.131.44",
        443,
        "api.example.org",
        "sni",
        "US",
        14618,
        "AMAZON-AES",
        "Example",
        "CN",
        "Amazon",
        "US",
    )
    return usual._replace(**changes)


def verdict(purpose: Purpose = Purpose.CLOUD_API) -> Verdict:
    """Return a verdict with one piece of evidence."""
    return Verdict(purpose, Confidence.HIGH, (Evidence("name", "api.example.org", "example/api"),))


def flow(**changes: Any) -> FlowRecord:
    """Return an answered TLS flow of a camera, changed as told."""
    usual = FlowRecord(
        "00000000000000aa",
        "1:abcdefghijklmnopqrstuvwxyz0=",
        1_700_000_000_000_000_000,
        1_700_000_002_500_000_000,
        20,
        Scope.OUTSIDE,
        "tcp",
        "tls",
        CAMERA,
        destination(),
        "camera",
        Outcome.ANSWERED.value,
        Side("10.20.3.11", 40000, 10, 1500),
        Side("52.5.131.44", 443, 8, 4200),
        verdict(),
    )
    return usual._replace(**changes)


__all__ = ["CAMERA", "DeviceKind", "destination", "flow", "verdict"]
