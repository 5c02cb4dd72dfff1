import numpy as np
import pytest

from monitor.policy.talks import JUDGED_NS, MINUTE_NS, NOTED_NS, Talks, bits_of, domain_of
from tests.support.batches import batch_of
from tests.support.flow_records import destination, flow

AT = 1000 * MINUTE_NS


def taken(talks: Talks, *ends: int, rules: int = 1, **more: object) -> None:
    made = [flow(start_ns=end - 10, end_ns=end, **more) for end in ends]
    talks.add(batch_of(made), np.full(len(made), rules, np.uint64))


def test_flows_of_the_same_minutes_are_one_sum_however_they_were_cut() -> None:
    whole, cut = Talks(), Talks()
    taken(whole, AT + 20, AT + 30, AT + 40)
    for end in (AT + 40, AT + 20, AT + 30):
        taken(cut, end)
    (one,), (other,) = whole.judged(AT + JUDGED_NS), cut.judged(AT + JUDGED_NS)
    assert one == other
    assert (one.flows, one.out_bytes, one.in_bytes, one.biggest) == (3, 4500, 12600, 1500)
    assert (one.minute_ns, one.who, one.company) == (AT, "28:57:be:03:0b:0c", "Example")


def test_a_sum_is_noted_then_judged_each_once_and_in_order_of_time() -> None:
    talks = Talks()
    taken(talks, AT + MINUTE_NS + 20)
    taken(talks, AT + 20)
    assert talks.noted(AT + NOTED_NS - 1) == []
    assert len(talks.noted(AT + NOTED_NS)) == 1
    assert len(talks.noted(AT + MINUTE_NS + NOTED_NS)) == 1
    assert talks.judged(AT + JUDGED_NS - 1) == []
    minutes = [talk.minute_ns for talk in talks.judged(AT + 2 * JUDGED_NS)]
    assert minutes == [AT, AT + MINUTE_NS]
    assert talks.judged(AT + 9 * JUDGED_NS) == []


def test_rows_that_no_rule_looks_at_are_left_out() -> None:
    talks = Talks()
    taken(talks, AT, rules=0)
    assert talks.judged(AT + JUDGED_NS) == []


def test_bits_tell_which_rules_hold() -> None:
    masks = [np.array([True, False]), None, np.array([True, True])]
    assert bits_of(masks, 2).tolist() == [5, 4]


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("a.b.example.org", "example.org"),
        ("example.org", "example.org"),
        ("cam.shop.co.uk", "shop.co.uk"),
        ("x.hik-connect.com.", "hik-connect.com"),
        ("localhost", "localhost"),
    ],
)
def test_a_domain_is_what_one_owner_has(name: str, domain: str) -> None:
    assert domain_of(name) == domain


@pytest.mark.parametrize(
    ("changes", "company"),
    [
        ({}, "Example"),
        ({"operator": ""}, "example.org"),
        ({"operator": "", "name": ""}, "AMAZON-AES"),
        ({"operator": "", "name": "", "as_org": ""}, "a network of US"),
    ],
)
def test_a_company_is_the_best_that_is_known(changes: dict[str, str], company: str) -> None:
    talks = Talks()
    taken(talks, AT, destination=destination(**changes))
    assert talks.judged(AT + JUDGED_NS)[0].company == company
