import json
from pathlib import Path

import typer.testing

from monitor.cli.main import app
from monitor.model.learnt import Learnt
from monitor.store.live import LiveStore, Step

OWN = """rules:
- id: mine
  severity: low
  title: A telnet
  when: port = 23
  explanation: It is.
  examples: [{holds: true, port: 24}, {holds: false, port: 25}]
"""


def run(*words: str) -> tuple[int, str]:
    answer = typer.testing.CliRunner().invoke(app, ["rules", *words])
    return answer.exit_code, answer.output


def test_the_shipped_rules_pass_their_own_checks() -> None:
    assert run("lint") == (0, "27 rules, 0 faults\n")
    assert run("test") == (0, "49 examples, 0 failed\n")


def test_own_rules_are_checked_with_status_3(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(OWN, encoding="utf-8")
    status, output = run("test", "--file", str(own))
    assert (status, output) == (
        3,
        "mine: example 1: port = 23 should hold\n51 examples, 1 failed\n",
    )
    status, output = run("lint", "--file", str(own))
    assert status == 3
    assert "mine: says not what to do; write 'action: ...'" in output


def test_rules_are_listed_and_shown_as_text_and_as_json(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(OWN, encoding="utf-8")
    assert (
        "low      mine                       A telnet [yours]\n"
        in run("list", "--file", str(own))[1]
    )
    listed = json.loads(run("list", "--json")[1])["rules"]
    assert [rule["id"] for rule in listed if rule["watch"] == "drift"] == ["diagnostics-drift"]
    shown = json.loads(run("show", "scan", "--json")[1])
    assert (shown["when"], shown["runbook"]) == ("purpose = scan", "docs/rules/scan.md")
    assert "when: purpose = scan\n" in run("show", "scan")[1]


def test_a_rule_that_is_not_there_is_said_so() -> None:
    answer = typer.testing.CliRunner().invoke(app, ["rules", "show", "scann"])
    assert str(answer.exception) == "no rule 'scann' is in force; see 'camwatch rules list'"


def test_what_a_sensor_learnt_is_shown(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/c.db"
    store = LiveStore.open(url, "gate-1", version="1", started_ns=0)
    row = Learnt("first-new-operator", "02:00:00:00:00:01", {"days": 3}, 0, 86_400 * 10**9)
    store.commit(Step(now_ns=0, learnt=[row]))
    store.close()
    status, output = run("learnt", "--store", url)
    assert status == 0
    assert output.splitlines() == [
        'gate-1 first-new-operator 02:00:00:00:00:01 (1970-01-01 to 1970-01-02): {"days": 3}',
        "1 things learnt",
    ]
    assert json.loads(run("learnt", "--store", url, "--sensor", "other", "--json")[1]) == {
        "learnt": []
    }


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/none.db"
    answer = typer.testing.CliRunner().invoke(app, ["rules", "learnt", "--store", url])
    assert "there is none" in str(answer.exception)
    assert list(tmp_path.iterdir()) == []
