from collections.abc import Mapping

import pytest

from monitor.language import Where, parse
from monitor.model.facts import NOTHING, Dissection, Fact
from monitor.policy.compile import Conditions, shows_password
from tests.support.batches import batch_of
from tests.support.flow_records import CAMERA, destination, flow


def rows(text: str, *changes: Mapping[str, object], dissection: Dissection = NOTHING) -> list[bool]:
    made = batch_of([flow(**change) for change in changes], dissection)
    (mask,) = Conditions([parse(text, Where.RULE)], {"10.20.3.11": "Gate"}).masks(made)
    assert mask is not None
    return [bool(held) for held in mask]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("out_bytes > 1kB and sends_more = no", [True, True]),
        ("service = ftp", [False, True]),
        ("vlan = 20", [True, False]),
        ("vlan = unknown", [False, True]),
        ("not vlan >= 0", [False, True]),
        ("vlan in (20, unknown)", [True, True]),
        ("destination = 52.0.0.0/8", [True, False]),
        ("destination = ::/0", [False, True]),
        ("destination != 52.5.131.44", [False, True]),
        ("camera_name = gate", [True, True]),
        ("port < 1000 or port in (7, 8)", [True, True]),
        ("duration = 2500ms", [True, True]),
    ],
)
def test_a_condition_is_answered_for_every_row(text: str, held: list[bool]) -> None:
    other = {
        "service": "ftp", "vlan": None, "destination": destination(ip="2001:db8::1"),
        "resp": flow().resp._replace(ip="2001:db8::1"),
    }  # fmt: skip
    assert rows(text, {}, other) == held


def test_what_a_vocabulary_gains_later_is_asked_too_and_a_new_one_is_asked_anew() -> None:
    conditions = Conditions([parse("maker = Dahua", Where.RULE), None])
    dahua = CAMERA._replace(ip="10.20.3.12", maker="Dahua")
    first = batch_of([flow()])
    assert [m if m is None else m.tolist() for m in conditions.masks(first)] == [[False], None]
    first.words.cameras.append(dahua)
    grown = batch_of([flow(), flow(camera=dahua)])
    moved = type(grown)(
        **{name: getattr(grown, name) for name in grown.__dataclass_fields__ if name != "words"},
        words=first.words,
    )
    for batch in (moved, batch_of([flow(camera=dahua), flow()]), moved):
        (mask, _) = conditions.masks(batch)
        assert mask is not None
        assert mask.tolist() == [batch.words.cameras[i].maker == "Dahua" for i in batch.camera]


def test_another_inventory_gives_other_names() -> None:
    conditions = Conditions([parse("camera_name = Gate", Where.RULE)])
    batch = batch_of([flow()])
    for names, held in (({}, False), ({"10.20.3.11": "Gate"}, True)):
        conditions.rename(names)
        (mask,) = conditions.masks(batch)
        assert mask is not None
        assert mask.tolist() == [held]


def test_a_password_that_is_only_proven_is_not_shown() -> None:
    assert shows_password(Dissection("ftp", (Fact("credential", "ftp user=admin"),)))
    assert not shows_password(Dissection("http", (Fact("credential", "http-digest user=admin"),)))
