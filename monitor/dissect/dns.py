"""DNS as a conversation: names asked over UDP and TCP, and its kin mDNS."""

import functools
import re

from monitor.dissect.base import ANY_BYTE, TCP, UDP, Dissector, FactKind
from monitor.dissect.dns_message import (
    MAX_PIECES,
    MEMO_SIZE,
    PTR,
    messages_of_stream,
    parse,
    parse_stream,
    parse_to_end,
    question_end,
)
from monitor.model.facts import Conversation, Dissection, DnsMessage, Fact

__all__ = ["DISSECTORS", "dissect", "dissect_mdns", "parse", "parse_stream"]

TYPES = {
    1: "A",
    2: "NS",
    5: "CNAME",
    6: "SOA",
    12: "PTR",
    13: "HINFO",
    15: "MX",
    16: "TXT",
    28: "AAAA",
    33: "SRV",
    35: "NAPTR",
    41: "OPT",
    43: "DS",
    47: "NSEC",
    48: "DNSKEY",
    64: "SVCB",
    65: "HTTPS",
    251: "IXFR",
    252: "AXFR",
    255: "ANY",
}
"""Record types by name (IANA, DNS parameters); others are written ``TYPE99`` as RFC 3597 has it."""

RCODES = (
    *("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"),
    *("YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"),
)

MAX_FACTS = 16
"""Distinct names, types and so on that one conversation tells."""

_REPEATED = 288
"""Bytes of the longest message that is remembered: a name of full length and EDNS behind it."""

_DNS, _MDNS = 53, 5353

_OTHERS_PORTS = frozenset((137, _MDNS, 5355))
"""NetBIOS names, mDNS and LLMNR are written like DNS, and have dissectors of their own."""


def _is_ordinary_query(message: DnsMessage, end: int, size: int) -> bool:
    """Whether a message proves itself on a port that is not DNS's own.

    One question of a common type for a name of two or more labels made of host name characters,
    and nothing behind the message. NetBIOS names and their types do not pass.
    """
    if len(message.questions) != 1 or message.is_cut:
        return False
    name, kind = message.questions[0]
    plain = name.replace("-", "").replace("_", "").replace(".", "")
    return (
        "." in name
        and plain.isalnum()
        and plain.isascii()
        and kind in (1, 5, 6, 12, 15, 16, 28, 64, 65)
        and (message.is_response or bool(message.answers) is False)
        # EDNS adds one OPT record, which is not read where there are questions: 11 bytes or more.
        and (end == size or message.is_response or size - end >= 11)
    )


def _mdns_names(message: DnsMessage) -> tuple[str, ...]:
    """Return the service, instance and host names that an mDNS message asks for or announces."""
    asked = (name for name, _ in message.questions)
    told = (r.value if r.type == PTR else r.name for r in message.answers)
    return tuple(dict.fromkeys(name for name in (*asked, *told) if name))[:MAX_FACTS]


_Heard = tuple[tuple[tuple[str, int], ...], int, tuple[str, ...]]
"""What counts of one message: its questions, its rcode (-1: no answer), names of mDNS."""


@functools.lru_cache(maxsize=MEMO_SIZE // 4)
def _told(service: str, heard: tuple[_Heard, ...], is_cut: bool) -> Dissection:
    """Return the facts of some messages, each once, in a fixed order."""
    questions = [question for message in heard for question in message[0]]
    rcodes = [message[1] for message in heard if message[1] >= 0]
    values = {
        "dns.query": [name or "." for name, _ in questions],
        "dns.type": [TYPES.get(kind) or f"TYPE{kind}" for _, kind in questions],
        "dns.rcode": [RCODES[r] if r < len(RCODES) else f"RCODE{r}" for r in rcodes],
        "mdns.name": [name for message in heard for name in message[2]],
    }
    facts = (
        Fact(kind, value)
        for kind, found in values.items()
        for value in list(dict.fromkeys(found))[:MAX_FACTS]
    )
    return Dissection(service, tuple(facts), ("dns_message_cut",) if is_cut else ())


def _hear(piece: bytes, service: str, is_own_port: bool) -> tuple[_Heard, bool] | None:
    """Return what counts of one message and whether it is cut, or None where it does not count."""
    message, end = parse_to_end(piece)
    if message is None or not (is_own_port or _is_ordinary_query(message, end, len(piece))):
        return None
    rcode = message.rcode if message.is_response else -1
    names = _mdns_names(message) if service == "mdns" else ()
    return (message.questions, rcode, names), message.is_cut


@functools.lru_cache(maxsize=MEMO_SIZE)
def _hear_query(body: bytes, service: str, is_own_port: bool) -> tuple[_Heard, bool] | None:
    """Return what `_hear` does for a message without its id, which says nothing."""
    return _hear(b"\0\0" + body, service, is_own_port)


_ADDRESS_START, _ADDRESS_MIDDLE = b"\xc0\x0c\x00\x01", b"\x00\x04"
_ADDRESS_SIZE = 16
_ONE_EACH = b"\x00\x01\x00\x01"


@functools.lru_cache(maxsize=MEMO_SIZE)
def _hear_address(head: bytes, service: str, is_own_port: bool) -> tuple[_Heard, bool] | None:
    """Return what `_hear` does for an answer of one address, given all before it but the id.

    None also where the question does not end with `head`, so that something else may follow it.
    """
    before = b"\0\0" + head
    if question_end(before) != len(before):
        return None
    record = _ADDRESS_START + bytes(6) + _ADDRESS_MIDDLE + bytes(4)
    return _hear(before + record, service, is_own_port)


def _hear_once(piece: bytes, service: str, is_own_port: bool) -> tuple[_Heard, bool] | None:
    """Return what `_hear` does, from memory where ids, lifetimes and addresses alone are new."""
    if len(piece) <= _REPEATED:
        if piece[2:3] < b"\x80":
            return _hear_query(piece[2:], service, is_own_port)
        if (
            piece[4:8] == _ONE_EACH
            and piece[-16:-12] == _ADDRESS_START
            and piece[-6:-4] == _ADDRESS_MIDDLE
        ):
            told = _hear_address(piece[2:-_ADDRESS_SIZE], service, is_own_port)
            if told is not None:
                return told
    return _hear(piece, service, is_own_port)


def _dissect(conversation: Conversation, service: str, is_own_port: bool) -> Dissection | None:
    """Return what the messages say; off the service's own port each must prove itself."""
    pieces = conversation.orig + conversation.resp
    if conversation.protocol == TCP:
        pieces = tuple(m for stream in pieces for m in messages_of_stream(stream))
    heard: list[_Heard] = []
    is_cut = False
    last = None
    for piece in pieces[:MAX_PIECES]:
        if piece == last:
            continue
        last = piece
        told = _hear_once(piece, service, is_own_port)
        if told is not None:
            heard.append(told[0])
            is_cut |= told[1]
        elif not heard:
            return None
    return _told(service, tuple(heard), is_cut) if heard else None


def dissect(conversation: Conversation) -> Dissection | None:
    """Return the names asked, or None when the bytes are not DNS.

    On port 53 every message of the right shape counts; elsewhere only what `_is_ordinary_query`
    accepts, and never over TCP.
    """
    resp_port, orig_port = conversation.resp_port, conversation.orig_port
    is_own_port = _DNS in (resp_port, orig_port)
    if not is_own_port and (
        conversation.protocol == TCP or resp_port in _OTHERS_PORTS or orig_port in _OTHERS_PORTS
    ):
        return None
    return _dissect(conversation, "dns", is_own_port)


def dissect_mdns(conversation: Conversation) -> Dissection | None:
    """Return the names asked and announced, or None when port or bytes are not those of mDNS."""
    if _MDNS not in (conversation.resp_port, conversation.orig_port):
        return None
    return _dissect(conversation, "mdns", is_own_port=True)


_FACTS = (
    FactKind("dns.query", "Name asked, lower case, without the final dot (the root is one dot)"),
    FactKind("dns.type", "Record type asked, such as A"),
    FactKind("dns.rcode", "Result of an answer, such as NXDOMAIN"),
)

_WEIRDS = (FactKind("dns_message_cut", "A message that ends early, or whose records lie"),)

DISSECTORS = (
    Dissector(
        service="dns",
        title="Domain Name System",
        transports=frozenset((TCP, UDP)),
        first_bytes=ANY_BYTE,
        dissect=dissect,
        # Length, id and flags, then the number of questions, of which 32 are believed.
        tcp_opening=re.compile(rb".{6}\x00[\x00-\x20]", re.DOTALL),
        ports=frozenset((_DNS,)),
        rank=75,
        how="Port 53: header with a known opcode, plausible counts and questions that parse, which "
        "P2P protocols on that port do not have; other UDP ports: only one ordinary question that "
        "fills the datagram.",
        facts=_FACTS,
        weirds=_WEIRDS,
        source="RFC 1035, RFC 3597, RFC 4343",
    ),
    Dissector(
        service="mdns",
        title="Multicast DNS",
        transports=frozenset((UDP,)),
        first_bytes=ANY_BYTE,
        dissect=dissect_mdns,
        ports=frozenset((_MDNS,)),
        rank=75,
        how="Port 5353: a DNS message as above, or one of records alone.",
        facts=(
            *_FACTS,
            FactKind("mdns.name", "Name asked or announced by mDNS: service, instance or host"),
        ),
        weirds=_WEIRDS,
        source="RFC 6762",
    ),
)
