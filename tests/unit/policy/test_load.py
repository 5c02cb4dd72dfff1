from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.language import Where, parse
from monitor.model.words import Severity
from monitor.policy.load import condition_text, load_rules, shipped_rules
from monitor.policy.rule import Rule

ISSUED = {
    "p2p-active", "media-leaving", "stream-contact", "diagnostics-jurisdiction", "diagnostics-sent", "new-operator",
    "new-country", "purpose-changed", "diagnostics-drift", "upload-in-download", "plain-update",
    "firmware-fetched", "cleartext-credential", "remote-access", "scan", "spread", "dns-tunnel",
    "foreign-resolver", "encrypted-resolver", "tunnel-opened", "attempt-unanswered",
    "camera-unlisted", "restricted-maker", "maker-differs", "coverage-lost", "capture-loss",
    "geo-old",
}  # fmt: skip


def load(tmp_path: Path, text: str) -> dict[str, Rule]:
    path = tmp_path / "own.yaml"
    path.write_text("version: 1\n" + text, encoding="utf-8")
    return {rule.id: rule for rule in load_rules(path)}


def test_the_shipped_rules_are_these() -> None:
    assert {rule.id for rule in shipped_rules()} == ISSUED
    assert all(rule.runbook == f"docs/rules/{rule.id}.md" for rule in shipped_rules())


def test_an_own_file_changes_a_rule_by_its_id_and_leaves_the_rest_of_it(tmp_path: Path) -> None:
    rule = load(tmp_path, "rules:\n- {id: p2p-active, severity: critical}")["p2p-active"]
    shipped = next(rule for rule in shipped_rules() if rule.id == "p2p-active")
    assert (rule.severity, rule.when, rule.title) == (
        Severity.CRITICAL,
        shipped.when,
        shipped.title,
    )


def test_an_own_file_switches_a_rule_off_and_adds_another(tmp_path: Path) -> None:
    text = """rules:
- {id: attempt-unanswered, enabled: false}
- id: gate-calls-out
  severity: high
  title: The gate calls out
  when: camera_name ~ gate* and out_bytes > 2kB
  explanation: It should not.
"""
    rules = load(tmp_path, text)
    assert set(rules) == ISSUED - {"attempt-unanswered"} | {"gate-calls-out"}
    assert rules["gate-calls-out"].when == parse(
        "camera_name ~ gate* and out_bytes > 2kB", Where.RULE
    )
    assert rules["gate-calls-out"].runbook == ""
    assert not rules["gate-calls-out"].is_shipped


def test_an_own_list_stands_in_the_place_of_ours(tmp_path: Path) -> None:
    rules = load(tmp_path, "lists: {jurisdictions: [KR, 'NO']}\nrules: []")
    assert condition_text(rules["diagnostics-jurisdiction"]).endswith(
        "operator_country in (KR, NO)"
    )
    assert condition_text(rules["diagnostics-sent"]).endswith("operator_country not in (KR, NO)")


USUAL = "- {id: mine, severity: low, title: T, explanation: E, when: port = 1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rule: []", "unknown key 'rule'; known are lists, rules, version"),
        ("lists: {a: [NO]}\nrules: []", "list a: not a list of texts; put what YAML reads"),
        ("rules:\n- {id: Mine}", "rules, entry 1: id is 'Mine'; write small-words-with-hyphens"),
        (f"rules:\n{USUAL}}}\n{USUAL}}}", "entry 2: 'mine' is there twice; give one another id"),
        ("rules:\n- {id: scan, severity: bad}", "scan: severity is 'bad'; write one of info, low"),
        ("rules:\n- {id: scan, watch: many-host}", "no watch 'many-host'; did you mean 'many-hosts'?"),
        ("rules:\n- {id: scan, group: [ip]}", "scan: group is ['ip']; write a list of camera, maker"),
        ("rules:\n- {id: scan, when: purpos = scan}", "scan: when: column 1: no field 'purpos'; did you mean 'purpose'?"),
        ("rules:\n- {id: scan, when: port in $x}", "scan: when: no list 'x'; there are jurisdictions"),
        ("rules:\n- {id: scan, when: ''}", "scan: has no 'when'; say which flows it holds for"),
        ("rules:\n- {id: geo-old, when: port = 1}", "geo-old: 'old-geo' looks at no flows; leave 'when' out"),
        ("rules:\n- {id: scan, resolve_after: 5}", "scan: resolve_after is 5; write a text"),
        ("rules:\n- {id: scan, resolve_after: '5'}", "scan: resolve_after: '5' has no unit; its units are ns"),
        ("rules:\n- {id: scan, settings: {a: 1}}", "scan: settings: unknown 'a'; there are none"),
        ("rules:\n- {id: new-operator, settings: {of: asn}}", "settings: of is 'asn'; write operator or country"),
        ("rules:\n- {id: scan, examples: [{port: 5}]}", "does not say 'holds: true' or false"),
        ("rules:\n- {id: scan, enabled: maybe}", "scan: enabled is 'maybe'; write true or false"),
    ],
)  # fmt: skip
def test_a_slip_is_one_line_that_says_where_why_and_what_to_do(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError) as error:
        load(tmp_path, text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
