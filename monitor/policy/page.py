"""The pages of rules: docs/rules/README.md, and the head of every docs/rules/<id>.md."""

from collections.abc import Sequence
from typing import Final

from monitor.language import Unit
from monitor.language.values import write_number
from monitor.policy.load import condition_text
from monitor.policy.rule import WATCHES, Rule

END: Final = "<!-- end of what is generated from the rule; below is written by hand -->"


def rule_head(rule: Rule) -> str:
    """Return the part of a rule's page that follows from the rule."""
    lines = [
        f"# {rule.title}",
        "",
        f"`{rule.id}`, severity **{rule.severity}**",
        "",
        rule.explanation,
        "",
        f"**What to do.** {rule.action}",
        "",
        "| | |",
        "| --- | --- |",
    ]
    if rule.when is not None:
        what = "looks at flows with" if rule.watch else "holds for flows with"
        lines.append(f"| {what} | `{condition_text(rule)}` |")
    if rule.watch:
        lines.append(f"| holds when | {WATCHES[rule.watch].text} |")
    lines += [
        f"| `{key}` | {_setting(rule, key)}: {setting.text} |"
        for key, setting in (WATCHES[rule.watch].settings if rule.watch else {}).items()
    ]
    lines += [
        f"| one alert for each | {', '.join(rule.group) or 'sensor'} |",
        f"| resolved | {_resolved(rule)} |",
        f"| in a replay | {_replayed(rule)} |",
        "",
        END,
    ]
    return "\n".join(lines) + "\n"


def rule_page(rule: Rule, written: str) -> str:
    """Return the page of a rule; what was written by hand stays."""
    by_hand = written.partition(END)[2].strip("\n")
    return rule_head(rule) + (f"\n{by_hand}\n" if by_hand else "")


def index_page(rules: Sequence[Rule]) -> str:
    """Return docs/rules/README.md."""
    lines = [
        "# Rules",
        "",
        "What camwatch ships; [alerts.md](../alerts.md) says how your own file adds to it.",
        "",
        "| rule | severity | what it tells | in a replay |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| [`{rule.id}`]({rule.id}.md) | {rule.severity} | {rule.title} | {_replayed(rule)} |"
        for rule in rules
    ]
    return "\n".join(lines) + "\n"


def _setting(rule: Rule, key: str) -> str:
    value = rule.settings[key]
    unit = WATCHES[rule.watch].settings[key].unit
    return value if isinstance(value, str) else write_number(value, unit)


def _resolved(rule: Rule) -> str:
    if not rule.resolve_after_ns:
        return "as soon as it is over"
    return f"when nothing showed it for {write_number(rule.resolve_after_ns, Unit.NANOSECONDS)}"


def _replayed(rule: Rule) -> str:
    watch = WATCHES.get(rule.watch)
    if watch is None or not rule.is_live_only:
        return "yes"
    return "no: it learns for days" if watch.learns else "no: it is about the live sensor"
