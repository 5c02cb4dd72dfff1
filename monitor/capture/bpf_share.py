"""Fan-out: which of several workers gets a frame.

A camera's conversations with the outside, both ways, the DNS answers it gets and the ICMP errors
that are sent to it meet in one worker, because the choice hangs on the address on the site's side.
Inside the site the two addresses together decide, so that both directions meet.
"""

from collections.abc import Sequence

from monitor.capture.bpf import BYTE, HALF, LINK_LAYER, WORD, Program
from monitor.capture.bpf_site import ethertype, in_v4, in_v6
from monitor.model.addresses import Network
from monitor.model.words import Protocol

_MIX = 0x9E3779B1
"""2^32 divided by the golden ratio, made odd: spreads neighbouring addresses."""

_SRC, _DST, _PROTOCOL, _START, _PORTS = range(5)
_DNS = 53
_ICMP_ERRORS = (3, 4, 5, 11, 12)
_ICMPV6_ERRORS = (1, 2, 3, 4)


def share_program(networks: Sequence[Network], workers: int) -> bytes:
    """Return the program: it gives the number of a worker.

    Args:
        networks: Those of the site.
        workers: How many there are.
    """
    # The kernel runs it from the network layer on; positions count from the link layer.
    base = LINK_LAYER
    p = Program()
    ethertype(p, base, v4="v4", v6="v6", other="first")

    p.label("v4")
    p.load(WORD, base + 14, by_x=True)
    p.keep(_SRC)
    p.load(WORD, base + 18, by_x=True)
    p.keep(_DST)
    p.load(BYTE, base + 11, by_x=True)
    p.keep(_PROTOCOL)
    p.load(BYTE, base + 2, by_x=True)
    p.alter("and", 0x0F)
    p.alter("lsh", 2)
    p.alter_by_x("add")
    p.keep(_PORTS)
    p.recall(_SRC)
    in_v4(p, networks, "src4", outside="src4-outside")
    p.recall(_DST)
    in_v4(p, networks, "dst4", outside="by-src")
    p.go("inside")
    p.label("src4-outside")
    p.recall(_DST)
    in_v4(p, networks, "dst4-only", outside="both")
    p.go("by-dst")

    p.label("v6")
    for place, at in ((_SRC, 10), (_DST, 26)):
        p.load_number(0)
        p.keep(place)
        for word in range(0, 16, 4):
            _fold(p, place, base + at + word)
    p.load(BYTE, base + 8, by_x=True)
    p.keep(_PROTOCOL)
    p.x_to_a()
    p.alter("add", 40)
    p.keep(_PORTS)
    in_v6(p, networks, "src6", base + 10, outside="src6-outside")
    in_v6(p, networks, "dst6", base + 26, outside="by-src")
    p.go("inside")
    p.label("src6-outside")
    in_v6(p, networks, "dst6-only", base + 26, outside="both")
    p.go("by-dst")

    _choose(p, base, workers)
    return p.assemble()


def _choose(p: Program, base: int, workers: int) -> None:
    """Give the number of a worker; the addresses and where the ports are lie in memory."""
    p.label("inside")
    p.recall_x(_PORTS)
    p.recall(_PROTOCOL)
    p.test("eq", Protocol.ICMP, yes="icmp")
    p.test("eq", Protocol.ICMPV6, yes="icmp6")
    p.test("eq", Protocol.UDP, yes="ports")
    p.test("eq", Protocol.TCP, no="both")
    p.label("ports")
    p.load(HALF, base + 2, by_x=True)
    p.test("eq", _DNS, yes="by-dst")
    p.load(HALF, base + 4, by_x=True)
    p.test("eq", _DNS, yes="by-src", no="both")
    for name, errors in (("icmp", _ICMP_ERRORS), ("icmp6", _ICMPV6_ERRORS)):
        p.label(name)
        p.load(BYTE, base + 2, by_x=True)
        for number in errors:
            p.test("eq", number, yes="by-dst")
        p.go("both")

    p.label("both")
    p.recall_x(_SRC)
    p.recall(_DST)
    p.alter_by_x("xor")
    p.go("number")
    p.label("by-src")
    p.recall(_SRC)
    p.go("number")
    p.label("by-dst")
    p.recall(_DST)
    p.label("number")
    p.alter("mul", _MIX)
    p.alter("rsh", 16)
    p.alter("mod", workers)
    p.give_a()
    p.label("first")
    p.give(0)


def _fold(p: Program, place: int, at: int) -> None:
    """XOR a word of the packet into a place; X stays."""
    p.load(WORD, at, by_x=True)
    p.keep(_START)
    p.x_to_a()
    p.keep(5)
    p.recall_x(_START)
    p.recall(place)
    p.alter_by_x("xor")
    p.keep(place)
    p.recall_x(5)
