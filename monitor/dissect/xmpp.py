"""XMPP, which some makers use for push messages (EZVIZ on TCP 5221)."""

import re

from monitor.dissect.base import TCP, Dissector, FactKind
from monitor.dissect.wire import distinct, text
from monitor.model.facts import Conversation, Dissection, Fact

_STREAM = re.compile(rb"(?:<\?xml[^>]{0,64}\?>\s{0,8})?<stream:stream\b[^>]{0,512}")
_TO = re.compile(rb"""\bto=["']([0-9A-Za-z.\-]{1,96})["']""")


def _dissect(conversation: Conversation) -> Dissection | None:
    match = _STREAM.match(conversation.orig_first)
    if match is None:
        return None
    to = _TO.search(match[0])
    facts = distinct("xmpp.to", [text(to[1], 96)] if to else [])
    if b"<starttls" in conversation.orig_first[:4096]:
        facts.append(Fact("xmpp.starttls", "yes"))
    return Dissection("xmpp", tuple(facts))


DISSECTOR = Dissector(
    service="xmpp",
    title="Extensible Messaging and Presence Protocol",
    transports=frozenset({TCP}),
    first_bytes=frozenset(b"<"),
    dissect=_dissect,
    ports=frozenset({5222, 5221}),
    rank=20,
    how="stream header <stream:stream, perhaps after an XML declaration",
    facts=(
        FactKind("xmpp.to", "Domain that the stream is opened to"),
        FactKind("xmpp.starttls", "yes, when encryption is asked for"),
    ),
    source="RFC 6120 §4.7; capture of an EZVIZ app",
)
