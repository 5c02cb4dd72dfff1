"""Network Time Protocol: who asks for the time, who answers, and what on UDP 123 is not NTP."""

import functools

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import first_piece, ipv4, text
from monitor.model.facts import Conversation, Dissection, Fact

PORT = 123
_MODES = ("", "symmetric", "symmetric", "client", "server", "broadcast", "control", "private")
_CONTROL_OPCODES = frozenset({*range(1, 13), 31})


def _is_plausible(data: bytes) -> bool:
    """Return whether the 48-byte header says things that a clock can say (RFC 5905 §7.3).

    UDP 123 also carries the peer-to-peer traffic of cameras that want to pass filters, so each
    field is held to its range; random bytes pass once in some 10^10.
    """
    size = len(data)
    if size < 48 or size > 1024 or size % 4:
        return False
    poll, precision = data[2], data[3]
    return (
        data[1] <= 16
        and (poll <= 17 or poll >= 0xF0)
        and (precision <= 1 or precision >= 0xE0)
        and (data[4:6] < b"\x00\x10" or data[4:6] == b"\xff\xff")
        and data[8:10] < b"\x00\x10"
    )


def _control(data: bytes) -> Dissection | None:
    """Mode 6 (RFC 9327 §2) and mode 7 (ntpd's own): management and, abused, amplification."""
    size = len(data)
    if data[0] & 7 == 6:
        count = int.from_bytes(data[10:12])
        is_request = data[1] & 0x80 == 0
        if size < 12 or data[1] & 0x1F not in _CONTROL_OPCODES or not 0 <= size - 12 - count < 24:
            return None
        if is_request and (data[4:6] != b"\0\0" or data[8:10] != b"\0\0"):
            return None
    else:
        items, item_size = data[4] & 15, data[6] & 15
        body = 8 + (items << 8 | data[5]) * (item_size << 8 | data[7])
        is_request = data[0] & 0x80 == 0
        if data[0] >> 3 & 7 != 2 or data[2] not in {0, 2, 3} or data[6] >> 4:
            return None
        if size not in {body, body + 40, 192} or (is_request and data[4] >> 4):
            return None
    version = Fact("ntp.version", str(data[0] >> 3 & 7))
    return Dissection("ntp", (version, Fact("ntp.mode", _MODES[data[0] & 7])))


def _is_pair(conversation: Conversation) -> bool:
    """Return whether an answer echoes the transmit time of a question (RFC 5905 §8)."""
    question, answer = conversation.orig_first, conversation.resp_first
    return len(question) >= 48 <= len(answer) and question[40:48] == answer[24:32] != bytes(8)


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if len(data) < 8:
        return None
    mode, version = data[0] & 7, data[0] >> 3 & 7
    if not 1 <= version <= 4 or mode == 0:
        return None
    is_port = PORT in {conversation.resp_port, conversation.orig_port}
    if mode >= 6:
        return _control(data) if is_port else None
    if not _is_plausible(data) or not (is_port or _is_pair(conversation)):
        return None
    reply = conversation.resp_first if mode == 3 else data
    return _told(version, mode, reply[:2], reply[12:16], len(reply) >= 48)


@functools.lru_cache(maxsize=1024)
def _told(version: int, mode: int, head: bytes, reference: bytes, is_whole: bool) -> Dissection:
    """Return the facts of a first message and of what shows the server's clock.

    Args:
        version: Of the first message.
        mode: Of the first message.
        head: First two bytes of the server's message; empty where there is none.
        reference: Its reference id.
        is_whole: It is as long as a message is.
    """
    facts = [Fact("ntp.version", str(version)), Fact("ntp.mode", _MODES[mode])]
    weirds: tuple[str, ...] = ()
    if mode != 3 or (is_whole and head[0] & 7 == 4):
        stratum = head[1]
        facts.append(Fact("ntp.stratum", str(stratum)))
        shown = text(reference) if stratum <= 1 else ipv4(reference)
        if shown:
            facts.append(Fact("ntp.reference", shown))
        if stratum == 0 and head[0] & 7 == 4:
            weirds = ("ntp_kiss_of_death",)
    elif head:
        weirds = ("ntp_odd_answer",)
    return Dissection("ntp", tuple(facts), weirds)


DISSECTOR = Dissector(
    service="ntp",
    title="Network Time Protocol",
    transports=frozenset({UDP}),
    first_bytes=frozenset(b for b in range(256) if 1 <= b >> 3 & 7 <= 4 and b & 7),
    dissect=_dissect,
    ports=frozenset({PORT}),
    rank=70,
    how="48-byte header whose version, mode, stratum, poll, precision, root delay and dispersion "
    "are all in range; where neither port is 123 only when the answer echoes the question's time stamp",
    facts=(
        FactKind("ntp.version", "Version of the first message"),
        FactKind("ntp.mode", "client, server, symmetric, broadcast, control or private"),
        FactKind("ntp.stratum", "Distance of the server from a reference clock; 16: not in step"),
        FactKind("ntp.reference", "What the server follows: a clock, an address, or a kiss code"),
    ),
    source="RFC 5905 §7.3, RFC 9327 §2",
)
