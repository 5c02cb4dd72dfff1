import pytest

from monitor.dissect.syslog import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import tcp, udp


@pytest.mark.parametrize(
    ("line", "facility", "severity", "app"),
    [
        (b"<134>1 2026-01-01T00:00:00.5Z cam ipcd 1 - - text", "16", "info", "ipcd"),
        (b"<30>Jan  1 00:00:01 cam udhcpc[12]: lease", "3", "info", "udhcpc"),
        (b"<11>upgrade[9]: failed", "1", "error", "upgrade"),
    ],
)
def test_each_form_gives_priority_and_application(
    line: bytes, facility: str, severity: str, app: str
) -> None:
    answer = DISSECTOR.dissect(udp(1514, line))
    assert answer == Dissection(
        "syslog",
        (
            Fact("syslog.facility", facility),
            Fact("syslog.severity", severity),
            Fact("syslog.app", app),
        ),
    )


def test_plain_text_after_a_priority_needs_the_port() -> None:
    assert DISSECTOR.dissect(udp(514, b"<13>hello there")) is not None
    assert DISSECTOR.dissect(udp(1514, b"<13>hello there")) is None


@pytest.mark.parametrize("line", [b"<192>Jan  1 00:00:01 a b: c", b'<?xml version="1.0"?>', b"<a>"])
def test_a_priority_too_high_and_xml_are_not_syslog(line: bytes) -> None:
    assert DISSECTOR.dissect(udp(514, line)) is None


def test_over_tcp_a_count_may_come_first() -> None:
    line = b"<134>1 2026-01-01T00:00:00.5Z cam ipcd 1 - - text"
    answer = DISSECTOR.dissect(tcp(601, b"%d %s" % (len(line), line)))
    assert answer is not None
    assert answer.first("syslog.app") == "ipcd"
    assert DISSECTOR.dissect(udp(601, b"49 " + line)) is None
