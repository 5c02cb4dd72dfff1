"""SOCKS proxies, versions 4 and 5."""

from monitor.dissect.base import TCP, Dissector, FactKind
from monitor.dissect.wire import address, ipv4, text
from monitor.model.facts import Conversation, Dissection, Fact

_METHODS = frozenset({0, 1, 2, 3, 5, 6, 7, 8, 9})
_NO_METHOD = 0xFF
_COMMANDS = {1: "connect", 2: "bind", 3: "udp"}


def _target(data: bytes) -> str:
    """Return host and port of a SOCKS 5 request (RFC 1928 §4), empty when it is none."""
    if len(data) < 7 or data[0] != 5 or data[1] not in _COMMANDS or data[2]:
        return ""
    size = {1: 4, 4: 16, 3: data[4] + 1}.get(data[3], -1)
    if size < 0 or len(data) < 6 + size:
        return ""
    host = text(data[5 : 4 + size], 96) if data[3] == 3 else address(data[4 : 4 + size])
    return f"{host}:{int.from_bytes(data[4 + size : 6 + size])}"


def _dissect_5(data: bytes, answer: bytes) -> Dissection | None:
    count = data[1] if len(data) > 1 else 0
    methods = data[2 : 2 + count]
    if not 1 <= count <= 9 or len(methods) < count or not set(methods) <= _METHODS:
        return None
    if len(answer) < 2 or answer[0] != 5 or answer[1] not in {*methods, _NO_METHOD}:
        return None
    facts = [Fact("socks.version", "5")]
    rest = data[2 + count :]
    if answer[1] == 2 and rest[:1] == b"\x01" and len(rest) > 2:
        # RFC 1929: version, user name, password; the password is passed over.
        end = 2 + rest[1]
        facts.append(Fact("credential", f"socks user={text(rest[2:end])}"))
        rest = rest[end + 1 + (rest[end] if end < len(rest) else 0) :]
    target = _target(rest)
    if target:
        facts.append(Fact("socks.target", target))
    elif rest and answer[1] == 0:
        return None
    return Dissection("socks", tuple(facts))


def _dissect_4(data: bytes, answer: bytes) -> Dissection | None:
    if len(data) < 9 or data[1] not in {1, 2} or 0 not in data[8:]:
        return None
    if len(answer) < 8 or answer[0] or not 0x5A <= answer[1] <= 0x5D:
        return None
    host = ipv4(data[4:8])
    if data[4:7] == bytes(3) and data[7]:
        host = text(data[data.index(0, 8) + 1 :], 96)
    target = f"{host}:{int.from_bytes(data[2:4])}"
    return Dissection("socks", (Fact("socks.version", "4"), Fact("socks.target", target)))


def _dissect(conversation: Conversation) -> Dissection | None:
    data, answer = conversation.orig_first, conversation.resp_first
    if data[:1] == b"\x05":
        return _dissect_5(data, answer)
    return _dissect_4(data, answer) if data[:1] == b"\x04" else None


DISSECTOR = Dissector(
    service="socks",
    title="SOCKS proxy",
    transports=frozenset({TCP}),
    first_bytes=frozenset({4, 5}),
    dissect=_dissect,
    ports=frozenset({1080}),
    rank=60,
    how="SOCKS 5 greeting with known methods and an answer that picks one, then a request that "
    "fits; SOCKS 4 request with an answer 00 5A-5D",
    facts=(
        FactKind("socks.version", "4 or 5"),
        FactKind("socks.target", "Host and port behind the proxy"),
        FactKind("credential", "User name"),
    ),
    source="RFC 1928 §3-4, RFC 1929",
)
