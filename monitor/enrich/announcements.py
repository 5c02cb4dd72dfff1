"""What a host says of itself in its own DHCP messages and mDNS announcements, as facts."""

from typing import Final

from monitor.model.facts import DhcpMessage, DnsMessage, Fact

MAX_FACTS: Final = 32

_A: Final = 1
_PTR: Final = 12
_AAAA: Final = 28
_SRV: Final = 33
_NO_SERVICE: Final = (".arpa", "_dns-sd._udp.local")
"""Ends of names whose PTR records tell addresses and kinds of service, not services."""


def dhcp_facts(message: DhcpMessage) -> list[Fact]:
    """Return what a client's message says of the client."""
    texts = {
        "hostname": message.hostname,
        "fqdn": message.fqdn,
        "vendor_class": message.vendor_class,
        "parameters": ",".join(map(str, message.parameters)),
    }
    return [Fact(f"own-dhcp.{name}", text) for name, text in texts.items() if text]


def mdns_facts(message: DnsMessage) -> list[Fact]:
    """Return the services, instances and hosts that an mDNS answer announces (RFC 6763 §4)."""
    found: dict[Fact, None] = {}
    for record in message.answers:
        name = record.name
        if record.type == _PTR and not name.endswith(_NO_SERVICE):
            found[Fact("own-mdns.service", name.removesuffix(".local"))] = None
            found[Fact("own-mdns.instance", record.value.partition("._")[0])] = None
        elif record.type == _SRV:
            instance, _, service = name.partition("._")
            found[Fact("own-mdns.instance", instance)] = None
            found[Fact("own-mdns.service", "_" + service.removesuffix(".local"))] = None
        elif record.type in (_A, _AAAA):
            found[Fact("own-mdns.host", name)] = None
    return [fact for fact in found if fact.value][:MAX_FACTS]
