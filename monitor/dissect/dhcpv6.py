"""DHCP for IPv6 (UDP 547 and 546)."""

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import address, distinct, first_piece, text
from monitor.model.facts import Conversation, Dissection, Fact

_TYPES = {
    1: "solicit",
    2: "advertise",
    3: "request",
    4: "confirm",
    5: "renew",
    6: "rebind",
    7: "reply",
    8: "release",
    9: "decline",
    10: "reconfigure",
    11: "information-request",
}
_PORTS = frozenset({546, 547})
_CLIENT_ID = 1
_SERVER_ID = 2
_VENDOR_CLASS = 16
_DNS = 23
_FQDN = 39


def _options(data: bytes) -> dict[int, bytes] | None:
    """Return the options of a message, or None unless they fill it (RFC 8415 §8, §21.1)."""
    options: dict[int, bytes] = {}
    at = 4
    while at + 4 <= len(data):
        name, size = int.from_bytes(data[at : at + 2]), int.from_bytes(data[at + 2 : at + 4])
        if not 0 < name < 256 or at + 4 + size > len(data):
            return None
        options.setdefault(name, data[at + 4 : at + 4 + size])
        at += 4 + size
    return options if at == len(data) else None


def _name(value: bytes) -> str:
    """Read a name of option 39 (RFC 4704): flags, then labels, perhaps without an end."""
    labels, at = [], 1
    while at < len(value) and 0 < value[at] < 64:
        labels.append(text(value[at + 1 : at + 1 + value[at]]))
        at += 1 + value[at]
    return ".".join(labels)[:64]


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if len(data) < 10 or data[0] not in _TYPES or conversation.resp_port not in _PORTS:
        return None
    options = _options(data)
    if not options or not options.keys() & {_CLIENT_ID, _SERVER_ID, 8}:
        return None
    facts = [Fact("dhcpv6.type", _TYPES[data[0]])]
    vendor = options.get(_VENDOR_CLASS, b"")
    if len(vendor) > 6:
        facts += distinct("dhcpv6.vendor_class", [text(vendor[6:])])
    facts += distinct("dhcpv6.fqdn", [_name(options.get(_FQDN, b""))])
    for reply in conversation.resp:
        servers = (_options(reply) or {}).get(_DNS, b"")
        found = (address(servers[at : at + 16]) for at in range(0, min(len(servers), 64), 16))
        facts += distinct("dhcpv6.dns", found)
        break
    return Dissection("dhcpv6", tuple(facts))


DISSECTOR = Dissector(
    service="dhcpv6",
    title="Dynamic Host Configuration Protocol for IPv6",
    transports=frozenset({UDP}),
    first_bytes=frozenset(_TYPES),
    dissect=_dissect,
    ports=_PORTS,
    rank=60,
    how="port 546 or 547, a known message type, options that fill the message, a client or server "
    "identifier or an elapsed time among them",
    facts=(
        FactKind("dhcpv6.type", "solicit, advertise, request, reply, ..."),
        FactKind("dhcpv6.vendor_class", "Vendor class that the client gives (option 16)"),
        FactKind("dhcpv6.fqdn", "Full name that the client gives (option 39)"),
        FactKind("dhcpv6.dns", "Resolvers that the server gives (option 23)"),
    ),
    source="RFC 8415 §8, §21; RFC 4704",
)
