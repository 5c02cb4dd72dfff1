import struct

import pytest

from monitor.decode import Decoder
from monitor.model.arrays import VLAN_NONE
from monitor.model.words import Fragment, Stop, Tunnel
from tests.support.decode_bytes import (
    CAMERA,
    CAMERA6,
    CAMERA_MAC,
    CLOUD,
    SENSOR,
    SWITCH,
    ether,
    ipv4,
    ipv6,
    tag,
    udp,
)
from tests.support.decode_one_row import Row, decode

IP4, IP6 = ipv4(17, udp(b"camera")), ipv6(17, udp(b"camera"))
FRAME = ether(0x0800, IP4)
TAGGED = ether(0x8100, tag(20, 0x0800, IP4))
ERSPAN2 = struct.pack("!HHI", 1 << 12 | 30, 5, 9)
VXLAN = bytes.fromhex("0800000000000500")


def outer(protocol: int, content: bytes, *, vlan: int = 99) -> bytes:
    """An IP packet from a switch to the sensor, in the VLAN of the network that carries it."""
    packet = ipv4(protocol, content, src=SWITCH, dst=SENSOR)
    return ether(0x8100, tag(vlan, 0x0800, packet), src=0xA, dst=0xB)


def gre(flags: int, kind: int, *fields: bytes) -> bytes:
    return outer(47, struct.pack("!HH", flags, kind) + b"".join(fields))


def is_left_in_place(row: Row) -> bool:
    """Whether the row is the packet that carries the encapsulation."""
    return (row.stop, row.tunnel, row.src, row.dst) == (Stop.NONE, Tunnel.NONE, SWITCH, SENSOR)


@pytest.mark.parametrize(
    ("flags", "fields"),
    [
        (0x0000, b""),
        (0x8000, bytes(4)),
        (0x2000, bytes(4)),
        (0x1000, bytes(4)),
        (0xB000, bytes(12)),
        (0x4000, bytes(4) + bytes.fromhex("08000004c0000201") + bytes(4)),
        (0xF000, bytes(12) + bytes.fromhex("08000004c0000201") * 2 + bytes(4)),
    ],
    ids=["plain", "checksum", "key", "sequence", "all", "routing", "everything"],
)
def test_every_optional_field_of_gre_is_stepped_over(flags: int, fields: bytes) -> None:
    row = decode(gre(flags, 0x0800, fields, IP4))
    assert (row.tunnel, row.src, row.dst, row.payload) == (Tunnel.GRE, CAMERA, CLOUD, b"camera")


def test_gre_with_ip_in_it_keeps_the_vlan_and_length_of_the_frame() -> None:
    row = decode(gre(0, 0x86DD, IP6))
    assert (row.src, row.vlan, row.wire_len) == (CAMERA6, 99, 18 + 20 + 4 + len(IP6))


def test_gre_with_a_bridged_frame_gives_that_frames_link() -> None:
    row = decode(gre(0x2000, 0x6558, bytes(4), TAGGED))
    assert (row.tunnel, row.vlan, row.src_mac) == (Tunnel.GRE, 20, CAMERA_MAC)
    assert row.wire_len == len(TAGGED)


def test_an_untagged_frame_in_a_tunnel_does_not_inherit_the_carriers_vlan() -> None:
    assert decode(gre(0, 0x6558, FRAME)).vlan == VLAN_NONE


def test_erspan_1_has_no_header_of_its_own() -> None:
    row = decode(gre(0, 0x88BE, FRAME))
    assert (row.tunnel, row.src, row.vlan) == (Tunnel.ERSPAN1, CAMERA, VLAN_NONE)
    assert row.wire_len == len(FRAME)


def test_erspan_2_tells_the_vlan() -> None:
    row = decode(gre(0x1000, 0x88BE, bytes(4), ERSPAN2, FRAME))
    assert (row.tunnel, row.src, row.vlan) == (Tunnel.ERSPAN2, CAMERA, 30)
    assert row.wire_len == len(FRAME)


def test_a_tag_in_the_mirrored_frame_goes_before_what_erspan_tells() -> None:
    assert decode(gre(0x1000, 0x88BE, bytes(4), ERSPAN2, TAGGED)).vlan == 20


def test_erspan_with_vlan_0_tells_none() -> None:
    header = struct.pack("!HHI", 1 << 12, 5, 9)
    assert decode(gre(0x1000, 0x88BE, bytes(4), header, FRAME)).vlan == VLAN_NONE


@pytest.mark.parametrize(("last", "subheader"), [(0, b""), (1, bytes(8))])
def test_erspan_3_with_and_without_subheader(last: int, subheader: bytes) -> None:
    header = struct.pack("!HHIHH", 2 << 12 | 30, 5, 0, 0, last)
    row = decode(gre(0x1000, 0x22EB, bytes(4), header, subheader, FRAME))
    assert (row.tunnel, row.vlan, row.src) == (Tunnel.ERSPAN3, 30, CAMERA)


def test_erspan_3_may_hold_ip_without_a_frame() -> None:
    header = struct.pack("!HHIHH", 2 << 12 | 30, 5, 0, 0, 2 << 10)
    row = decode(gre(0x1000, 0x22EB, bytes(4), header, IP6))
    assert (row.tunnel, row.src) == (Tunnel.ERSPAN3, CAMERA6)


def test_a_mirrored_frame_without_ip_is_counted_as_such() -> None:
    row = decode(gre(0, 0x88BE, ether(0x0806, bytes(28))))
    assert (row.stop, row.tunnel, row.src, row.wire_len) == (Stop.ARP, Tunnel.ERSPAN1, "::", 42)


@pytest.mark.parametrize("ppp", ["ff030021", "0021", "21"])
def test_pptp_is_opened(ppp: str) -> None:
    row = decode(gre(0x3081, 0x880B, bytes(12), bytes.fromhex(ppp), IP4))
    assert (row.tunnel, row.src) == (Tunnel.GRE, CAMERA)


@pytest.mark.parametrize(
    "content",
    [
        b"\0\0\x08",
        struct.pack("!HH", 0, 0x0800) + IP4[:19],
        struct.pack("!HH", 0, 0x0800) + IP6,
        struct.pack("!HH", 0, 0x6558) + FRAME[:13],
        struct.pack("!HH", 0, 0x9999) + bytes(40),
        struct.pack("!HH", 2, 0x0800) + IP4,
        struct.pack("!HH", 0x2001, 0x880B) + bytes(4) + bytes.fromhex("00fd") + bytes(40),
        struct.pack("!HH", 0x1000, 0x88BE) + bytes(4) + b"\x70" + bytes(40),
        struct.pack("!HH", 0x1000, 0x22EB) + bytes(4) + b"\x10" + bytes(40),
        struct.pack("!HH", 0x4000, 0x0800) + bytes(4) + bytes.fromhex("080000ff") + IP4,
        struct.pack("!HH", 0x4000, 0x0800) + bytes(4) + bytes.fromhex("08000000") * 9 + IP4,
    ],
    ids=[
        "cut",
        "ip-cut",
        "wrong-version",
        "frame-cut",
        "other-type",
        "version-2",
        "encrypted-ppp",
        "erspan-version",
        "erspan-3-version",
        "route-too-long",
        "too-many-routes",
    ],
)
def test_gre_that_is_not_surely_understood_is_a_packet_of_gre(content: bytes) -> None:
    row = decode(outer(47, content))
    assert is_left_in_place(row)
    assert (row.protocol, row.vlan, row.payload) == (47, 99, content)


@pytest.mark.parametrize("port", [4789, 8472])
def test_vxlan_is_opened_on_both_ports(port: int) -> None:
    row = decode(outer(17, udp(VXLAN + TAGGED, dst=port)))
    assert (row.tunnel, row.vlan, row.src, row.dst_port) == (Tunnel.VXLAN, 20, CAMERA, 53)
    assert row.wire_len == len(TAGGED)


def test_vxlan_with_group_policy_or_protocol_extension_is_opened() -> None:
    assert (
        decode(outer(17, udp(bytes.fromhex("88000009 00000500") + FRAME, dst=4789))).src == CAMERA
    )
    for kind, inner, src in ((1, IP4, CAMERA), (2, IP6, CAMERA6), (3, FRAME, CAMERA)):
        header = bytes([0x0C, 0, 0, kind, 0, 0, 5, 0])
        row = decode(outer(17, udp(header + inner, dst=4789)))
        assert (row.tunnel, row.src) == (Tunnel.VXLAN, src)


@pytest.mark.parametrize(
    "content",
    [
        VXLAN[:7],
        VXLAN + FRAME[:13],
        bytes(8) + FRAME,
        bytes.fromhex("0900000000000500") + FRAME,
        bytes.fromhex("0800000000000501") + FRAME,
        bytes.fromhex("0c00000400000500") + FRAME,
    ],
    ids=["cut", "frame-cut", "no-vni", "reserved-bits", "reserved-byte", "other-protocol"],
)
def test_what_is_not_surely_vxlan_is_a_udp_packet(content: bytes) -> None:
    row = decode(outer(17, udp(content, dst=4789)))
    assert is_left_in_place(row)
    assert (row.src_port, row.dst_port, row.payload) == (5000, 4789, content)


def test_the_vxlan_and_geneve_ports_can_be_chosen() -> None:
    decoder = Decoder(4, vxlan_ports=(4790,), geneve_port=6082)
    assert decode(outer(17, udp(VXLAN + FRAME, dst=4790)), decoder=decoder).src == CAMERA
    assert is_left_in_place(decode(outer(17, udp(VXLAN + FRAME, dst=4789)), decoder=decoder))
    geneve = bytes.fromhex("0000655800000500") + FRAME
    assert decode(outer(17, udp(geneve, dst=6082)), decoder=decoder).src == CAMERA


@pytest.mark.parametrize(("options", "first"), [(b"", 0), (bytes(8), 2), (bytes(252), 63)])
def test_geneve_options_are_stepped_over(options: bytes, first: int) -> None:
    for kind, inner, src in (
        (0x6558, TAGGED, CAMERA),
        (0x0800, IP4, CAMERA),
        (0x86DD, IP6, CAMERA6),
    ):
        header = struct.pack("!BBHI", first, 0, kind, 5 << 8) + options
        row = decode(outer(17, udp(header + inner, dst=6081)))
        assert (row.stop, row.tunnel, row.src) == (Stop.NONE, Tunnel.GENEVE, src)


@pytest.mark.parametrize(
    "header", ["4000655800000500", "3f00655800000500", "0000999900000500", "00"]
)
def test_what_is_not_surely_geneve_is_a_udp_packet(header: str) -> None:
    row = decode(
        outer(17, udp(bytes.fromhex(header) + FRAME[: 60 if len(header) > 2 else 0], dst=6081))
    )
    assert is_left_in_place(row)
    assert row.dst_port == 6081


def test_ip_in_ip_is_opened_in_all_four_ways() -> None:
    for number, inner, src in ((4, IP4, CAMERA), (41, IP6, CAMERA6)):
        for frame in (outer(number, inner), ether(0x86DD, ipv6(number, inner))):
            row = decode(frame)
            assert (row.tunnel, row.src, row.payload) == (Tunnel.IPIP, src, b"camera")


def test_protocol_4_with_something_else_in_it_is_a_packet_of_protocol_4() -> None:
    row = decode(outer(4, b"\xff" * 40))
    assert is_left_in_place(row)
    assert row.protocol == 4


def test_the_first_fragment_of_a_tunnel_is_opened_and_the_later_ones_are_not() -> None:
    content = struct.pack("!HH", 0, 0x88BE) + FRAME
    first = ether(0x0800, ipv4(47, content, src=SWITCH, dst=SENSOR, place=0x2000))
    later = ether(0x0800, ipv4(47, content, src=SWITCH, dst=SENSOR, place=0x0010))
    assert (decode(first).src, decode(first).fragment) == (CAMERA, Fragment.WHOLE)
    assert is_left_in_place(decode(later))


@pytest.mark.parametrize(("levels", "stop"), [(8, Stop.NONE), (9, Stop.TUNNEL_DEPTH)])
def test_tunnels_are_followed_eight_deep(levels: int, stop: Stop) -> None:
    packet = IP4
    for _ in range(levels):
        packet = ipv4(4, packet, src=SWITCH, dst=SENSOR)
    row = decode(ether(0x0800, packet))
    assert (row.stop, row.src) == (stop, CAMERA if stop == Stop.NONE else "::")


def test_the_tunnel_named_is_the_innermost() -> None:
    inner = outer(17, udp(VXLAN + TAGGED, dst=4789))
    row = decode(gre(0x1000, 0x88BE, bytes(4), ERSPAN2, inner))
    assert (row.tunnel, row.vlan, row.src, row.wire_len) == (Tunnel.VXLAN, 20, CAMERA, len(TAGGED))


def test_the_length_of_a_mirrored_frame_is_its_own_when_the_capture_is_cut() -> None:
    frame = gre(0x1000, 0x88BE, bytes(4), ERSPAN2, FRAME)
    row = decode(frame, wire_len=len(frame) + 1000)
    assert row.wire_len == len(FRAME) + 1000
