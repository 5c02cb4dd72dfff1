"""DVRIP, the binary control protocol of Dahua devices, also used when they dial out themselves."""

import re

from monitor.dissect.base import TCP, Dissector, FactKind
from monitor.dissect.wire import text
from monitor.model.facts import Conversation, Dissection, Fact

_REQUESTS = {
    (0xA0, 0x00): "login",
    (0xA0, 0x01): "realm",
    (0xA0, 0x05): "login",
    (0xF6, 0x00): "json",
}
_USER = re.compile(rb"([\x21-\x25\x27-\x7e]{1,32})&&[0-9A-Fa-f]{8,64}")
_REALM = re.compile(rb"Realm:([\x20-\x7e]{1,64})\r?\n")


def _is_request(data: bytes) -> bool:
    """Return whether a 32-byte header with the login mark A1 AA at its end starts here."""
    return (
        len(data) >= 32
        and (data[0], data[1]) in _REQUESTS
        and data[2] == 0
        and data[3] in {0x00, 0x60}
        and int.from_bytes(data[4:8], "little") <= 1 << 16
        and (data[30:32] == b"\xa1\xaa" if data[0] == 0xA0 else data[32:34] == b'{"')
    )


def _is_answer(data: bytes) -> bool:
    return (
        len(data) >= 32
        and data[0] == 0xB0
        and data[1] in {0x00, 0x01, 0x0B}
        and data[2:4] in {b"\x00\x58", b"\x00\x60", b"\x00\x68", b"\x00\x78"}
        and int.from_bytes(data[4:8], "little") <= 1 << 16
    )


def _dissect(conversation: Conversation) -> Dissection | None:
    data, answer = conversation.orig_first, conversation.resp_first
    if not data:
        return Dissection("dvrip", ()) if _is_answer(answer) else None
    # The device that dials out is the originator: then the platform's login is the answer.
    if _is_answer(data) and _is_request(answer):
        data, answer = answer, data
    if not _is_request(data):
        return None
    facts = [Fact("dvrip.message", _REQUESTS[data[0], data[1]])]
    user = _USER.match(data, 32)
    if user:
        facts.append(Fact("credential", f"dvrip user={text(user[1])}"))
    realm = _REALM.search(answer, 32, 512)
    if realm:
        facts.append(Fact("dvrip.realm", text(realm[1])))
    return Dissection("dvrip", tuple(facts))


DISSECTOR = Dissector(
    service="dvrip",
    title="Dahua DVRIP",
    transports=frozenset({TCP}),
    first_bytes=frozenset({0xA0, 0xB0, 0xF6}),
    dissect=_dissect,
    ports=frozenset({37777}),
    rank=30,
    how="32-byte header: A0 00, A0 01 or A0 05 with A1 AA at its end, F6 00 with JSON after it, or "
    "the answer B0 0x 00 58/60/68/78",
    facts=(
        FactKind("dvrip.message", "login, realm or json"),
        FactKind("dvrip.realm", "Login realm of the device"),
        FactKind("credential", "User name of the login"),
    ),
    source="mcw0/DahuaConsole; mcw0/PoC",
)
