"""What an operator may set of the flow stage, with the reasons for the defaults."""

import dataclasses

MIN_STORE_BYTES = 1 << 16
"""The payload store holds at least two conversations of the largest size."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FlowSettings:
    """Bounds and timeouts of the flow table. Times are packet time.

    Raises:
        ValueError: A bound or timeout makes no sense; says which.
    """

    max_flows: int = 1_000_000
    """Flows held at a time; each costs about 340 bytes once it was used.

    At 80 % a quarter of the idle timeouts applies, and the table is searched for flows that passed
    it whenever one opens, until it is down to 70 %. When it is full, the least valuable of 16 flows
    at a clock hand goes for each that comes: those without answer and payload first, then the one
    that was silent longest.
    """

    tcp_idle_s: float = 300.0
    """Established, or seen from the middle."""

    tcp_half_open_s: float = 30.0
    """Nothing but SYN was seen. Linux repeats a SYN after 1, 2, 4, 8, 16 and 32 s."""

    tcp_closed_s: float = 5.0
    """FIN from both sides, or RST: time for the last ACK and repeated segments."""

    udp_idle_s: float = 60.0
    icmp_idle_s: float = 10.0
    other_idle_s: float = 60.0

    active_s: float = 1800.0
    """A flow that goes on longer is written in parts, each cut by the first packet beyond this."""

    use_vlan: bool = True
    """Equal addresses and ports in two VLANs are two flows."""

    tcp_orig_bytes: int = 4096
    """Start of the originator's stream that is kept: a request, or a ClientHello with post-quantum
    key shares (1.8 KB). A stream that starts with a whole ClientHello is kept to its end only."""

    tcp_resp_bytes: int = 6144
    """Start of the responder's stream that is kept: ServerHello and certificates (3 to 5 KB)."""

    tcp_segments: int = 16
    """Segments a side, at most 32; a stream of tiny segments is not worth more."""

    datagrams: int = 6
    """Datagrams a side, at most 32: rendezvous protocols show their names in the first few."""

    datagram_bytes: int = 2048
    """Kept of each datagram: above an Ethernet MTU, below what fragments would bring."""

    window_s: float = 5.0
    """A conversation is handed on this long after its first payload at the latest."""

    store_bytes: int = 64 << 20
    """Payload held at a time; when full, the oldest conversations are handed on early."""

    copy_window_ns: int = 1_000_000
    """Equal packets this close are taken for mirror copies, until the record is written."""

    messages: int = 64
    """Packets of a flow record that are handed on as messages (mDNS, LLMNR, DHCP)."""

    dns_answers: int = 4096
    """The same for answers from UDP port 53: many cameras ask from one port for days."""

    def __post_init__(self) -> None:
        if not 1 <= self.max_flows <= 1 << 27:
            raise ValueError(f"max_flows: {self.max_flows}; want 1 to 2^27")
        for name in _TIMES:
            if not 0 < getattr(self, name) < 1e9:
                raise ValueError(f"{name}: {getattr(self, name)}; want above 0 s")
        for name in ("tcp_orig_bytes", "tcp_resp_bytes", "datagram_bytes"):
            if not 0 <= getattr(self, name) <= 8192:
                raise ValueError(f"{name}: {getattr(self, name)}; want 0 to 8192 bytes")
        for name in ("tcp_segments", "datagrams"):
            if not 0 <= getattr(self, name) <= 32:
                raise ValueError(f"{name}: {getattr(self, name)}; want 0 to 32")
        if 2 * self.datagrams * self.datagram_bytes > MIN_STORE_BYTES // 2:
            raise ValueError(
                f"datagrams and datagram_bytes: more than {MIN_STORE_BYTES // 2} bytes"
            )
        if not MIN_STORE_BYTES <= self.store_bytes <= 1 << 36:
            raise ValueError(f"store_bytes: {self.store_bytes}; want {MIN_STORE_BYTES} at least")
        if not 0 <= self.copy_window_ns <= 1_000_000_000:
            raise ValueError(f"copy_window_ns: {self.copy_window_ns}; want 0 to 1 s")
        for name in ("messages", "dns_answers"):
            if not 0 <= getattr(self, name) <= 60_000:
                raise ValueError(f"{name}: {getattr(self, name)}; want 0 to 60000")


_TIMES = (
    "tcp_idle_s",
    "tcp_half_open_s",
    "tcp_closed_s",
    "udp_idle_s",
    "icmp_idle_s",
    "other_idle_s",
    "active_s",
    "window_s",
)
