"""``camwatch rules``: what makes a finding or an alert, and your own rules."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.errors import StoreError, UsageError

if TYPE_CHECKING:
    from monitor.policy.check import Fault
    from monitor.policy.rule import Rule

FAULT_STATUS = 3

app = typer.Typer(
    no_args_is_help=True, help="What makes a finding or an alert: our rules, and yours."
)

Own = Annotated[
    Path | None,
    typer.Option(
        "--file", help="File of your own rules; else that of the settings.", metavar="FILE"
    ),
]
Config = Annotated[Path | None, typer.Option(help="Settings file (TOML).", metavar="FILE")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _rules(own: Path | None, config: Path | None) -> "Sequence[Rule]":
    from monitor import config as settings_module  # noqa: PLC0415  # slow imports wait for the command
    from monitor.policy.load import load_rules  # noqa: PLC0415  # see above

    policy = settings_module.load(config).policy
    return load_rules(own or policy.rules, runbooks=policy.runbooks)


def _as_dict(rule: "Rule") -> dict[str, Any]:
    from monitor.policy.load import condition_text  # noqa: PLC0415  # see above

    return {
        "id": rule.id,
        "severity": str(rule.severity),
        "title": rule.title,
        "when": condition_text(rule),
        "watch": rule.watch,
        "settings": dict(rule.settings),
        "group": list(rule.group),
        "resolve_after_s": rule.resolve_after_ns / 1e9,
        "explanation": rule.explanation,
        "action": rule.action,
        "runbook": rule.runbook,
        "is_shipped": rule.is_shipped,
        "is_live_only": rule.is_live_only,
    }


def _tell(faults: "Sequence[Fault]", counted: str) -> None:
    for fault in faults:
        typer.echo(f"{fault.rule}: {fault.text}")
    typer.echo(counted)
    if faults:
        raise typer.Exit(FAULT_STATUS)


@app.command("list")
def show_all(own: Own = None, config: Config = None, as_json: Json = False) -> None:
    """List the rules in force."""
    rules = _rules(own, config)
    if as_json:
        listed = [_as_dict(rule) for rule in rules]
        sys.stdout.write(json.dumps({"rules": listed}, indent=2, ensure_ascii=False) + "\n")
        return
    for rule in rules:
        marks = ("" if rule.is_shipped else " [yours]") + (" [live]" if rule.is_live_only else "")
        typer.echo(f"{rule.severity:<8} {rule.id:<26} {rule.title}{marks}")
    typer.echo(f"{len(rules)} rules; [live]: not in a replay")


@app.command()
def show(
    rule_id: Annotated[str, typer.Argument(help="Id of the rule.", metavar="RULE")],
    own: Own = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show one rule: condition, words, and what is done when it holds."""
    rules = {rule.id: rule for rule in _rules(own, config)}
    if rule_id not in rules:
        raise UsageError(f"no rule '{rule_id}' is in force; see 'camwatch rules list'")
    shown = _as_dict(rules[rule_id])
    if as_json:
        sys.stdout.write(json.dumps(shown, indent=2, ensure_ascii=False) + "\n")
        return
    for key, value in shown.items():
        if value not in ("", [], {}):
            typer.echo(f"{key}: {json.dumps(value) if isinstance(value, list | dict) else value}")


@app.command()
def lint(own: Own = None, config: Config = None) -> None:
    """Look for rules that cannot be read or leave out what a reader needs; exits with 3 if any do."""
    from monitor.policy.check import lint as check  # noqa: PLC0415  # see above

    rules = _rules(own, config)
    faults = check(rules)
    _tell(faults, f"{len(rules)} rules, {len(faults)} faults")


@app.command("test")
def run_examples(own: Own = None, config: Config = None) -> None:
    """Run the examples that stand beside rules; exits with 3 if one fails."""
    from monitor.policy.check import run_examples as run  # noqa: PLC0415  # see above

    count, faults = run(_rules(own, config))
    _tell(faults, f"{count} examples, {len(faults)} failed")


@app.command()
def learnt(
    store: Annotated[str, typer.Option(help="Database of the sensor.", metavar="URL")],
    sensor: Annotated[str, typer.Option(help="Of this sensor only.", metavar="NAME")] = "",
    as_json: Json = False,
) -> None:
    """Show what the sensor has learnt: companies, countries, purposes, volumes, starts, updates."""
    from monitor.model.clock import utc_text  # noqa: PLC0415  # slow imports wait for the command
    from monitor.store import alerts, engine  # noqa: PLC0415  # see above

    url = engine.parse(store)
    if not engine.is_there(url):
        raise StoreError(f"store {url}: there is none; name that of the sensor with --store")
    database = engine.connect(url)
    try:
        with engine.explained(url), database.connect() as connection:
            reading = connection.execution_options(**engine.READS)
            rows = alerts.load_learnt(reading, sensor)
    finally:
        database.dispose()
    if as_json:
        listed = [
            {
                "sensor": name, "kind": row.kind, "key": row.key, "value": row.value,
                "first": utc_text(row.first_ns), "last": utc_text(row.last_ns),
            }
            for name, row in rows
        ]  # fmt: skip
        sys.stdout.write(json.dumps({"learnt": listed}, indent=2, ensure_ascii=False) + "\n")
        return
    for name, row in rows:
        span = f"{utc_text(row.first_ns)[:10]} to {utc_text(row.last_ns)[:10]}"
        value = json.dumps(row.value, ensure_ascii=False)
        typer.echo(f"{name} {row.kind} {row.key} ({span}): {value}")
    typer.echo(f"{len(rows)} things learnt")
