"""DHCP for IPv4: what a device says of itself when it asks for an address."""

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece, ipv4, text
from monitor.model.facts import Conversation, DhcpMessage, Dissection, Fact

_COOKIE = b"\x63\x82\x53\x63"
_TYPES = (
    "",
    "discover",
    "offer",
    "request",
    "decline",
    "ack",
    "nak",
    "release",
    "inform",
    "force-renew",
    "lease-query",
)
_MOST_OPTIONS = 96
_NONE = ipv4(bytes(4))


def _options(data: bytes) -> dict[int, bytes]:
    """Return the options after the cookie (RFC 2132 §2); parts of one option are joined."""
    options: dict[int, bytes] = {}
    at = 240
    for _ in range(_MOST_OPTIONS):
        if at >= len(data) or data[at] == 255:
            break
        if data[at] == 0:
            at += 1
            continue
        size = data[at + 1] if at + 1 < len(data) else 0
        value = data[at + 2 : at + 2 + size]
        if len(value) < size:
            break
        options[data[at]] = options.get(data[at], b"") + value
        at += 2 + size
    return options


def _addresses(value: bytes) -> tuple[str, ...]:
    return tuple(ipv4(value[at : at + 4]) for at in range(0, min(len(value) & ~3, 16), 4))


def _fqdn(value: bytes) -> str:
    """Read option 81 (RFC 4702): flags, two old bytes, then a name in either encoding."""
    if len(value) < 4:
        return ""
    if not value[0] & 4:
        return text(value[3:])
    labels, at = [], 3
    while at < len(value) and 0 < value[at] < 64:
        labels.append(text(value[at + 1 : at + 1 + value[at]]))
        at += 1 + value[at]
    return ".".join(labels)[:64]


def _is_bootp(data: bytes) -> bool:
    return (
        len(data) >= 241
        and data[236:240] == _COOKIE
        and data[0] in {1, 2}
        and data[2] <= 16
        and data[3] <= 32
    )


def parse(payload: bytes) -> DhcpMessage | None:
    """Return the DHCP message in a UDP payload, or None when it is none. Never raises."""
    if not _is_bootp(payload):
        return None
    options = _options(payload)
    kind = options.get(53, b"\0")[:1] or b"\0"
    lease = options.get(51, b"")
    return DhcpMessage(
        is_reply=payload[0] == 2,
        kind=_TYPES[kind[0]] if kind[0] < len(_TYPES) else str(kind[0]),
        transaction=int.from_bytes(payload[4:8]),
        client_mac=payload[28:34].hex(":") if payload[1] == 1 and payload[2] == 6 else "",
        client_address=ipv4(payload[12:16]),
        your_address=ipv4(payload[16:20]),
        relay_address=ipv4(payload[24:28]),
        requested_address=ipv4(options.get(50, b"")),
        server=ipv4(options.get(54, b"")),
        hostname=text(options.get(12, b"")),
        fqdn=_fqdn(options.get(81, b"")),
        vendor_class=text(options.get(60, b"")),
        parameters=tuple(options.get(55, b"")[:64]),
        domain=text(options.get(15, b"")),
        dns=_addresses(options.get(6, b"")),
        routers=_addresses(options.get(3, b"")),
        ntp=_addresses(options.get(42, b"")),
        lease_s=int.from_bytes(lease) if len(lease) == 4 else 0,
    )


def _dissect(conversation: Conversation) -> Dissection | None:
    if parse(first_piece(conversation)) is None:
        return None
    pieces = (*conversation.orig, *conversation.resp)
    found = [message for message in map(parse, pieces) if message is not None]
    clients = [m for m in found if not m.is_reply] or found
    facts = distinct("dhcp.type", (m.kind for m in found))
    facts += distinct("dhcp.hostname", (m.hostname for m in clients))
    facts += distinct("dhcp.fqdn", (m.fqdn for m in clients))
    facts += distinct("dhcp.vendor_class", (m.vendor_class for m in clients))
    facts += distinct("dhcp.parameters", (",".join(map(str, m.parameters))[:160] for m in clients))
    facts += distinct("dhcp.requested", (m.requested_address for m in clients))
    replies = [m for m in found if m.is_reply]
    facts += distinct("dhcp.offered", (m.your_address for m in replies if m.your_address != _NONE))
    facts += distinct("dhcp.dns", (a for m in replies for a in m.dns))
    facts += distinct("dhcp.router", (a for m in replies for a in m.routers))
    facts += distinct("dhcp.ntp", (a for m in replies for a in m.ntp))
    facts += distinct("dhcp.domain", (m.domain for m in replies))
    return Dissection("dhcp", tuple(facts or [Fact("dhcp.type", "bootp")]))


DISSECTOR = Dissector(
    service="dhcp",
    title="Dynamic Host Configuration Protocol",
    transports=frozenset({UDP}),
    first_bytes=frozenset({1, 2}),
    dissect=_dissect,
    ports=frozenset({67, 68}),
    rank=20,
    how="BOOTP request or answer with the magic cookie 63 82 53 63 at offset 236",
    facts=(
        FactKind("dhcp.type", "discover, offer, request, ack, inform, ...; bootp without a type"),
        FactKind("dhcp.hostname", "Host name that the client gives (option 12)"),
        FactKind("dhcp.fqdn", "Full name that the client gives (option 81)"),
        FactKind("dhcp.vendor_class", "Vendor class that the client gives (option 60)"),
        FactKind("dhcp.parameters", "Options that the client asks for, in its order (option 55)"),
        FactKind("dhcp.requested", "Address that the client asks for (option 50)"),
        FactKind("dhcp.offered", "Address that the server gives"),
        FactKind("dhcp.dns", "Resolvers that the server gives"),
        FactKind("dhcp.router", "Routers that the server gives"),
        FactKind("dhcp.ntp", "Time servers that the server gives"),
        FactKind("dhcp.domain", "Domain that the server gives"),
    ),
    source="RFC 2131 §2, RFC 2132, RFC 4702",
)
