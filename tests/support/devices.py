"""Addresses, MACs, messages and a gatherer of devices for tests."""

from collections.abc import Mapping
from pathlib import Path

from monitor.enrich.devices import Devices, Readers
from monitor.enrich.oui import OuiTable
from monitor.model.addresses import Address
from monitor.model.facts import DhcpMessage, DnsMessage, DnsRecord
from monitor.model.words import Scope

HIKVISION = 0x4419B65E20A1
DAHUA = 0xE0508B1466D3
EZVIZ = 0x588FCF000001
AMCREST = 0x9C8ECD000001
LOREX = 0x001F540003E9
AXIS = 0xACCC8E2291B0
DLINK = 0xB0C554255B0E
APPLE = 0xA483E7223F91
ESPRESSIF = 0xB4E62D84A881
RANDOM = 0x1EF29AF25514

NOBODY = "0.0.0.0"  # noqa: S104  # an address on the wire, nothing is bound


def site(text: str) -> Address:
    """Return an address of the site."""
    return Address(text, is_site=True, is_camera=True, scope=Scope.SITE)


def outside(text: str) -> Address:
    """Return an address elsewhere."""
    return Address(text, is_site=False, is_camera=False, scope=Scope.OUTSIDE)


def dhcp(mac: int, **texts: str) -> DhcpMessage:
    """Return a DHCP message of a client, or with ``your_address`` the server's answer to it."""
    is_reply = "your_address" in texts
    return DhcpMessage(
        is_reply=is_reply,
        kind="ack" if is_reply else "request",
        transaction=1,
        client_mac=mac.to_bytes(6).hex(":"),
        client_address=NOBODY,
        your_address=texts.get("your_address", NOBODY),
        relay_address=NOBODY,
        requested_address="",
        server="",
        hostname=texts.get("hostname", ""),
        fqdn="",
        vendor_class=texts.get("vendor_class", ""),
        parameters=(1, 3, 6),
        domain="",
        dns=(),
        routers=(),
        ntp=(),
        lease_s=0,
    )


def announces(*services: tuple[str, str]) -> DnsMessage:
    """Return an mDNS answer of (service, instance) pairs, such as ``("_ipp._tcp", "Office")``."""
    records = (
        DnsRecord(f"{service}.local", 12, 4500, f"{instance}.{service}.local")
        for service, instance in services
    )
    return DnsMessage(0, True, 0, (), tuple(records), is_cut=False)


def gatherer(
    cache: Path,
    *,
    dhcp: Mapping[bytes, DhcpMessage] | None = None,
    mdns: Mapping[bytes, DnsMessage] | None = None,
) -> Devices:
    """Return an empty gatherer over the shipped prefixes, with messages by their payload."""
    ouis = OuiTable.open(system_lists=(), cache=cache)
    return Devices(ouis, Readers((dhcp or {}).get, (mdns or {}).get))
