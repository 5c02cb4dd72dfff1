import dataclasses

import numpy as np

from monitor.policy.hits import flow_hits, group_of
from monitor.policy.load import shipped_rules
from tests.support.batches import batch_of
from tests.support.flow_records import CAMERA, destination, flow

RULE = next(rule for rule in shipped_rules() if rule.id == "media-leaving")
OTHER = CAMERA._replace(ip="10.20.3.12", mac="28:57:be:03:0b:0d")


def test_there_is_one_hit_for_each_camera_and_group_with_the_latest_time() -> None:
    batch = batch_of(
        [
            flow(end_ns=10),
            flow(end_ns=30, destination=destination(name="b.example.org")),
            flow(end_ns=20, camera=OTHER),
            flow(end_ns=40, destination=destination(operator="Dahua")),
        ]
    )
    hits = flow_hits(RULE, batch, np.arange(4), {"10.20.3.11": "Gate"})
    assert [(h.subject and h.subject.ip, h.group, h.times, h.last_ns) for h in hits] == [
        ("10.20.3.11", ("Example",), 2, 30),
        ("10.20.3.11", ("Dahua",), 1, 40),
        ("10.20.3.12", ("Example",), 1, 20),
    ]
    first = hits[0]
    assert first.subject is not None
    assert (first.subject.name, first.subject.vlan) == ("Gate", 20)
    assert first.destinations == ("api.example.org", "b.example.org")
    assert first.evidence[0].value == "api.example.org port 443 (tcp)"
    assert (first.operator, first.operator_country) == ("Example", "CN")
    assert first.flow_ids == ("00000000000000aa",) * 2


def test_a_rule_without_group_makes_one_of_everything_a_camera_does() -> None:
    rule = dataclasses.replace(RULE, group=())
    batch = batch_of([flow(), flow(destination=destination(operator="Dahua"))])
    (hit,) = flow_hits(rule, batch, np.arange(2), {})
    assert (hit.group, hit.times, hit.operator) == ((), 2, "")


def test_a_group_is_made_of_what_the_rule_names_in_its_order() -> None:
    rule = dataclasses.replace(RULE, group=("camera", "maker", "purpose", "country", "name"))
    batch = batch_of([flow()])
    party = batch.words.parties[0]
    assert group_of(rule, CAMERA, party, "scan") == (
        "28:57:be:03:0b:0c", "Hikvision", "scan", "US", "api.example.org",
    )  # fmt: skip
    (hit,) = flow_hits(rule, batch, np.arange(1), {})
    assert hit.group == group_of(rule, CAMERA, party, "cloud-api")
