"""miIO, the device protocol of Xiaomi: on the LAN, and as keep-alive towards the cloud."""

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece
from monitor.model.facts import Conversation, Dissection

_HEADER = 32


def _message(data: bytes) -> str:
    if data[:2] != b"\x21\x31" or int.from_bytes(data[2:4]) != len(data) or len(data) < _HEADER:
        return ""
    if len(data) > _HEADER:
        return "command"
    return "hello" if data[4:12] == b"\xff" * 8 else "hello-answer"


def _dissect(conversation: Conversation) -> Dissection | None:
    if not _message(first_piece(conversation)):
        return None
    messages = map(_message, (*conversation.orig, *conversation.resp))
    return Dissection("miio", tuple(distinct("miio.message", messages)))


DISSECTOR = Dissector(
    service="miio",
    title="Xiaomi miIO",
    transports=frozenset({UDP}),
    first_bytes=frozenset({0x21}),
    dissect=_dissect,
    ports=frozenset({54321, 8053}),
    rank=25,
    how="21 31, then the length of the datagram, 32 bytes or more",
    facts=(FactKind("miio.message", "hello, hello-answer or command"),),
    source="captures of Xiaomi and Xiaobai cameras",
)
