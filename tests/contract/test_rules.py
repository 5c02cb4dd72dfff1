"""Every rule has a page that says how to look into it, and alerts link there."""

import pytest

from monitor.policy.load import shipped_rules
from monitor.policy.page import END
from monitor.policy.rule import Rule
from tests.support.shared import ROOT


@pytest.mark.parametrize("rule", shipped_rules(), ids=lambda rule: rule.id)
def test_the_page_of_a_rule_is_where_its_alerts_link_to_and_was_written(rule: Rule) -> None:
    page = (ROOT / rule.runbook).read_text(encoding="utf-8")
    by_hand = page.partition(END)[2]
    assert "## How to look into it\n\n" in by_hand
    assert "## When it is no trouble\n\n" in by_hand
    assert len(by_hand.split()) > 25


def test_there_is_no_page_of_a_rule_that_is_gone() -> None:
    pages = {path.stem for path in (ROOT / "docs" / "rules").glob("*.md")} - {"README"}
    assert pages == {rule.id for rule in shipped_rules()}
