from pathlib import Path

from monitor.policy.check import lint, run_examples
from monitor.policy.load import load_rules, shipped_rules


def test_the_shipped_rules_are_clean_and_their_examples_hold() -> None:
    assert lint(shipped_rules()) == []
    count, faults = run_examples(shipped_rules())
    assert (count, faults) == (49, [])


def own(tmp_path: Path, text: str) -> tuple[list[str], list[str]]:
    path = tmp_path / "own.yaml"
    path.write_text(
        "rules:\n- id: mine\n  severity: low\n  title: Scans\n  explanation: E.\n"
        f"  when: port = 23 and vlan = unknown and country = NL\n{text}",
        encoding="utf-8",
    )
    rules = [rule for rule in load_rules(path) if rule.id == "mine"]
    _, faults = run_examples(rules)
    return [fault.text for fault in lint(rules)], [fault.text for fault in faults]


def test_what_an_author_left_out_is_told(tmp_path: Path) -> None:
    assert own(tmp_path, "")[0] == [
        "says not what to do; write 'action: ...'",
        "has no examples; write one it holds for, and one not",
        "has no runbook; name a page or URL with 'runbook: ...'",
    ]


def test_an_example_that_answers_otherwise_is_told_and_so_is_a_slip_in_it(tmp_path: Path) -> None:
    _, faults = own(
        tmp_path,
        "  examples:\n"
        "  - {holds: true, port: 23, vlan: unknown, country: NL}\n"
        "  - {holds: true, port: 24}\n"
        "  - {holds: false, prt: 23}\n",
    )
    assert faults == [
        "example 2: port = 23 and vlan = unknown and country = NL should hold",
        "example 3: column 1: no field 'prt'; did you mean 'port'?",
    ]
