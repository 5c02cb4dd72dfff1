"""Settings of the road from frames to records: the same for a replay and for the live sensor."""

import ipaddress

from pydantic import Field

from monitor.config.section import Network, OptionalPath, Section
from monitor.model.addresses import SITE_DEFAULT


class SiteSettings(Section):
    """Which addresses are cameras, and which belong to the site."""

    cameras: tuple[Network, ...] = Field(
        default=(),
        description="Networks or addresses of the cameras. Empty: every site address that talks.",
    )
    inventory: OptionalPath = Field(
        default=None,
        description="List of cameras (CSV or YAML), which names them and says who is missing; see "
        "docs/coverage.md.",
    )
    networks: tuple[Network, ...] = Field(
        default=tuple(ipaddress.ip_network(text) for text in SITE_DEFAULT),
        description="Networks that belong to the site; everything else is outside.",
    )


class FlowSettings(Section):
    """The flow table: raising a limit costs memory, raising a timeout joins what is far apart."""

    max_flows: int = Field(
        default=1_000_000, ge=16, le=50_000_000, description="Flows kept at once, about 300 B each."
    )
    use_vlan: bool = Field(
        default=True,
        description="Whether the VLAN tag tells flows apart. Switch off where a mirror tags one "
        "direction only.",
    )
    tcp_idle_s: float = Field(
        default=300,
        gt=0,
        lt=1e9,
        allow_inf_nan=False,
        description="Seconds without a packet that end an open TCP flow.",
    )
    udp_idle_s: float = Field(
        default=60,
        gt=0,
        lt=1e9,
        allow_inf_nan=False,
        description="Seconds without a packet that end a UDP flow.",
    )
    active_s: float = Field(
        default=1800,
        gt=0,
        description="Seconds after which a record is written of a flow that goes on.",
    )


class GeoSettings(Section):
    """Where countries and networks are looked up."""

    country: OptionalPath = Field(
        default=None, description="Country database (MMDB). Empty: the newest that is found."
    )
    asn: OptionalPath = Field(
        default=None, description="ASN database (MMDB). Empty: the newest that is found."
    )


class CatalogSettings(Section):
    """The knowledge that purposes rest on."""

    directory: OptionalPath = Field(
        default=None, description="Directory of your own entries, which add to or override ours."
    )
