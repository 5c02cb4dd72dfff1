"""Telnet: a shell in clear text, by its option negotiation."""

from monitor.dissect.base import TCP, Dissector, FactKind
from monitor.dissect.wire import distinct, text
from monitor.model.facts import Conversation, Dissection, Fact

_IAC = 0xFF
_VERBS = frozenset(range(0xFB, 0xFF))
_SUB = 0xFA
_END = b"\xff\xf0"
_LAST_OPTION = 49
_OPTIONS = {1: "echo", 3: "no-go-ahead", 24: "terminal-type", 31: "window-size", 34: "linemode"}
_MOST = 32


def _negotiation(stream: bytes) -> tuple[list[int], bytes]:
    """Return the options that the start of a stream negotiates, and what follows."""
    found: list[int] = []
    at = 0
    while len(found) < _MOST and stream[at : at + 1] == b"\xff":
        verb, option = stream[at + 1 : at + 2], stream[at + 2 : at + 3]
        if not option or option[0] > _LAST_OPTION:
            break
        if verb[0] in _VERBS:
            at += 3
        elif verb[0] == _SUB and found and (end := stream.find(_END, at, at + 128)) > 0:
            at = end + 2
        else:
            break
        found.append(option[0])
    return found, stream[at:]


def _dissect(conversation: Conversation) -> Dissection | None:
    first, _ = _negotiation(conversation.orig_first)
    answer, rest = _negotiation(conversation.resp_first)
    # A client that types without negotiating, as scanners do, meets a server that negotiates.
    if max(len(first), len(answer)) < 2 and not (first and answer):
        return None
    options = (_OPTIONS.get(option, "") for option in (*first, *answer))
    facts = distinct("telnet.option", options) or [Fact("telnet.option", "other")]
    line = text(rest.strip()[:64].split(b"\n")[0])
    if line and any(letter.isalpha() for letter in line):
        facts.append(Fact("telnet.banner", line))
    return Dissection("telnet", tuple(facts))


DISSECTOR = Dissector(
    service="telnet",
    title="Telnet",
    transports=frozenset({TCP}),
    first_bytes=frozenset({_IAC}),
    dissect=_dissect,
    ports=frozenset({23, 2323, 9527}),
    rank=50,
    how="two option negotiations FF FB-FE 00-31 in a row from either side, or one from each",
    facts=(
        FactKind("telnet.option", "echo, terminal-type, window-size, ... or other"),
        FactKind("telnet.banner", "First line of the server after its negotiation"),
    ),
    source="RFC 854, RFC 855",
)
