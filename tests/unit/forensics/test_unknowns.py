import pytest

from monitor.forensics.unknowns import unknowns
from monitor.model.records import Destination, Device, FlowRecord, Side, Verdict
from monitor.model.words import Confidence, Purpose, Scope


def record(**changes: object) -> FlowRecord:
    plain = FlowRecord(
        "0" * 16, "1:x=", 0, 1, None, Scope.OUTSIDE, "tcp", "http",
        Device("10.0.0.1", maker="Maker"),
        Destination("45.1.2.3", 80, "a.example", "dns", "DE", 1, "Net", "Company", "DE"),
        "camera", "answered", Side("10.0.0.1", 1, 1, 1), Side("45.1.2.3", 80, 1, 1),
        Verdict(Purpose.PUSH, Confidence.HIGH, ()),
    )  # fmt: skip
    return plain._replace(**changes)  # type: ignore[arg-type]  # fields by name


TO = record().destination


def test_a_flow_of_which_all_is_known_still_has_no_place_of_its_server() -> None:
    assert unknowns(record()) == [
        "where the server itself stands: databases know who holds an address block"
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"service": "tls"}, "the content is encrypted"),
        ({"service": ""}, "which protocol it is"),
        ({"camera": Device("10.0.0.1")}, "who made the camera"),
        ({"outcome": "unanswered"}, "why there was no answer"),
        ({"verdict": Verdict(Purpose.UNKNOWN, Confidence.NONE, ())}, "what it is for"),
        ({"verdict": Verdict(Purpose.PUSH, Confidence.LOW, ())}, "whether this purpose is right"),
        ({"protocol": "99"}, "what IP protocol 99 is used for"),
        ({"destination": TO._replace(name="")}, "the name of the destination"),
        ({"destination": TO._replace(operator="")}, "which company operates the service"),
        ({"destination": TO._replace(operator_country="")}, "where the operator is at home"),
        ({"destination": TO._replace(country="")}, "the country of the address block"),
    ],
)
def test_what_is_missing_is_said(changes: dict[str, object], says: str) -> None:
    assert any(says in line for line in unknowns(record(**changes)))


def test_of_a_flow_inside_the_site_no_country_is_missed() -> None:
    inside = TO._replace(name="", country="", operator="")
    assert unknowns(record(scope=Scope.SITE, destination=inside)) == []
