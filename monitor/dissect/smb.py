"""SMB file shares: recordings stored on a server, or an office computer at work."""

from monitor.dissect.base import TCP, Dissector, FactKind
from monitor.dissect.wire import first_piece
from monitor.model.facts import Conversation, Dissection, Fact

_MAGICS = {b"\xffSMB": "1", b"\xfeSMB": "2 or 3", b"\xfdSMB": "3, encrypted"}


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    version = _MAGICS.get(data[4:8])
    if version is None or data[0] != 0 or int.from_bytes(data[1:4]) < 32:
        return None
    answered = _MAGICS.get(conversation.resp_first[4:8], version)
    return Dissection("smb", (Fact("smb.version", answered),))


DISSECTOR = Dissector(
    service="smb",
    title="Server Message Block",
    transports=frozenset({TCP}),
    first_bytes=frozenset({0}),
    dissect=_dissect,
    ports=frozenset({445, 139}),
    rank=20,
    how="00, a 24-bit length of 32 or more, then FF, FE or FD and SMB",
    facts=(FactKind("smb.version", "1, 2 or 3, or 3 encrypted, as answered"),),
    source="MS-SMB2 §2.1 and §2.2.1, MS-CIFS §2.2.3.1",
)
