"""Records to write: flows, devices and findings with plain values."""

from collections.abc import Sequence

from monitor.model.records import (
    Destination,
    Device,
    Evidence,
    Finding,
    FlowRecord,
    Side,
    Signal,
    Verdict,
)
from monitor.model.words import Confidence, DeviceKind, Outcome, Purpose, Scope, Severity

START_NS = 1_794_211_200_000_000_000
"""2026-11-09T08:00:00Z."""

CAMERA = Device(
    "10.20.3.11",
    mac="44:19:b6:5e:20:a1",
    oui="Hangzhou Hikvision Digital Technology Co.,Ltd.",
    maker="Hikvision",
    model="DS-2CD2143G2-I",
    kind=DeviceKind.CAMERA,
    confidence=Confidence.HIGH,
    signals=(Signal("oui", "44:19:b6", "maker=Hikvision", 0.6, "IEEE"),),
)


def destination(number: int = 0, name: str = "dev.hik-connect.com") -> Destination:
    """Return a destination whose address follows from a number."""
    ip = f"34.249.{number >> 8}.{number & 255}"
    return Destination(ip, 8555, name, "sni", "IE", 16509, "AMAZON-02", "Hikvision", "CN")


def verdict(purpose: Purpose = Purpose.CLOUD_API, value: str = "dev.hik-connect.com") -> Verdict:
    """Return a verdict with two pieces of evidence."""
    evidence = (Evidence("name", value, "hikvision.registration"), Evidence("port", "8555"))
    return Verdict(purpose, Confidence.HIGH, evidence)


def flow(
    number: int = 0,
    *,
    to: Destination | None = None,
    why: Verdict | None = None,
    camera: Device = CAMERA,
    vlan: int | None = None,
) -> FlowRecord:
    """Return a flow whose id and times follow from a number."""
    to = to or destination()
    return FlowRecord(
        flow_id=f"{number:016x}",
        community_id="1:" + "a" * 27 + "=",
        start_ns=START_NS + number * 1_000_000_000,
        end_ns=START_NS + number * 1_000_000_000 + 500_000_001,
        vlan=vlan,
        scope=Scope.OUTSIDE,
        protocol="tcp",
        service="tls",
        camera=camera,
        destination=to,
        initiated_by="camera",
        outcome=Outcome.ANSWERED,
        orig=Side(camera.ip, 58161, 13, 1790),
        resp=Side(to.ip, to.port, 12, 3811),
        verdict=why or verdict(),
    )


def flows(count: int) -> Sequence[FlowRecord]:
    """Return flows 0 to `count` - 1."""
    return [flow(number) for number in range(count)]


def finding(rule: str = "media-leaves") -> Finding:
    """Return a finding."""
    return Finding(
        rule=rule,
        severity=Severity.HIGH,
        title="Video leaves the site",
        camera_ip=CAMERA.ip,
        explanation="A relay received 52 kB.",
        first_ns=START_NS,
        last_ns=START_NS + 1,
        flows=1,
        evidence=(Evidence("name", "vtmvirginia.ezvizlife.com", "ezviz.vtm"),),
    )
