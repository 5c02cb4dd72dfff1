"""Syslog: log lines that a device sends away, in either form."""

import re

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, is_text, text
from monitor.model.facts import Conversation, Dissection

_NEW = re.compile(rb"<(\d{1,3})>1 (?:-|\d{4}-\d\d-\d\dT\S{8,30}) (\S{1,255}) (\S{1,48}) ")
_OLD = re.compile(
    rb"<(\d{1,3})>(?:\d{1,10}: )?[A-Z][a-z]{2} [ 0-3]\d(?: \d{4})? \d\d:\d\d:\d\d (?:\S{1,64} )?"
    rb"([^\s:\[]{1,32})?"
)
_SHORT = re.compile(rb"<(\d{1,3})>([A-Za-z][\w./\-]{0,31})(?:\[\d{1,10}\])?: ")
_COUNT = re.compile(rb"\A[1-9]\d{0,4} (?=<)")
_PRIORITY = re.compile(rb"<(\d{1,3})>")
_SEVERITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
_LAST_PRIORITY = 191


def _match(data: bytes, port: int) -> tuple[int, str] | None:
    """Return priority and application, or None when this is no log line."""
    match = _NEW.match(data)
    app = match[3] if match else b""
    if match is None:
        match = _OLD.match(data) or _SHORT.match(data)
        app = (match[2] or b"") if match else b""
    if match is None and port == 514 and is_text(data[:64]):
        match = _PRIORITY.match(data)
    if match is None or int(match[1]) > _LAST_PRIORITY:
        return None
    return int(match[1]), text(app, 48)


def _dissect(conversation: Conversation) -> Dissection | None:
    pieces = conversation.orig or conversation.resp
    if conversation.protocol == TCP:
        pieces = tuple(_COUNT.sub(b"", piece, count=1) for piece in pieces)
    port = conversation.resp_port
    if not pieces or pieces[0][:1] != b"<" or _match(pieces[0], port) is None:
        return None
    found = [_match(piece, port) for piece in pieces]
    lines = [line for line in found if line is not None]
    facts = distinct("syslog.facility", (str(priority >> 3) for priority, _ in lines))
    facts += distinct("syslog.severity", (_SEVERITIES[priority & 7] for priority, _ in lines))
    facts += distinct("syslog.app", (app for _, app in lines if app != "-"))
    return Dissection("syslog", tuple(facts))


DISSECTOR = Dissector(
    service="syslog",
    title="Syslog",
    transports=frozenset({TCP, UDP}),
    first_bytes=frozenset(b"<123456789"),
    dissect=_dissect,
    ports=frozenset({514}),
    rank=30,
    how="(over TCP perhaps a count and a space, then) <priority> up to 191, then version and time of RFC 5424, time of RFC 3164, or a tag and "
    "a colon; on port 514 any text",
    facts=(
        FactKind("syslog.facility", "Number of the facility"),
        FactKind("syslog.severity", "emergency to debug"),
        FactKind("syslog.app", "Application or tag; the message itself is not kept"),
    ),
    source="RFC 5424 §6, RFC 3164 §4, RFC 6587 §3.4",
)
