"""SSH: the identification strings of both sides."""

import re

from monitor.dissect.base import TCP, Dissector, FactKind
from monitor.dissect.wire import distinct, text
from monitor.model.facts import Conversation, Dissection

_BANNER = re.compile(rb"SSH-(1\.\d{1,2}|2\.0)-([\x20-\x7e]{1,250})\r?\n?")


def _dissect(conversation: Conversation) -> Dissection | None:
    client = _BANNER.match(conversation.orig_first)
    server = _BANNER.match(conversation.resp_first)
    if client is None and (server is None or conversation.orig):
        return None
    facts = distinct("ssh.version", [text(m[1]) for m in (client, server) if m])
    facts += distinct("ssh.client", [text(client[2], 96)] if client else [])
    facts += distinct("ssh.server", [text(server[2], 96)] if server else [])
    return Dissection("ssh", tuple(facts))


DISSECTOR = Dissector(
    service="ssh",
    title="Secure Shell",
    transports=frozenset({TCP}),
    first_bytes=frozenset(b"S"),
    dissect=_dissect,
    ports=frozenset({22}),
    rank=10,
    how="identification string SSH-2.0- or SSH-1.x-",
    facts=(
        FactKind("ssh.version", "Protocol version"),
        FactKind("ssh.client", "Software of the client"),
        FactKind("ssh.server", "Software of the server"),
    ),
    source="RFC 4253 §4.2",
)
