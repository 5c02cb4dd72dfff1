"""Looks over rules: what can never hold, what says nothing, and examples that fail."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from monitor.language import FIELDS, ExpressionError, Type, Where, parse
from monitor.language.match import holds
from monitor.language.tree import Compare
from monitor.language.values import UNKNOWN
from monitor.model.words import Purpose, Scope
from monitor.policy.load import condition_text
from monitor.policy.rule import Rule

USUAL: Final[dict[str, Any]] = {
    "purpose": str(Purpose.UNKNOWN), "group": "unknown", "confidence": "high",
    "scope": str(Scope.OUTSIDE), "outcome": "answered", "initiated_by": "camera", "service": "tls",
    "protocol": "tcp", "name": "api.example.org", "name_source": "sni",
    "destination": "198.51.100.7", "port": 443, "country": "", "asn": 0, "as_org": "",
    "operator": "", "operator_country": "", "camera": "10.20.3.11", "camera_name": "",
    "mac": "28:57:be:03:0b:0c", "maker": "", "brand": "", "model": "", "firmware": "",
    "kind": "camera", "vlan": 20, "out_bytes": 1500, "in_bytes": 4200, "sends_more": False,
    "packets": 18, "duration": 2_500_000_000, "time": 1_795_824_000_000_000_000, "fact": (),
    "clear_password": False,
}  # fmt: skip
"""The flow that examples change: answered, from a camera to the outside."""


class Fault(NamedTuple):
    """Something wrong with a rule."""

    rule: str
    text: str


def lint(rules: Sequence[Rule]) -> list[Fault]:
    """Return what an author should mend, though it can be loaded."""
    faults = []
    titles: dict[str, str] = {}
    for rule in rules:
        if not rule.action:
            faults.append(Fault(rule.id, "says not what to do; write 'action: ...'"))
        same = titles.setdefault(rule.title, rule.id)
        if same != rule.id:
            faults.append(Fault(rule.id, f"has the title of '{same}'; give it its own"))
        if rule.when is not None:
            if not rule.examples:
                faults.append(
                    Fault(rule.id, "has no examples; write one it holds for, and one not")
                )
            elif {example.holds for example in rule.examples} != {True, False}:
                faults.append(Fault(rule.id, "has examples of one sort only; write the other too"))
        elif rule.examples:
            faults.append(Fault(rule.id, "has examples, but looks at no flows"))
        if not rule.runbook:
            faults.append(Fault(rule.id, "has no runbook; name a page or URL with 'runbook: ...'"))
    return faults


def run_examples(rules: Sequence[Rule]) -> tuple[int, list[Fault]]:
    """Return how many examples there are, and those whose answer is another."""
    count, faults = 0, []
    for rule in rules:
        if rule.when is None:
            continue
        for number, example in enumerate(rule.examples, 1):
            count += 1
            try:
                values = _values(example.values)
            except ExpressionError as error:
                faults.append(Fault(rule.id, f"example {number}: {error}"))
                continue
            if holds(rule.when, values) != example.holds:
                wanted = "should hold" if example.holds else "should not hold"
                text = f"example {number}: {condition_text(rule)} {wanted}"
                faults.append(Fault(rule.id, text))
    return count, faults


def _values(given: Any) -> dict[str, Any]:
    """Return the usual flow, changed."""
    values = dict(USUAL)
    for name, text in given.items():
        field = FIELDS.get(name)
        if field is not None and field.has_many:
            values[name] = (text,)
            continue
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        written = UNKNOWN if text == UNKNOWN else f'"{quoted}"'
        tree = parse(f"{name} = {written}", Where.RULE)
        value = tree.value if isinstance(tree, Compare) else None
        kind = FIELDS[name].type
        if value is None:
            values[name] = "" if kind in (Type.TEXT, Type.ADDRESS) else None
        else:
            values[name] = text if kind is Type.ADDRESS else value
    return values
