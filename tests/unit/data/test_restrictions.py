"""Makers that a public body names."""

from pathlib import Path

import pytest

from monitor.data.restrictions import load_restrictions, restrictions
from monitor.errors import ConfigError


def test_a_named_maker_has_its_rules_with_dates_and_sources() -> None:
    found = restrictions("Hikvision")
    assert [(item.rule, item.since) for item in found] == [
        ("US NDAA FY2019 section 889", "2018-08-13"),
        ("FCC Covered List", "2021-03-12"),
    ]
    assert all(item.source and item.scope for item in found)


def test_a_subsidiary_is_reached_by_the_rules_of_its_parent() -> None:
    assert {item.maker for item in restrictions("ezviz")} == {"Hikvision"}


def test_a_maker_that_no_rule_names_has_none() -> None:
    assert restrictions("Axis") == ()
    assert restrictions("") == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("since: '2021-03'", "since: spring", "since is"),
        ("since: '2021-03'", "since: 2021-03-12", "since is"),
        ("confidence: high", "confidence: sure", "confidence is"),
        ("covers: [B]", "covers: B", "covers is not a list"),
        ("maker: A", "makr: A", "unknown field 'makr'"),
    ],
)
def test_a_wrong_entry_is_refused_with_one_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = (
        "entries:\n- {maker: A, covers: [B], rule: r, text: t, scope: s, since: '2021-03', "
        "confidence: high, source: x}\n"
    )
    path = tmp_path / "restrictions.yaml"
    path.write_text(text.replace(old, new))
    with pytest.raises(ConfigError, match=message) as caught:
        load_restrictions(path)
    assert "\n" not in str(caught.value)
