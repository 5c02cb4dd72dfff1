"""Kernel filter: what stays inside the site is dropped before it costs anything.

Most of what a camera VLAN carries is video from cameras to a recorder. It is let in only as a thin
random sample, which shows that the mirror is alive. What names devices and hosts, opens and closes
connections, or may hide other traffic is let in whole: see `is_whole`, which says of a flow whether
the filter shows all of it. Everything with an end outside the site is let in.

IPv4 and IPv6 in Ethernet, behind up to three VLAN tags in the frame; the outermost one the kernel
takes out before the filter sees the frame, and it is not needed here.
"""

import ipaddress
from collections.abc import Iterable, Sequence

import numpy as np

from monitor.capture.bpf import BYTE, HALF, RANDOM, WHOLE_FRAME, WORD, Program
from monitor.model.addresses import Network
from monitor.model.arrays import Bool
from monitor.model.rows import SCOPES, RecordBatch
from monitor.model.words import OUTCOMES, Outcome, Protocol, Scope

TAGS = (0x8100, 0x88A8, 0x9100)
MOST_TAGS = 3

WHOLE_PORTS = (
    53, 67, 68, 123, 137, 138, 161, 546, 547, 1900, 3478, 3702, 5351, 5353, 5355,
    # Discovery of camera makers: Tuya, TP-Link, Ubiquiti, PPPP, Xiongmai, SADP, Dahua, Xiaomi.
    6666, 6667, 20002, 10001, 32100, 32108, 34569, 37020, 37810, 54321,
    # Tunnels, as decode knows them: VXLAN (two), GENEVE.
    4789, 8472, 6081,
)  # fmt: skip
"""UDP ports whose traffic inside the site is let in whole: names, addresses, discovery, tunnels."""

_OPENING = 0x07
"""FIN, SYN and RST."""

_BEGINNINGS = (b"HTTP", b"RTSP", b"GET ", b"POST", b"OPTI", b"DESC")
"""First bytes of TCP segments that name a device."""

_TLS_HANDSHAKE = 0x1603

# Places in the program's memory.
_PROTOCOL = 0

_UNSET: tuple[Network, ...] = (
    ipaddress.ip_network("0.0.0.0/32"),
    ipaddress.ip_network("::/128"),
)
"""What a host calls itself before it has an address: the site's, as in `Roles`."""

_SITE = SCOPES.index(Scope.SITE)
_ANSWERED = OUTCOMES.index(Outcome.ANSWERED)


def is_whole(batch: RecordBatch) -> Bool:
    """Return which flows the filter shows all packets of.

    Inside the site these are: UDP on `WHOLE_PORTS`, TCP that nobody answered, and all but TCP and
    UDP. Of others a few packets were seen, so their packets and bytes are not known.
    """
    port = (np.isin(batch.orig_port, WHOLE_PORTS)) | (np.isin(batch.resp_port, WHOLE_PORTS))
    is_tcp = batch.protocol == Protocol.TCP
    is_udp = batch.protocol == Protocol.UDP
    whole: Bool = (is_udp & port) | (is_tcp & (batch.outcome != _ANSWERED)) | ~(is_tcp | is_udp)
    is_outside: Bool = batch.scope != _SITE
    return is_outside | whole


def site_filter(networks: Sequence[Network], sample_every: int) -> bytes:
    """Return the program.

    Args:
        networks: Those of the site.
        sample_every: One of so many frames inside the site is let in; 0: none.

    Raises:
        ValueError: There are more networks than fit into a program.
    """
    p = Program()
    # Groups are for all: discovery and announcements.
    p.load(BYTE, 0)
    p.test("set", 1, yes="pass")
    ethertype(p, 0, v4="v4", v6="v6", other="pass")

    # From here X + 2 is the first byte of the IP header.
    p.label("v4")
    p.load(WORD, 14, by_x=True)
    in_v4(p, networks, "src4", outside="pass")
    p.load(WORD, 18, by_x=True)
    in_v4(p, networks, "dst4", outside="pass")
    p.load(HALF, 8, by_x=True)
    p.test("set", 0x1FFF, yes="drop")
    p.load(BYTE, 11, by_x=True)
    p.keep(_PROTOCOL)
    p.load(BYTE, 2, by_x=True)
    p.alter("and", 0x0F)
    p.alter("lsh", 2)
    p.go("transport")

    p.label("v6")
    in_v6(p, networks, "src6", 10, outside="pass")
    in_v6(p, networks, "dst6", 26, outside="pass")
    p.load(BYTE, 8, by_x=True)
    p.keep(_PROTOCOL)
    p.load_number(40)

    # A is the length of the IP header; afterwards X + 2 is the first byte behind it.
    p.label("transport")
    p.alter_by_x("add")
    p.a_to_x()
    p.recall(_PROTOCOL)
    p.test("eq", Protocol.TCP, yes="tcp")
    p.test("eq", Protocol.UDP, no="pass")
    for at in (2, 4):
        p.load(HALF, at, by_x=True)
        for port in WHOLE_PORTS:
            p.test("eq", port, yes="pass")
    _sample(p, sample_every)
    p.go("drop")

    p.label("tcp")
    p.load(BYTE, 15, by_x=True)
    p.test("set", _OPENING, yes="pass")
    _sample(p, sample_every)
    p.load(BYTE, 14, by_x=True)
    p.alter("and", 0xF0)
    p.alter("rsh", 2)
    p.alter_by_x("add")
    p.a_to_x()
    # Without payload there is nothing to load, which drops the frame.
    p.load(WORD, 2, by_x=True)
    for beginning in _BEGINNINGS:
        p.test("eq", int.from_bytes(beginning), yes="pass")
    p.alter("rsh", 16)
    p.test("eq", _TLS_HANDSHAKE, yes="pass")

    p.label("drop")
    p.give(0)
    p.label("pass")
    p.give(WHOLE_FRAME)
    return p.assemble()


def ethertype(p: Program, base: int, *, v4: str, v6: str, other: str) -> None:
    """Go on by what a frame carries, with X such that X + 2 (and `base`) is where it begins."""
    p.load_x(12)
    for tag in range(MOST_TAGS + 1):
        p.load(HALF, base, by_x=True)
        p.test("eq", 0x0800, yes=v4)
        p.test("eq", 0x86DD, yes=v6)
        if tag == MOST_TAGS:
            break
        for number in TAGS[:-1]:
            p.test("eq", number, yes=f"tag{tag}")
        p.test("eq", TAGS[-1], no=other)
        p.label(f"tag{tag}")
        p.x_to_a()
        p.alter("add", 4)
        p.a_to_x()
    p.go(other)


def in_v4(p: Program, networks: Iterable[Network], name: str, *, outside: str) -> None:
    """Go on with the next step where A is an address of the site, else at `outside`."""
    given = [n for n in (*networks, *_UNSET) if isinstance(n, ipaddress.IPv4Network)]
    for at, network in enumerate(sorted(ipaddress.collapse_addresses(given))):
        p.test("gt", int(network.broadcast_address), yes=f"{name}-{at}")
        # Not in the ones before, which are smaller.
        p.test("ge", int(network.network_address), yes=f"{name}-in", no=outside)
        p.label(f"{name}-{at}")
    p.go(outside)
    p.label(f"{name}-in")


def in_v6(p: Program, networks: Iterable[Network], name: str, at: int, *, outside: str) -> None:
    """Go on with the next step where the address at X + `at` is of the site, else at `outside`."""
    given = [n for n in (*networks, *_UNSET) if isinstance(n, ipaddress.IPv6Network)]
    for which, network in enumerate(ipaddress.collapse_addresses(given)):
        for word in range(4):
            shift = 96 - 32 * word
            mask = int(network.netmask) >> shift & 0xFFFF_FFFF
            if mask == 0:
                break
            p.load(WORD, at + 4 * word, by_x=True)
            if mask != 0xFFFF_FFFF:
                p.alter("and", mask)
            wanted = int(network.network_address) >> shift & 0xFFFF_FFFF
            p.test("eq", wanted, no=f"{name}-{which}")
        p.go(f"{name}-in")
        p.label(f"{name}-{which}")
    p.go(outside)
    p.label(f"{name}-in")


def _sample(p: Program, every: int) -> None:
    if every:
        p.load(WORD, RANDOM)
        p.test("ge", (1 << 32) // every, no="pass") if every > 1 else p.go("pass")
