"""ThroughTek Kalay (TUTK, IOTC): scrambled peer-to-peer traffic, known after unscrambling 16 bytes."""

from monitor.dissect.base import ANY_BYTE, UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece
from monitor.model.facts import Conversation, Dissection, Fact

_TEXT = b"Charlie is the d"
_ORDER = (11, 9, 8, 15, 13, 10, 12, 14, 2, 1, 5, 0, 6, 4, 7, 3)
_HEADER = 16
_COMMANDS = {
    0x0402: "session-request",
    0x0404: "session-answer",
    0x0407: "data",
    0x0408: "data",
    0x0427: "ping-answer",
    0x0428: "ping",
    0x0601: "search",
    0x0602: "search-answer",
}
_NEW_MAGIC = b"\x51\xcc\x00\x00"
_NEW_COMMANDS = {0x1002: "search", 0x1502: "dtls"}


def _rotate(word: int, by: int) -> int:
    return (word << by | word >> (32 - by)) & 0xFFFFFFFF


def _rotate_words(data: bytes, more: int) -> bytes:
    """Rotate the little-endian word at offset i left by i plus `more`, for i = 0, 4, 8, 12."""
    return b"".join(
        _rotate(int.from_bytes(data[i : i + 4], "little"), i + more).to_bytes(4, "little")
        for i in range(0, _HEADER, 4)
    )


def unscramble(block: bytes) -> bytes:
    """Return the plain text of a block of 16 bytes."""
    turned = _rotate_words(block, 3)
    mixed = bytes(turned[place] ^ key for place, key in zip(_ORDER, _TEXT, strict=True))
    return _rotate_words(mixed, 1)


def _header(data: bytes) -> bytes:
    """Return the plain header when the datagram is TUTK's: 04 02, version, and its own length."""
    # The mark 04 02 stands in the first plain word; of the four scrambled bytes that it comes from
    # the one at 11 is bits 13 to 20 of the word at 8, and must be 41: most datagrams end here.
    if len(data) < _HEADER or (data[9] >> 5 | data[10] << 3) & 0xFF != 0x41:
        return b""
    plain = unscramble(data[:_HEADER])
    if plain[:2] != b"\x04\x02" or not 0x08 <= plain[2] <= 0x2F:
        return b""
    return plain if int.from_bytes(plain[4:6], "little") == len(data) - _HEADER else b""


def _dissect(conversation: Conversation) -> Dissection | None:
    head = _header(first_piece(conversation))
    if not head:
        return None
    headers = [h for h in map(_header, (*conversation.orig, *conversation.resp)) if h]
    numbers = (int.from_bytes(h[8:10], "little") for h in headers)
    facts = [Fact("tutk.version", str(head[2]))]
    facts += distinct("tutk.message", (_COMMANDS.get(n, f"0x{n:04x}") for n in numbers))
    return Dissection("tutk", tuple(facts))


def _new_command(data: bytes) -> str:
    if data[:4] != _NEW_MAGIC or len(data) < 32:
        return ""
    if int.from_bytes(data[6:8], "little") != len(data) - 12:
        return ""
    return _NEW_COMMANDS.get(int.from_bytes(data[4:6], "little"), "")


def _dissect_new(conversation: Conversation) -> Dissection | None:
    if not _new_command(first_piece(conversation)):
        return None
    names = map(_new_command, (*conversation.orig, *conversation.resp))
    return Dissection("tutk", (Fact("tutk.version", "cc51"), *distinct("tutk.message", names)))


_FACTS = (
    FactKind("tutk.version", "Version byte of the header, or cc51 for the newer framing"),
    FactKind("tutk.message", "search, session-request, data, ping, dtls, ... or the number"),
)
_PORTS = frozenset({10001, 10240, 32761})

DISSECTORS = (
    Dissector(
        service="tutk",
        title="ThroughTek Kalay (TUTK)",
        transports=frozenset({UDP}),
        first_bytes=ANY_BYTE,
        dissect=_dissect,
        ports=_PORTS,
        rank=85,
        how="first 16 bytes unscrambled: 04 02, a version, and the length of the datagram less 16",
        facts=_FACTS,
        source="AlexxIT/go2rtc pkg/tutk; public notes on IOTC packets",
    ),
    Dissector(
        service="tutk",
        title="ThroughTek Kalay, newer framing",
        transports=frozenset({UDP}),
        first_bytes=frozenset({0x51}),
        dissect=_dissect_new,
        ports=_PORTS,
        rank=25,
        how="51 CC 00 00, command 1002 or 1502, the length of the datagram less 12",
        facts=_FACTS,
        source="AlexxIT/go2rtc pkg/wyze/tutk/README.md §17-19",
    ),
)
