"""Alerts with plain values, for tests."""

from typing import Any

from monitor.model.alerts import Alert, AlertState, Subject
from monitor.model.records import Evidence
from monitor.model.words import Severity


def alert(**changes: Any) -> Alert:
    """Return an open alert of one camera, changed as told."""
    usual = Alert(
        id="a" * 32,
        fingerprint="f" * 32,
        sensor="gate-1",
        rule="media-leaving",
        severity=Severity.HIGH,
        title="Video or audio leaves the site",
        explanation="Picture or sound went to a party outside.",
        state=AlertState.OPEN,
        subjects=(Subject("10.20.3.11", "44:19:b6:5e:20:a1", "Gate", "Hikvision", "", 20),),
        operator="Hikvision",
        operator_country="CN",
        destinations=("vtmvirginia.ezvizlife.com",),
        opened_ns=1000,
        updated_ns=1000,
        last_ns=1000,
        resolved_ns=None,
        times=3,
        evidence=(Evidence("destination", "vtmvirginia.ezvizlife.com port 8554 (tcp)"),),
        flow_ids=("00000000000000aa",),
        told=1,
        group=("Hikvision",),
        runbook="docs/rules/media-leaving.md",
    )
    return usual._replace(**changes)
