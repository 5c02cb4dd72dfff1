"""Alerts to send."""

from monitor.model.alerts import Alert, AlertState, Subject, fingerprint
from monitor.model.records import Evidence
from monitor.model.words import Severity

T0 = 1_795_000_000_000_000_000
"""2026-11-18T11:06:40Z."""

CAMERA = Subject("10.20.3.11", "44:19:b6:5e:20:a1", "gate north", "Hikvision", "HiLook", 30)
SECOND = Subject("10.20.3.12", "44:19:b6:5e:20:a2", "", "Hikvision", "", None)


def alert(number: int = 1, **changes: object) -> Alert:
    """An open alert about one camera."""
    made = Alert(
        id=f"{number:032x}",
        fingerprint=fingerprint("hall-1", "diagnostics-listed", CAMERA.ip, "Hikvision"),
        sensor="hall-1",
        rule="diagnostics-listed",
        severity=Severity.HIGH,
        title="Diagnostics leave for Hikvision (CN)",
        explanation="The camera sends diagnostics; block it or ask = why | \\ now.\nSecond line.",
        state=AlertState.OPEN,
        subjects=(CAMERA,),
        operator="Hikvision",
        operator_country="CN",
        destinations=("log.hik-connect.com",),
        opened_ns=T0,
        updated_ns=T0,
        last_ns=T0 + 5_000_000_000,
        resolved_ns=None,
        times=3,
        evidence=(Evidence("name", "log.hik-connect.com", "hikvision.logs"),),
        flow_ids=("00000000000000a1",),
        told=1,
        group=("Hikvision",),
        runbook="docs/rules/diagnostics-listed.md",
    )
    return made._replace(**changes)  # type: ignore[arg-type]  # any field


def resolved(one: Alert, at_ns: int) -> Alert:
    """The same alert, when it is over."""
    return one._replace(state=AlertState.RESOLVED, resolved_ns=at_ns, updated_ns=at_ns)
