"""Names on the LAN without a name server: LLMNR, and NetBIOS names, datagrams and sessions."""

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece, is_text, text
from monitor.model.facts import Conversation, Dissection, Fact

_LLMNR_PORT = 5355
_NAME_SIZE = 32
_SUFFIXES = {
    0x00: "workstation",
    0x03: "messenger",
    0x1B: "master-browser",
    0x1C: "domain-controllers",
    0x1D: "master-browser",
    0x1E: "browser-election",
    0x20: "file-server",
}
_OPERATIONS = {0: "query", 5: "registration", 6: "release", 7: "wait", 8: "refresh"}
_DATAGRAMS = frozenset(range(0x10, 0x17))


def _encoded(data: bytes, at: int) -> tuple[str, int]:
    """Return a NetBIOS name and its suffix from its 32-letter form (RFC 1001 §14.1)."""
    letters = data[at + 1 : at + 1 + _NAME_SIZE]
    if data[at : at + 1] != b"\x20" or len(letters) < _NAME_SIZE:
        return "", -1
    if any(not 0x41 <= byte <= 0x50 for byte in letters):
        return "", -1
    plain = bytes((letters[i] - 0x41) << 4 | letters[i + 1] - 0x41 for i in range(0, _NAME_SIZE, 2))
    name = text(plain[:15].rstrip(b" \x00")) if plain[0] != 0x2A else "*"
    return name or "?", plain[15]


def _dissect_names(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if (
        data[12:13] != b"\x20"
        or len(data) < 50
        or int.from_bytes(data[4:6]) + int.from_bytes(data[6:8]) != 1
    ):
        return None
    operation = _OPERATIONS.get(data[2] >> 3 & 15)
    name, suffix = _encoded(data, 12)
    end = 12 + 1 + _NAME_SIZE
    # A scope may follow the name; none of the devices seen uses one.
    if not operation or not name or data[end : end + 1] != b"\x00":
        return None
    if data[end + 1 : end + 5] not in {b"\x00\x20\x00\x01", b"\x00\x21\x00\x01"}:
        return None
    facts = [
        Fact("nbns.operation", "status" if data[end + 2] == 0x21 else operation),
        Fact("nbns.name", name),
        Fact("nbns.suffix", _SUFFIXES.get(suffix, f"0x{suffix:02x}")),
    ]
    return Dissection("nbns", tuple(facts))


def _dissect_datagrams(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if len(data) < 82 or data[0] not in _DATAGRAMS or data[1] > 0x0F:
        return None
    if int.from_bytes(data[10:12]) != len(data) - 14:
        return None
    name, suffix = _encoded(data, 14)
    if not name:
        return None
    facts = [
        Fact("nbdgm.name", name),
        Fact("nbdgm.suffix", _SUFFIXES.get(suffix, f"0x{suffix:02x}")),
    ]
    return Dissection("nbdgm", tuple(facts))


def _dissect_session(conversation: Conversation) -> Dissection | None:
    data = conversation.orig_first
    if data[:2] != b"\x81\x00" or int.from_bytes(data[2:4]) != 68 or len(data) < 72:
        return None
    called, _ = _encoded(data, 4)
    calling, _ = _encoded(data, 38)
    if not called or not calling:
        return None
    return Dissection("nbss", (Fact("nbss.called", called), Fact("nbss.calling", calling)))


def _label_names(data: bytes) -> tuple[str, int] | None:
    """Return the name of the one question and its type; labels without compression."""
    labels, at = [], 12
    while at < len(data) and 0 < data[at] < 64:
        label = data[at + 1 : at + 1 + data[at]]
        if not is_text(label):
            return None
        labels.append(text(label))
        at += 1 + data[at]
    if not labels or data[at : at + 1] != b"\x00" or data[at + 3 : at + 5] != b"\x00\x01":
        return None
    return ".".join(labels)[:96], int.from_bytes(data[at + 1 : at + 3])


def _dissect_llmnr(conversation: Conversation) -> Dissection | None:
    pieces = (*conversation.orig, *conversation.resp)
    if not pieces or _LLMNR_PORT not in {conversation.resp_port, conversation.orig_port}:
        return None
    names = []
    for at, data in enumerate(pieces):
        # RFC 4795 §2.1.1: opcode 0, one question, reserved bits zero.
        is_head = len(data) >= 17 and data[2] & 0x78 == 0 and data[4:6] == b"\x00\x01"
        name = _label_names(data) if is_head and data[3] & 0xF0 == 0 else None
        if name is None and at == 0:
            return None
        if name is not None:
            names.append(name[0].lower())
    facts = distinct("llmnr.name", names)
    if conversation.resp:
        facts.append(Fact("llmnr.answered", "yes"))
    return Dissection("llmnr", tuple(facts))


DISSECTORS = (
    Dissector(
        service="nbns",
        title="NetBIOS name service",
        transports=frozenset({UDP}),
        first_bytes=frozenset(range(256)),
        dissect=_dissect_names,
        ports=frozenset({137}),
        rank=45,
        how="one question or one record whose name is 32 letters A to P, type NB or NBSTAT, class "
        "IN",
        facts=(
            FactKind("nbns.operation", "query, status, registration, release, refresh or wait"),
            FactKind("nbns.name", "NetBIOS name"),
            FactKind("nbns.suffix", "What the name stands for: workstation, file-server, ..."),
        ),
        source="RFC 1002 §4.2, RFC 1001 §14.1",
    ),
    Dissector(
        service="nbdgm",
        title="NetBIOS datagrams (browser announcements)",
        transports=frozenset({UDP}),
        first_bytes=_DATAGRAMS,
        dissect=_dissect_datagrams,
        ports=frozenset({138}),
        rank=45,
        how="message type 10 to 16, a length that is the datagram's, a source name of 32 letters",
        facts=(
            FactKind("nbdgm.name", "NetBIOS name of the sender"),
            FactKind("nbdgm.suffix", "What the name stands for"),
        ),
        source="RFC 1002 §4.4",
    ),
    Dissector(
        service="nbss",
        title="NetBIOS session",
        transports=frozenset({TCP}),
        first_bytes=frozenset({0x81}),
        dissect=_dissect_session,
        ports=frozenset({139}),
        rank=30,
        how="session request 81 00 of 68 bytes with two names of 32 letters",
        facts=(
            FactKind("nbss.called", "NetBIOS name that is called"),
            FactKind("nbss.calling", "NetBIOS name of the caller"),
        ),
        source="RFC 1002 §4.3.2",
    ),
    Dissector(
        service="llmnr",
        title="Link-local multicast name resolution",
        transports=frozenset({UDP}),
        first_bytes=frozenset(range(256)),
        dissect=_dissect_llmnr,
        ports=frozenset({_LLMNR_PORT}),
        rank=15,
        how="port 5355 on either side, one question in DNS form whose labels are text, reserved bits zero",
        facts=(
            FactKind("llmnr.name", "Name asked for"),
            FactKind("llmnr.answered", "yes, when an answer was seen"),
        ),
        source="RFC 4795 §2.1",
    ),
)
