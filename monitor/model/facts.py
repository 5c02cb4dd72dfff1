"""What dissectors see and what they give: bytes in, facts out."""

import dataclasses
from typing import NamedTuple


class Fact(NamedTuple):
    """One thing that the bytes show."""

    kind: str
    """Dotted name from the table in docs/protocols.md, such as ``tls.sni``."""

    value: str


@dataclasses.dataclass(slots=True)
class Conversation:
    """The first payload of one flow, as a dissector sees it."""

    protocol: int
    """IP protocol number."""

    orig_port: int
    resp_port: int
    orig: tuple[bytes, ...]
    """TCP: at most one entry, the start of the stream in order. Else: the first datagrams."""

    resp: tuple[bytes, ...]

    @property
    def orig_first(self) -> bytes:
        """First piece of the originator, empty where there is none."""
        return self.orig[0] if self.orig else b""

    @property
    def resp_first(self) -> bytes:
        """First piece of the responder, empty where there is none."""
        return self.resp[0] if self.resp else b""


class Dissection(NamedTuple):
    """What was recognised in a conversation. Equal ones are one object: compare by identity."""

    service: str
    """Protocol recognised from bytes, such as ``tls``; empty when none was."""

    facts: tuple[Fact, ...] = ()
    weirds: tuple[str, ...] = ()
    """Stable snake_case names of oddities."""

    def first(self, kind: str) -> str:
        """Return the value of the first fact of `kind`, or an empty string."""
        for fact in self.facts:
            if fact.kind == kind:
                return fact.value
        return ""

    def all(self, kind: str) -> tuple[str, ...]:
        """Return the values of all facts of `kind`."""
        return tuple(fact.value for fact in self.facts if fact.kind == kind)


NOTHING = Dissection("")
"""No payload, or none that is recognised."""


class DnsRecord(NamedTuple):
    """One resource record of an answer."""

    name: str
    """Owner name, lower case, without the final dot."""

    type: int
    ttl: int
    value: str
    """Address as text (A, AAAA), target name (CNAME, PTR, SRV), or empty."""


class DnsMessage(NamedTuple):
    """A DNS message, as far as it could be read."""

    id: int
    is_response: bool
    rcode: int
    questions: tuple[tuple[str, int], ...]
    """(name in lower case without the final dot, type)."""

    answers: tuple[DnsRecord, ...]
    is_cut: bool
    """The bytes ended, or lied, before the message did."""


class DhcpMessage(NamedTuple):
    """A DHCP message for IPv4, as far as it could be read. Absent texts are empty."""

    is_reply: bool
    """From a server."""

    kind: str
    """Message type: ``discover``, ``offer``, ``request``, ``ack``, ...; empty for plain BOOTP."""

    transaction: int
    client_mac: str
    """Hardware address of the client, lower case with colons; empty when it is not Ethernet."""

    client_address: str
    """Address that the client has already (ciaddr); ``0.0.0.0`` when none."""

    your_address: str
    """Address that the server gives (yiaddr); ``0.0.0.0`` when none."""

    relay_address: str
    """Relay between client and server (giaddr); ``0.0.0.0`` when none."""

    requested_address: str
    server: str
    """Server identifier."""

    hostname: str
    fqdn: str
    vendor_class: str
    parameters: tuple[int, ...]
    """Options that the client asks for, in its order."""

    domain: str
    dns: tuple[str, ...]
    routers: tuple[str, ...]
    ntp: tuple[str, ...]
    lease_s: int
    """Lease time in seconds; 0 when absent."""
