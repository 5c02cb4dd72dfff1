"""Closed vocabularies. The numbers of `IntEnum`s stand in columns, the texts of `StrEnum`s in records."""

from enum import IntEnum, StrEnum


class Stop(IntEnum):
    """Why decoding of a frame ended before a TCP, UDP, ICMP or other IP packet was reached."""

    NONE = 0  # decoded: the row is a packet
    EMPTY = 1  # no captured bytes
    LINK_TYPE = 2  # a link type that is not read
    LINK_CUT = 3  # the link-layer header is cut or damaged
    ARP = 4  # counted, not a packet
    NOT_IP = 5  # another EtherType or SAP: LLDP, STP, 802.1X, ...
    IP_VERSION = 6  # an IP header whose version contradicts the layer above
    IP_CUT = 7  # the IP header is cut, or its length fields lie
    EXTENSION_CUT = 8  # an IPv6 extension header is cut, or there are too many
    TRANSPORT_CUT = 9  # the TCP, UDP or ICMP header is cut, or its length fields lie
    TUNNEL_CUT = 10  # an encapsulation header is cut or damaged
    TUNNEL_DEPTH = 11  # more encapsulations inside one another than are followed
    TUNNEL_PAYLOAD = 12  # an encapsulation that carries something else than Ethernet or IP


class Tunnel(IntEnum):
    """The innermost encapsulation that decoding removed."""

    NONE = 0
    GRE = 1
    ERSPAN1 = 2
    ERSPAN2 = 3
    ERSPAN3 = 4
    VXLAN = 5
    GENEVE = 6
    IPIP = 7
    PPPOE = 8
    MPLS = 9


class Fragment(IntEnum):
    """Place of an IP packet in a fragmented datagram."""

    WHOLE = 0
    FIRST = 1
    LATER = 2


class Protocol(IntEnum):
    """IP protocol numbers that have a name in records; others are written as a number."""

    ICMP = 1
    IGMP = 2
    TCP = 6
    UDP = 17
    GRE = 47
    ESP = 50
    AH = 51
    ICMPV6 = 58
    SCTP = 132


class EndReason(IntEnum):
    """Why a flow record was written; numbers of IPFIX information element 136."""

    IDLE = 1
    ACTIVE = 2
    END_OF_FLOW = 3
    FORCED = 4
    NO_RESOURCES = 5


class Outcome(StrEnum):
    """Whether the originator was answered."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    REFUSED = "refused"


OUTCOMES = (Outcome.UNANSWERED, Outcome.ANSWERED, Outcome.REFUSED)
"""Outcome by its number in the column `outcome`."""


class Scope(StrEnum):
    """Where the destination of a flow lies, seen from the camera."""

    OUTSIDE = "outside"
    SITE = "site"
    MULTICAST = "multicast"
    BROADCAST = "broadcast"


class Confidence(StrEnum):
    """How sure an answer is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"

    @property
    def rank(self) -> int:
        """Order: 0 for none to 3 for high."""
        return ("none", "low", "medium", "high").index(self.value)


class Purpose(StrEnum):
    """What a flow is for; the ids are stable."""

    DIAGNOSTICS = "diagnostics"
    UPDATE_CHECK = "update-check"
    FIRMWARE_DOWNLOAD = "firmware-download"
    P2P_RENDEZVOUS = "p2p-rendezvous"
    MEDIA_RELAY = "media-relay"
    CLOUD_API = "cloud-api"
    CLOUD_STORAGE = "cloud-storage"
    PUSH = "push"
    DDNS = "ddns"
    DNS = "dns"
    NTP = "ntp"
    CONNECTIVITY_CHECK = "connectivity-check"
    DISCOVERY = "discovery"
    USER_SERVICE = "user-service"
    TUNNEL = "tunnel"
    REMOTE_ACCESS = "remote-access"
    SCAN = "scan"
    UNKNOWN = "unknown"


PURPOSE_GROUPS = {
    Purpose.DIAGNOSTICS: "diagnostics",
    Purpose.UPDATE_CHECK: "update",
    Purpose.FIRMWARE_DOWNLOAD: "update",
    Purpose.P2P_RENDEZVOUS: "cloud-p2p",
    Purpose.MEDIA_RELAY: "cloud-p2p",
    Purpose.CLOUD_API: "cloud",
    Purpose.CLOUD_STORAGE: "cloud",
    Purpose.PUSH: "cloud",
    Purpose.DDNS: "infrastructure",
    Purpose.DNS: "infrastructure",
    Purpose.NTP: "infrastructure",
    Purpose.CONNECTIVITY_CHECK: "infrastructure",
    Purpose.DISCOVERY: "infrastructure",
    Purpose.USER_SERVICE: "user",
    Purpose.TUNNEL: "exposure",
    Purpose.REMOTE_ACCESS: "exposure",
    Purpose.SCAN: "exposure",
    Purpose.UNKNOWN: "unknown",
}
"""The group that each purpose is shown under."""


class DeviceKind(StrEnum):
    """What sort of device an address belongs to."""

    CAMERA = "camera"
    RECORDER = "recorder"
    OTHER = "other"
    UNKNOWN = "unknown"


class NameSource(StrEnum):
    """Where the name of a destination was learnt, most telling first."""

    SNI = "sni"
    HTTP = "http"
    DNS = "dns"
    CERTIFICATE = "certificate"
    PAYLOAD = "payload"


class Severity(StrEnum):
    """How much a finding matters."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"
