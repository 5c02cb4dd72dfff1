from monitor.dissect.xmpp import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import tcp


def test_a_stream_names_its_domain_and_starttls() -> None:
    stream = b"<?xml version='1.0'?><stream:stream to='push.example' version='1.0'>"
    stream += b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
    assert DISSECTOR.dissect(tcp(5221, stream)) == Dissection(
        "xmpp", (Fact("xmpp.to", "push.example"), Fact("xmpp.starttls", "yes"))
    )


def test_other_xml_is_not_xmpp() -> None:
    assert DISSECTOR.dissect(tcp(5221, b'<?xml version="1.0"?><a/>')) is None
