from monitor.policy.load import shipped_rules
from monitor.policy.page import END, rule_head, rule_page

RULE = next(rule for rule in shipped_rules() if rule.id == "spread")


def test_what_was_written_by_hand_stays_when_the_head_is_made_anew() -> None:
    page = rule_page(RULE, f"old head\n{END}\n\n## By hand\n\nText.\n\n")
    assert page == rule_head(RULE) + "\n## By hand\n\nText.\n"
    assert rule_page(RULE, page) == page


def test_the_head_has_settings_in_the_units_that_people_write() -> None:
    assert "| `within` | 10min: how short the time is |" in rule_head(RULE)
    assert "| resolved | when nothing showed it for 1d |" in rule_head(RULE)
