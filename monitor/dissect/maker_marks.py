"""Makers' protocols of which little more than the opening bytes is public."""

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.wire import first_piece, text
from monitor.model.facts import Conversation, Dissection, Fact

_TVT_MARK = b"{D79E94C5-70F0-46BD-965B-E17497CCB598}"
_V380_SIZE = 256
_V380_USER_AT = 49
_V380_LOGINS = frozenset({120, 1002, 1022})
_V380_NAMES = {1167: "login", 301: "stream", 303: "stream-start"}
_MEARI = frozenset({b"\x56\x56\x50\x99", b"\x99\x50\x56\x56"})


def _esee(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if data[:4] != b"\xce\xfa\xef\xfe" or len(data) < 8:
        return None
    return Dissection("esee", (Fact("esee.message", "hello"),))


def _xiaomi_push(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if data[:4] != b"\xc2\xfe\x00\x05" or data[8:12] != b"\x00\x02\x00\x16":
        return None
    if not 12 <= int.from_bytes(data[4:8]) < 1 << 20:
        return None
    at = data.find(b"xiaomi.com", 12, 96)
    return Dissection("xiaomi-push", (Fact("xiaomi-push.name", "xiaomi.com" if at >= 0 else "?"),))


def _tvt(conversation: Conversation) -> Dissection | None:
    if not first_piece(conversation).startswith(_TVT_MARK):
        return None
    return Dissection("tvt", (Fact("tvt.message", "configuration"),))


def _dlink_punch(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if data[:2] != b"\x24\xff" or len(data) != 25 or data[2:5] != b"\x00\x15\x00":
        return None
    return Dissection("dlink-punch", (Fact("dlink-punch.message", "punch"),))


def _meari(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if data[:4] not in _MEARI or len(data) < 16:
        return None
    return Dissection("meari", (Fact("meari.message", "stream"),))


def _v380(conversation: Conversation) -> Dissection | None:
    data = conversation.orig_first
    name = _V380_NAMES.get(int.from_bytes(data[:4], "little"))
    if name is None or len(data) < _V380_SIZE or data[192:_V380_SIZE] != bytes(64):
        return None
    facts = [Fact("v380.message", name)]
    if name == "login":
        if int.from_bytes(data[4:8], "little") not in _V380_LOGINS:
            return None
        user = text(data[_V380_USER_AT : _V380_USER_AT + 32], 32)
        facts += [Fact("credential", f"v380 user={user}")] if user else []
    elif data[34:_V380_SIZE] != bytes(_V380_SIZE - 34):
        return None
    return Dissection("v380", tuple(facts))


DISSECTORS = (
    Dissector(
        service="esee",
        title="Juan EseeCloud",
        transports=frozenset({TCP}),
        first_bytes=frozenset(b"\xce"),
        dissect=_esee,
        ports=frozenset({19000}),
        rank=40,
        how="CE FA EF FE",
        facts=(FactKind("esee.message", "hello"),),
        source="public notes on EseeCloud",
    ),
    Dissector(
        service="xiaomi-push",
        title="Xiaomi push",
        transports=frozenset({TCP}),
        first_bytes=frozenset(b"\xc2"),
        dissect=_xiaomi_push,
        ports=frozenset({5222}),
        rank=30,
        how="C2 FE 00 05, a length, 00 02 00 16",
        facts=(FactKind("xiaomi-push.name", "Domain that the client names"),),
        source="ntop/nDPI xiaomi.c",
    ),
    Dissector(
        service="tvt",
        title="TVT configuration service",
        transports=frozenset({TCP}),
        first_bytes=frozenset(b"{"),
        dissect=_tvt,
        ports=frozenset({4567}),
        rank=10,
        how="the text {D79E94C5-70F0-46BD-965B-E17497CCB598}",
        facts=(FactKind("tvt.message", "configuration"),),
        source="mcw0/PoC TVT advisories",
    ),
    Dissector(
        service="dlink-punch",
        title="D-Link mydlink hole punching",
        transports=frozenset({UDP}),
        first_bytes=frozenset(b"\x24"),
        dissect=_dlink_punch,
        rank=40,
        how="24 FF 00 15 00 and 25 bytes in all",
        facts=(FactKind("dlink-punch.message", "punch"),),
        source="captures of a D-Link DCS-8000LH",
    ),
    Dissector(
        service="meari",
        title="Meari (CloudEdge) media",
        transports=frozenset({UDP}),
        first_bytes=frozenset(b"\x56\x99"),
        dissect=_meari,
        rank=45,
        how="56 56 50 99 in either byte order",
        facts=(FactKind("meari.message", "stream"),),
        source="public header of a Meari client (PPCS_Header)",
    ),
    Dissector(
        service="v380",
        title="V380 (Macro-video)",
        transports=frozenset({TCP}),
        first_bytes=frozenset(b"\x8f\x2d\x2f"),
        dissect=_v380,
        ports=frozenset({8800}),
        rank=45,
        how="256-byte request whose command is 1167, 301 or 303 and whose tail is zero",
        facts=(
            FactKind("v380.message", "login, stream or stream-start"),
            FactKind("credential", "User name of the login"),
        ),
        source="prsyahmi/v380 v380-nodejs/src/app.ts",
    ),
)
