"""Compiled conditions against the meaning of the language, one record after the other."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.language import Expression
from monitor.language.match import holds
from monitor.model.facts import NOTHING, Dissection, Fact
from monitor.model.records import FlowRecord, Side
from monitor.model.words import Confidence, DeviceKind, Outcome, Purpose, Scope
from monitor.policy.compile import Conditions
from tests.property.test_language import TREES
from tests.support.batches import batch_of
from tests.support.flow_records import CAMERA, destination, flow, verdict
from tests.support.rule_values import values_of

TEXT = st.sampled_from(["", "a", "B", "unknown", "dns", "CN"])
ADDRESS = st.sampled_from(["52.5.131.44", "10.0.0.1", "2001:db8::1", "255.255.255.255"])
DISSECTIONS = st.sampled_from(
    [
        NOTHING,
        Dissection("", (Fact("credential", "ftp user=a"),)),
        Dissection("", (Fact("credential", "http-digest user=a"), Fact("a", "B"))),
    ]
)


@st.composite
def records(draw: st.DrawFn) -> FlowRecord:
    is_ours, ip, port = draw(st.booleans()), draw(ADDRESS), draw(st.integers(0, 65535))
    number = st.integers(0, 2**40)
    ours = Side("10.20.3.11", 40000, draw(number), draw(number))
    theirs = Side(ip, port, draw(number), draw(number))
    start = draw(st.integers(0, 2**60))
    return flow(
        start_ns=start,
        end_ns=start + draw(number),
        vlan=draw(st.none() | st.integers(1, 4094)),
        scope=draw(st.sampled_from(Scope)),
        protocol=draw(st.sampled_from(["tcp", "udp", "icmp", "99"])),
        service=draw(TEXT),
        camera=CAMERA._replace(
            maker=draw(TEXT), brand=draw(TEXT), model=draw(TEXT), firmware=draw(TEXT),
            mac=draw(TEXT), kind=draw(st.sampled_from(DeviceKind)),
        ),
        destination=destination(
            ip=ip, port=port, name=draw(TEXT), name_source=draw(st.sampled_from(["", "sni"])),
            country=draw(TEXT), asn=draw(st.integers(0, 3)), as_org=draw(TEXT),
            operator=draw(TEXT), operator_country=draw(TEXT),
        ),
        initiated_by="camera" if is_ours else "destination",
        outcome=draw(st.sampled_from(Outcome)).value,
        orig=ours if is_ours else theirs,
        resp=theirs if is_ours else ours,
        verdict=verdict(draw(st.sampled_from(Purpose)))._replace(
            confidence=draw(st.sampled_from(Confidence))
        ),
    )  # fmt: skip


@given(st.lists(TREES, min_size=1, max_size=4), st.lists(records(), max_size=6), DISSECTIONS)
@settings(deadline=None)
def test_a_batch_is_answered_as_each_of_its_records_would_be(
    trees: list[Expression], made: list[FlowRecord], dissection: Dissection
) -> None:
    names: dict[str, Any] = {"10.20.3.11": "a"}
    masks = Conditions(trees, names).masks(batch_of(made, dissection))
    for tree, mask in zip(trees, masks, strict=True):
        assert mask is not None
        assert mask.tolist() == [
            holds(tree, values_of(record, dissection, names)) for record in made
        ]
