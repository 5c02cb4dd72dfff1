"""What the dissectors find in recorded captures, held against tshark.

Differences are listed one by one with their reason, so that neither side may change unnoticed.
Over a minute: run it with ``pytest -m slow tests/scenario/test_dissect_like_tshark.py``.
"""

from collections.abc import Iterable

import pytest

from monitor.dissect import dns
from monitor.dissect.registry import Registry
from tests.support.conversations import TCP, Seen, conversations
from tests.support.ja4_plain import ja4
from tests.support.shared import shared_path

pytestmark = pytest.mark.slow

DNS_PORTS = {53, 5353, 5355}
"""LLMNR has a dissector of its own, but its messages are those of DNS."""

NAMED = {"dns", "mdns", "tls", "dtls", "quic", "http", "http2"}
"""Services whose names this file is about."""

FUZZ = "nDPI/tests/cfgs/default/pcap/fuzz-2006-09-29-28586.pcap"
ARKIME = "arkime/tests/pcap/arkime_synthetic.pcap"
DOH = "suricata-verify/tests/dns-over-http2-post/dns_over_https_POST.pcap"

ONLY_TSHARK = {
    (FUZZ, "host", "%s"): "tshark ends the text at a NUL; the bytes behind it are kept here",
    (DOH, "dns", "*"): "DNS inside HTTP/2 bodies in clear is not followed",
    (
        "suricata-verify/tests/llmnr/llmnr-invalid-opcode/input.pcap",
        "dns",
        "test-host.local",
    ): "an opcode that does not exist does not have the shape",
    (
        "zeek/testing/btest/Traces/dns-inverse-query.pcap",
        "dns",
        "[4.3.2.1]",
    ): "inverse queries are obsolete (RFC 3425)",
    (
        "nDPI/tests/cfgs/default/pcap/openvpn_nohmac_tcp.pcapng",
        "ja3",
        "*",
    ): "the hello lies in pieces inside OpenVPN's framing",
}

ONLY_HERE = {
    (FUZZ, "host", "*"): "heads that the capture cut are read up to the cut; and see above",
    (ARKIME, "sni", "*"): "a hello cut by the snap length, DTLS, and Google QUIC with odd lengths",
    (
        "PcapPlusPlus/Tests/Pcap++Test/PcapExamples/many_interfaces-1.pcapng",
        "sni",
        "*",
    ): "Google QUIC, whose names tshark keeps in other fields",
    ("suricata-verify/tests/quic-cyu/input.pcap", "sni", "*"): "Google QUIC",
}


ALPN_BYTES = {"ja4/pcap/tls-non-ascii-alpn.pcapng": b"\xba\xad"}
"""First protocol names that are not text: tshark prints them as replacement characters."""


def _captures() -> Iterable[tuple[str, list[Seen]]]:
    root = shared_path("pcaps")
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix not in {".csv", ".md", ".yaml"}:
            yield str(path.relative_to(root)), conversations(path)


@pytest.fixture(scope="module")
def captures() -> list[tuple[str, list[Seen]]]:
    return list(_captures())


def _same_text(kind: str, name: str) -> str:
    """Bring tshark's text into the form of the facts: lower case, no port, no final dot."""
    name = name.lower()
    if kind == "dns":
        return "" if name == "<root>" else name
    name = name.strip()
    if kind == "host":
        name = name[1:].split("]")[0] if name.startswith("[") else name.split(":")[0]
    return name.rstrip(".")


def _of_messages(seen: Seen) -> set[str]:
    """Return the names asked in all DNS messages of a stream: facts of a flow are bounded."""
    conversation = seen.conversation
    if DNS_PORTS.isdisjoint((conversation.orig_port, conversation.resp_port)):
        return set()
    pieces = conversation.orig + conversation.resp
    if conversation.protocol == TCP:
        pieces = tuple(piece[2:] for piece in pieces)
    messages = [message for piece in pieces if (message := dns.parse(piece))]
    return {name for message in messages for name, _ in message.questions}


def _difference(
    captures: list[tuple[str, list[Seen]]], kind: str, fact: str
) -> tuple[set[tuple[str, str, str]], set[tuple[str, str, str]], int]:
    registry = Registry()
    missing: set[tuple[str, str, str]] = set()
    surplus: set[tuple[str, str, str]] = set()
    same = 0
    for name, streams in captures:
        for seen in streams:
            found = registry.dissect(seen.conversation)
            if kind == "host" and seen.conversation.protocol != TCP:
                continue  # SSDP is another dissector's.
            if kind == "ja3" and found.first("tls.version").startswith("DTLS"):
                continue  # tshark does not compute it.
            theirs = {_same_text(kind, text) for text in seen.names[kind]} - {""}
            ours = _of_messages(seen) - {""} if kind == "dns" else set(found.all(fact))
            missing |= {(name, kind, text) for text in theirs - ours}
            surplus |= {(name, kind, text) for text in ours - theirs}
            same += len(theirs & ours)
    return missing, surplus, same


def _explained(
    difference: set[tuple[str, str, str]], reasons: dict[tuple[str, str, str], str]
) -> set[tuple[str, str, str]]:
    return {row for row in difference if row not in reasons and (*row[:2], "*") not in reasons}


@pytest.mark.parametrize(
    ("kind", "fact", "at_least"),
    [
        ("sni", "tls.sni", 90),
        ("host", "http.host", 230),
        ("dns", "", 600),
        ("ja3", "tls.ja3", 170),
    ],
)
def test_names_are_those_that_tshark_finds(
    captures: list[tuple[str, list[Seen]]], kind: str, fact: str, at_least: int
) -> None:
    missing, surplus, same = _difference(captures, kind, fact)
    assert _explained(missing, ONLY_TSHARK) == set()
    assert _explained(surplus, ONLY_HERE) == set()
    assert same >= at_least


def test_ja4_is_that_of_a_second_implementation_on_the_fields_of_tshark(
    captures: list[tuple[str, list[Seen]]],
) -> None:
    registry = Registry()
    compared = 0
    for name, streams in captures:
        for seen in streams:
            found = registry.dissect(seen.conversation)
            if seen.hello is None or not found.first("tls.ja4"):
                continue
            if found.first("tls.version").startswith("DTLS"):
                continue  # tshark has other fields for it.
            if "50" in seen.hello["extensions"]:
                continue  # tshark mixes signature_algorithms_cert into the list of extension 13.
            hello = seen.hello
            alpn = ALPN_BYTES.get(name) or hello["alpn"][0].encode()
            expected = ja4(
                "q" if found.service == "quic" else "t",
                hello["legacy"][0],
                hello["versions"],
                hello["ciphers"],
                hello["extensions"],
                hello["signatures"],
                alpn,
            )
            assert (name, found.first("tls.ja4")) == (name, expected)
            compared += 1
    assert compared >= 150


def test_every_fact_and_weird_that_comes_is_declared_by_a_dissector(
    captures: list[tuple[str, list[Seen]]],
) -> None:
    registry = Registry()
    facts = {fact.kind for dissector in registry.dissectors for fact in dissector.facts}
    weirds = {weird.kind for dissector in registry.dissectors for weird in dissector.weirds}
    found = [registry.dissect(seen.conversation) for _, streams in captures for seen in streams]
    assert {fact.kind for dissection in found for fact in dissection.facts} <= facts
    names = {d.service for d in found if d.service in NAMED}
    assert names == NAMED
    assert {w for d in found if d.service in NAMED for w in d.weirds} <= weirds


@pytest.mark.parametrize(
    ("capture", "protocol", "fingerprint"),
    [
        (
            "chrome-cloudflare-quic-with-secrets.pcapng",
            "tls",
            "t13d1516h2_8daaf6152771_e5627efa2ab1",
        ),
        (
            "chrome-cloudflare-quic-with-secrets.pcapng",
            "quic",
            "q13d0310h3_55b375c5d22e_cd85d2d88918",
        ),
        ("quic-tls-handshake.pcapng", "quic", "q13d0310h3_55b375c5d22e_cd85d2d88918"),
        # By the present text of the description (first and last digit of the hex form); FoxIO's
        # own files still have 99 there.
        ("tls-non-ascii-alpn.pcapng", "tls", "t13d1516bd_8daaf6152771_e5627efa2ab1"),
    ],
)
def test_ja4_is_the_one_that_foxio_publishes_for_its_captures(
    capture: str, protocol: str, fingerprint: str
) -> None:
    """Values from FoxIO-LLC/ja4, rust/ja4/src/snapshots."""
    registry = Registry()
    found = [
        registry.dissect(seen.conversation)
        for seen in conversations(shared_path("pcaps", "ja4", "pcap", capture))
    ]
    assert {d.first("tls.ja4") for d in found if d.service == protocol} - {""} == {fingerprint}
