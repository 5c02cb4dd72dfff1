"""V3, the binary peer-to-peer frames of Hikvision and EZVIZ after address discovery."""

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece
from monitor.model.facts import Conversation, Dissection

_NAMES = {
    0x0B02: "setup",
    0x0B03: "setup-answer",
    0x0B04: "transfer",
    0x0B05: "transfer-answer",
    0x0C00: "punch",
    0x0C01: "punch-answer",
    0x0C02: "play",
    0x0C04: "teardown",
    0x0C06: "check",
    0x0D00: "transparent",
}


def _command(data: bytes) -> str:
    if len(data) < 12 or data[0] >> 4 != 0xE or data[8:10] != b"\x62\x34":
        return ""
    if not 12 <= data[10] <= len(data):
        return ""
    return _NAMES.get(int.from_bytes(data[2:4]), "")


def _dissect(conversation: Conversation) -> Dissection | None:
    if not _command(first_piece(conversation)):
        return None
    commands = map(_command, (*conversation.orig, *conversation.resp))
    return Dissection("hik-v3", tuple(distinct("hik-v3.command", commands)))


DISSECTOR = Dissector(
    service="hik-v3",
    title="Hikvision V3 peer-to-peer",
    transports=frozenset({UDP}),
    first_bytes=frozenset(range(0xE0, 0xF0)),
    dissect=_dissect,
    ports=frozenset({6000}),
    rank=30,
    how="first nibble E, a known command, 62 34 at offset 8, a header length of 12 or more that "
    "fits",
    facts=(
        FactKind("hik-v3.command", "setup, transfer, punch, play, teardown, check or transparent"),
    ),
    source="pedropaulovc/hikconnect-web docs/re/protocol-notes.md",
)
