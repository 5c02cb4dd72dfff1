"""Frames of every kind that the decode stage takes apart, built with scapy."""

from functools import cache
from typing import Any

from scapy.compat import raw
from scapy.contrib.erspan import ERSPAN_II, ERSPAN_III, ERSPAN_PlatformSpecific
from scapy.contrib.geneve import GENEVE
from scapy.contrib.mpls import MPLS, EoMCW
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_Timestamp
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoRequest,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)
from scapy.layers.ipsec import AH
from scapy.layers.l2 import (
    ARP,
    GRE,
    LLC,
    SNAP,
    STP,
    CookedLinux,
    CookedLinuxV2,
    Dot1AD,
    Dot1Q,
    Dot3,
    Ether,
    Loopback,
)
from scapy.layers.ppp import HDLC, PPP, PPPoE
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Raw

CAMERA_MAC = "28:57:be:00:00:01"
GATEWAY_MAC = "02:00:00:00:00:02"


def _ether(src: str = CAMERA_MAC, dst: str = GATEWAY_MAC, **fields: Any) -> Packet:
    return Ether(src=src, dst=dst, **fields)


def _contents() -> dict[str, Packet]:
    """What can stand behind a link header or in a tunnel: IP packets of many kinds."""
    ip = IP(src="10.20.0.2", dst="45.1.2.3", id=7)
    ip6 = IPv6(src="fd00::2", dst="2001:db8::3")
    tcp = TCP(sport=40000, dport=443, flags="PA", seq=1000, ack=2000)
    udp = UDP(sport=5000, dport=53)
    data = Raw(bytes(range(100)))
    quoted = IP(src="10.20.0.2", dst="45.1.2.3") / UDP(sport=5000, dport=53) / Raw(bytes(8))
    quoted6 = ip6 / IPv6ExtHdrDestOpt() / TCP(sport=40000, dport=443)
    return {
        "tcp4": ip / tcp / data,
        "syn4": ip / TCP(sport=40000, dport=443, flags="S", options=[("MSS", 1460)]),
        "udp4": ip / udp / data,
        "options4": IP(src="10.20.0.2", dst="45.1.2.3", options=[IPOption_Timestamp()]) / tcp / data,
        "offload4": IP(src="10.20.0.2", dst="45.1.2.3", len=0) / tcp / data,
        "lying4": IP(src="10.20.0.2", dst="45.1.2.3", len=9000) / udp / data,
        "first4": IP(src="10.20.0.2", dst="45.1.2.3", id=9, flags="MF") / udp / data,
        "later4": IP(src="10.20.0.2", dst="45.1.2.3", id=9, frag=13, proto=17) / data,
        "icmp4": ip / ICMP() / data,
        "unreachable4": ip / ICMP(type=3, code=3) / quoted,
        "ah4": ip / AH(nh=6, payloadlen=4, icv=bytes(12)) / tcp / data,
        "esp4": IP(src="10.20.0.2", dst="45.1.2.3", proto=50) / data,
        "tcp6": ip6 / tcp / data,
        "udp6": ip6 / udp / data,
        "chain6": ip6 / IPv6ExtHdrHopByHop() / IPv6ExtHdrRouting(addresses=["::1"])
        / IPv6ExtHdrDestOpt() / tcp / data,
        "first6": ip6 / IPv6ExtHdrFragment(id=77, m=1) / udp / data,
        "later6": ip6 / IPv6ExtHdrFragment(id=77, offset=10, nh=17) / data,
        "atomic6": ip6 / IPv6ExtHdrFragment(id=78) / udp / data,
        "ah6": ip6 / AH(nh=6, payloadlen=4, icv=bytes(12)) / tcp / data,
        "icmp6": ip6 / ICMPv6EchoRequest(data=bytes(9)),
        "unreachable6": ip6 / ICMPv6DestUnreach(code=4) / quoted6,
        "mobility6": IPv6(src="fd00::2", dst="2001:db8::3", nh=135) / Raw(b"\x3b\x01" + bytes(14)),
    }  # fmt: skip


def _wrapped(inner: Packet) -> dict[str, Packet]:
    """The same IP packet in each encapsulation."""
    number = 0x0800 if isinstance(inner, IP) else 0x86DD
    frame = _ether() / inner
    outer = _ether("02:00:00:00:00:08", "02:00:00:00:00:09") / IP(src="192.0.2.1", dst="192.0.2.2")
    erspan = GRE(proto=0x88BE, seqnum_present=1, sequence_number=5)
    third = GRE(proto=0x22EB, seqnum_present=1)
    return {
        "ethernet": frame,
        "vlan": _ether() / Dot1Q(vlan=20) / inner,
        "qinq": _ether() / Dot1AD(vlan=100) / Dot1Q(vlan=20) / inner,
        "qinq-old": _ether(type=0x9100) / Dot1Q(vlan=100) / Dot1Q(vlan=20) / inner,
        "snap": Dot3(src=CAMERA_MAC, dst=GATEWAY_MAC) / LLC() / SNAP(code=number) / inner,
        "pppoe": _ether() / PPPoE(sessionid=3) / PPP() / inner,
        "mpls": _ether() / MPLS(label=16, s=0, ttl=64) / MPLS(label=17, s=1, ttl=64) / inner,
        "pseudo-wire": _ether() / MPLS(label=16, s=1) / EoMCW(zero=0) / frame,
        "bare-wire": _ether() / MPLS(label=16, s=1) / Raw(raw(frame)),
        "gre": outer / GRE(proto=number) / inner,
        "gre-all": outer / GRE(proto=number, chksum_present=1, key_present=1, seqnum_present=1) / inner,
        "pptp": outer / GRE(proto=0x880B, version=1, key_present=1, key=0x00200001, seqnum_present=1)
        / Raw(b"\xff\x03\x00" + (b"\x21" if number == 0x0800 else b"\x57") + raw(inner)),
        "trustsec": _ether(type=0x8909) / Raw(b"\1\1\0\1\0\x09" + number.to_bytes(2, "big") + raw(inner)),
        "teb": outer / GRE(proto=0x6558, key_present=1) / frame,
        "erspan1": outer / GRE(proto=0x88BE) / Raw(raw(frame)),
        "erspan2": outer / erspan / ERSPAN_II(vlan=30) / frame,
        "erspan3": outer / third / ERSPAN_III(vlan=30) / frame,
        "erspan3-sub": outer / third / ERSPAN_III(vlan=30, o=1) / ERSPAN_PlatformSpecific() / frame,
        "vxlan": outer / UDP(dport=4789) / VXLAN(vni=5) / Raw(raw(frame)),
        "vxlan-gpe": outer / UDP(dport=4789) / VXLAN(vni=5) / frame,
        "vxlan-gpe-ip": outer / UDP(dport=4789) / VXLAN(vni=5) / inner,
        "vxlan-linux": outer / UDP(dport=8472) / VXLAN(vni=5) / Raw(raw(frame)),
        "geneve": outer / UDP(dport=6081) / GENEVE(vni=5, proto=0x6558, optionlen=1) / Raw(bytes(4)) / frame,
        "geneve-ip": outer / UDP(dport=6081) / GENEVE(vni=5, proto=number) / inner,
        "ipip": _ether() / IP(src="192.0.2.1", dst="192.0.2.2", proto=4 if number == 0x0800 else 41) / inner,
        "in6": _ether() / IPv6(src="fd00::8", dst="fd00::9", nh=4 if number == 0x0800 else 41) / inner,
        "ttl": _ether() / Dot1Q(vlan=21) / inner,
    }  # fmt: skip


def _links() -> list[tuple[str, int, bytes]]:
    """Other link types, with IPv4 and IPv6 in them, and frames that hold no IP."""
    inner, inner6 = _contents()["tcp4"], _contents()["udp6"]
    found: list[tuple[str, int, Packet | bytes]] = [
        ("null", 0, Loopback(type=2) / inner),
        ("null-other-order", 0, b"\x1e\0\0\0" + raw(inner6)),
        ("loop", 108, b"\0\0\0\x18" + raw(inner6)),
        ("raw", 101, inner),
        ("raw-12", 12, inner6),
        ("raw-14", 14, inner),
        ("ipv4", 228, inner),
        ("ipv6", 229, inner6),
        ("sll", 113, CookedLinux(src=bytes.fromhex("2857be0000010000"), lladdrlen=6) / inner),
        ("sll-vlan", 113, CookedLinux(proto=0x8100) / Dot1Q(vlan=20) / inner6),
        ("sll2", 276, CookedLinuxV2(proto=0x0800, lladdrlen=6) / inner),
        ("ppp", 9, HDLC() / PPP(proto=0x21) / inner),
        ("ppp-short", 9, b"\x21" + raw(inner)),
        ("ppp-hdlc", 50, HDLC() / PPP(proto=0x57) / inner6),
        ("ppp-cisco", 50, b"\x0f\x00\x08\x00" + raw(inner)),
        ("pppoe", 51, PPPoE() / PPP() / inner),
        ("c-hdlc", 104, b"\x8f\x00\x86\xdd" + raw(inner6)),
        ("arp", 1, _ether() / ARP()),
        ("stp", 1, Dot3() / LLC(dsap=0x42, ssap=0x42, ctrl=3) / STP()),
        ("lldp", 1, _ether(type=0x88CC) / Raw(bytes(40))),
        ("lcp", 1, _ether() / PPPoE() / PPP(proto=0xC021) / Raw(bytes(10))),
        ("radio", 127, bytes(40)),
    ]
    return [(name, link, bytes(packet)) for name, link, packet in found]


def nested(levels: int) -> bytes:
    """Return an Ethernet frame with `levels` IPv4 headers around a UDP packet's own."""
    packet = raw(IP(src="10.20.0.2", dst="45.1.2.3") / UDP(sport=5000, dport=53))
    for _ in range(levels):
        packet = raw(IP(src="192.0.2.1", dst="192.0.2.2", proto=4) / Raw(packet))
    return raw(_ether(type=0x0800) / Raw(packet))


@cache
def corpus() -> dict[str, tuple[int, bytes]]:
    """Return name -> (link type, frame): each IP packet in each encapsulation, each link type."""
    found = {name: (link, content) for name, link, content in _links()}
    for kind, inner in _contents().items():
        for name, packet in _wrapped(inner).items():
            found[f"{name}/{kind}"] = (1, raw(packet))
    for levels in (1, 7, 8, 9, 12):
        found[f"nested/{levels}"] = (1, nested(levels))
    twice = _wrapped(_wrapped(_contents()["tcp4"])["vxlan"].payload)
    for name in ("gre", "erspan2", "vxlan", "pppoe", "pseudo-wire"):
        found[f"twice/{name}"] = (1, raw(twice[name]))
    return found
