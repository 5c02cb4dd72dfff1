import struct

import pytest

from monitor.model.words import Fragment, Stop
from tests.support.decode_bytes import CAMERA, CAMERA6, CLOUD, CLOUD6, ether, ipv4, ipv6, tcp, udp
from tests.support.decode_one_row import decode

DATA = b"camera"
HEADERS = {
    "hop-by-hop": (0, bytes.fromhex("3c00010400000000")),
    "destination": (60, bytes.fromhex("2b01") + bytes(14)),
    "routing": (43, bytes.fromhex("1102000100000000") + bytes(16)),
}


def fragment_header(follow: int, offset: int, more: int, ident: int = 77) -> bytes:
    return struct.pack("!BBHI", follow, 0, offset << 3 | more, ident)


def test_ipv4_gives_addresses_ttl_and_identification() -> None:
    row = decode(ether(0x0800, ipv4(17, udp(DATA), ttl=63, ident=513)))
    assert (row.src, row.dst, row.protocol, row.ttl) == (CAMERA, CLOUD, 17, 63)
    assert (row.fragment, row.fragment_id) == (Fragment.WHOLE, 513)


def test_ipv4_options_are_stepped_over() -> None:
    row = decode(ether(0x0800, ipv4(17, udp(DATA), options=bytes(40))))
    assert (row.src_port, row.payload) == (5000, DATA)


def test_padding_is_not_payload() -> None:
    row = decode(ether(0x0800, ipv4(6, tcp(b"ab")) + bytes(30)))
    assert (row.payload, row.payload_wire) == (b"ab", 2)
    row = decode(ether(0x86DD, ipv6(6, tcp(b"ab")) + bytes(30)))
    assert (row.payload, row.payload_wire) == (b"ab", 2)


def test_a_length_of_0_means_all_that_is_there() -> None:
    row = decode(ether(0x0800, ipv4(6, tcp(DATA * 300), length=0)))
    assert (row.payload, row.payload_wire) == (DATA * 300, 1800)
    row = decode(ether(0x86DD, ipv6(6, tcp(DATA * 300), length=0)))
    assert (row.payload, row.payload_wire) == (DATA * 300, 1800)


def test_a_length_beyond_the_frame_is_not_believed() -> None:
    row = decode(ether(0x0800, ipv4(6, tcp(DATA), length=65535)))
    assert (row.payload, row.payload_wire) == (DATA, 6)
    row = decode(ether(0x86DD, ipv6(6, tcp(DATA), length=65535)))
    assert (row.payload, row.payload_wire) == (DATA, 6)


@pytest.mark.parametrize(
    ("packet", "stop"),
    [
        (ipv4(17, udp())[:19], Stop.IP_CUT),
        (ipv4(17, udp(), options=bytes(8))[:24], Stop.IP_CUT),
        (b"\x44" + ipv4(17, udp())[1:], Stop.IP_CUT),
        (ipv4(17, udp(), length=19), Stop.IP_CUT),
        (b"", Stop.IP_CUT),
        (ipv6(17, udp()), Stop.IP_VERSION),
        (b"\x55" + ipv4(17, udp())[1:], Stop.IP_VERSION),
    ],
    ids=["cut", "options-cut", "short-ihl", "short-length", "nothing", "version-6", "version-5"],
)
def test_ipv4_headers_that_are_cut_or_lie_stop(packet: bytes, stop: Stop) -> None:
    assert decode(ether(0x0800, packet)).stop == stop


def test_a_cut_ipv6_header_stops() -> None:
    assert decode(ether(0x86DD, ipv6(17, udp())[:39])).stop == Stop.IP_CUT


def test_the_first_fragment_has_ports_and_more_to_come() -> None:
    row = decode(ether(0x0800, ipv4(17, udp(DATA, length=900), ident=9, place=0x2000)))
    assert (row.fragment, row.fragment_id, row.src_port) == (Fragment.FIRST, 9, 5000)
    assert (row.payload, row.payload_wire) == (DATA, 6)


def test_a_later_fragment_keeps_protocol_and_payload_but_has_no_ports() -> None:
    row = decode(ether(0x0800, ipv4(17, udp(DATA), ident=9, place=0x0002)))
    assert (row.fragment, row.fragment_id, row.protocol) == (Fragment.LATER, 9, 17)
    assert (row.src_port, row.dst_port, row.payload_wire) == (0, 0, 14)


def test_ipv6_extension_headers_are_followed() -> None:
    chain = b"".join(content for _, content in HEADERS.values())
    row = decode(ether(0x86DD, ipv6(0, chain + udp(DATA), hops=3)))
    assert (row.src, row.dst, row.ttl, row.protocol) == (CAMERA6, CLOUD6, 3, 17)
    assert (row.src_port, row.payload, row.fragment) == (5000, DATA, Fragment.WHOLE)


@pytest.mark.parametrize(
    ("offset", "more", "place", "port"),
    [(0, 1, Fragment.FIRST, 5000), (5, 1, Fragment.LATER, 0), (0, 0, Fragment.WHOLE, 5000)],
)
def test_ipv6_fragments(offset: int, more: int, place: Fragment, port: int) -> None:
    row = decode(ether(0x86DD, ipv6(44, fragment_header(17, offset, more) + udp(DATA))))
    assert (row.fragment, row.fragment_id, row.protocol, row.src_port) == (place, 77, 17, port)


def test_a_later_ipv6_fragment_is_not_read_as_headers() -> None:
    row = decode(ether(0x86DD, ipv6(44, fragment_header(60, 5, 0) + b"\xff" * 20)))
    assert (row.stop, row.protocol, row.payload_wire) == (Stop.NONE, 60, 20)


def test_an_authentication_header_counts_in_words_of_four_bytes() -> None:
    header = bytes([17, 4]) + bytes(22)
    assert decode(ether(0x86DD, ipv6(51, header + udp(DATA)))).payload == DATA
    row = decode(ether(0x0800, ipv4(51, header + udp(DATA))))
    assert (row.protocol, row.src_port, row.payload) == (17, 5000, DATA)


def test_a_mobility_header_without_more_is_no_next_header() -> None:
    row = decode(ether(0x86DD, ipv6(135, bytes.fromhex("3b00050000000000"))))
    assert (row.stop, row.protocol, row.payload_wire) == (Stop.NONE, 59, 0)


def test_no_next_header_and_length_0_is_an_empty_packet_in_a_padded_frame() -> None:
    row = decode(ether(0x86DD, ipv6(59, b"") + bytes(6)))
    assert (row.stop, row.protocol, row.payload_wire) == (Stop.NONE, 59, 0)


@pytest.mark.parametrize(
    ("protocol", "rest"),
    [(0, b""), (0, bytes.fromhex("11000104000000")), (60, b"\x11\x02" + bytes(20)), (51, bytes(7))],
)
def test_a_cut_extension_header_stops(protocol: int, rest: bytes) -> None:
    assert decode(ether(0x86DD, ipv6(protocol, rest))).stop == Stop.EXTENSION_CUT


@pytest.mark.parametrize(("count", "stop"), [(16, Stop.NONE), (17, Stop.EXTENSION_CUT)])
def test_extension_headers_are_followed_sixteen_deep(count: int, stop: Stop) -> None:
    chain = b"\x3c\0" + bytes(6)
    last = b"\x11\0" + bytes(6)
    row = decode(ether(0x86DD, ipv6(60, chain * (count - 1) + last + udp(DATA))))
    assert row.stop == stop


@pytest.mark.parametrize("protocol", [2, 50, 132, 255])
def test_any_other_protocol_is_a_packet_without_ports(protocol: int) -> None:
    row = decode(ether(0x0800, ipv4(protocol, DATA)))
    assert (row.stop, row.protocol, row.src_port, row.dst_port) == (Stop.NONE, protocol, 0, 0)
    assert row.payload == DATA
