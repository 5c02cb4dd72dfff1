"""Alerts, and whether they reached somebody."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.make import words
from dashboards.make.board import board
from dashboards.make.panels import lines, number, rows
from dashboards.make.queries import RANGE, RATE, SENSOR, listed, now, prom

_OPENED = "camwatch_alerts_total"
_SENT = "camwatch_webhook_deliveries_total"
_WAITING = f"camwatch_webhook_oldest_pending_timestamp_seconds{{{SENSOR}}}"
_SEVERITIES = {
    "critical": "#651310", "high": words.BAD, "medium": words.WARN, "low": "#3474d4", "info": words.CALM,
}  # fmt: skip
_RESULTS = {"delivered": words.GOOD, "failed": words.WARN, "dead": words.BAD}


def alerts() -> Dashboard:
    """Return the board."""
    first = [
        number(
            "Open alerts",
            "Alerts that are open now, by severity.",
            now(f"sum by (severity) (camwatch_alerts_open{{{SENSOR}}})", "{{severity}}"),
            unit=words.COUNT, steps=words.FEW, size=(12, 5), decimals=0,
        ),
        number(
            "Opened",
            "Alerts that were opened in the time shown.",
            now(f"sum(increase({_OPENED}{{{SENSOR}}}{RANGE}))", "alerts"),
            unit=words.COUNT, size=(4, 5), decimals=0,
        ),
        number(
            "Given up",
            "Messages that no attempt could deliver in the time shown: `camwatch notify dead` lists and `resend` "
            "repeats them. Empty without targets.",
            now(f'sum(increase({_SENT}{{{SENSOR}, result="dead"}}{RANGE}))', "dead"),
            unit=words.COUNT, steps=words.NEVER, size=(4, 5), decimals=0,
        ),
        number(
            "Longest wait",
            "Age of the oldest message that waits for its receiver.",
            now(f"max((time() - {_WAITING}) * ({_WAITING} > bool 0)) or vector(0)", "wait"),
            unit=words.SECONDS, steps=words.ages(120, 900), size=(4, 5),
        ),
    ]  # fmt: skip
    over = [
        lines(
            "Open alerts over time",
            "By severity.",
            prom(f"sum by (severity) (camwatch_alerts_open{{{SENSOR}}})", "{{severity}}"),
            unit=words.COUNT, by_name=_SEVERITIES,
        ),
        lines(
            "Alerts opened",
            "Alerts that were opened, by rule.",
            prom(f"sum by (rule) (increase({_OPENED}{{{SENSOR}}}{RATE})) > 0", "{{rule}}"),
            unit=words.COUNT, stacked=True,
        ),
        rows(
            "By rule",
            "Alerts that were opened in the time shown; 0: the rule is in force and was silent.",
            listed(f"sum by (rule, severity) (increase({_OPENED}{{{SENSOR}}}{RANGE}))"),
            names={"rule": "Rule", "severity": "Severity", "Value": "Opened"}, most="Opened",
            links={"Rule": "${page}/alerts?filter=rule%20%3D%20${__value.raw}"
                           "&from=${__from:date:iso}&to=${__to:date:iso}"},
        ),
    ]  # fmt: skip
    delivery = [
        lines(
            "Attempts to deliver",
            "By result; failed attempts are repeated, dead messages are not. Empty without targets.",
            prom(f"sum by (result) (increase({_SENT}{{{SENSOR}}}{RATE}))", "{{result}}"),
            unit=words.COUNT, by_name=_RESULTS,
        ),
        lines(
            "Age of the oldest message that waits",
            "By target; rises while a receiver is away.",
            prom(f"(time() - {_WAITING}) * ({_WAITING} > bool 0)", "{{target}}"),
            unit=words.SECONDS, steps=words.ages(120, 900),
        ),
        rows(
            "By target",
            "Attempts in the time shown.",
            listed(f"sum by (target, result) (increase({_SENT}{{{SENSOR}}}{RANGE}))"),
            names={"target": "Target", "result": "Result", "Value": "Attempts"},
            size=(24, 7),
        ),
    ]  # fmt: skip
    return board(
        "camwatch-alerts", "Alerts and delivery",
        "What alarmed, and whether somebody was told.",
        [("Now", first), ("Alerts", over), ("Delivery", delivery)],
        page="/alerts", since="now-7d",
    )  # fmt: skip
