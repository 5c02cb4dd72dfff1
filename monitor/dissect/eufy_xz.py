"""Keep-alives of Eufy stations and cameras towards their server (XZ)."""

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import first_piece, text
from monitor.model.facts import Conversation, Dissection, Fact

_SERIAL_AT = 20


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    serial = data[_SERIAL_AT : _SERIAL_AT + 16]
    if data[:2] != b"XZ" or serial[:2] != b"T8" or not serial.isalnum() or len(serial) < 16:
        return None
    # The first five characters are the model, the rest is the device.
    return Dissection("eufy-xz", (Fact("eufy-xz.model", text(serial[:5])),))


DISSECTOR = Dissector(
    service="eufy-xz",
    title="Eufy keep-alive (XZ)",
    transports=frozenset({UDP}),
    first_bytes=frozenset(b"X"),
    dissect=_dissect,
    ports=frozenset({8006}),
    rank=30,
    how="XZ, and a serial number of 16 letters and digits that starts with T8 at offset 20",
    facts=(FactKind("eufy-xz.model", "First five characters of the serial number, the model"),),
    source="bropat/eufy-security-client; capture of an Eufy HomeBase",
)
