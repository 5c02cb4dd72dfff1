import struct

import pytest

from monitor.model.arrays import MAC_NONE, VLAN_NONE
from monitor.model.words import Stop, Tunnel
from tests.support.decode_bytes import (
    CAMERA,
    CAMERA6,
    CAMERA_MAC,
    CLOUD,
    GATEWAY_MAC,
    ether,
    ipv4,
    ipv6,
    tag,
    udp,
)
from tests.support.decode_one_row import decode

IP4, IP6 = ipv4(17, udp(b"camera")), ipv6(17, udp(b"camera"))
LABEL, BOTTOM = bytes.fromhex("00010040"), bytes.fromhex("00011140")
SLL = bytes.fromhex("0004 0001 0006 2857be000001 0000".replace(" ", ""))


def test_ethernet_gives_both_macs_and_no_vlan() -> None:
    row = decode(ether(0x0800, IP4))
    assert (row.stop, row.src, row.dst, row.payload) == (Stop.NONE, CAMERA, CLOUD, b"camera")
    assert (row.src_mac, row.dst_mac, row.vlan) == (CAMERA_MAC, GATEWAY_MAC, VLAN_NONE)
    assert row.wire_len == 14 + 20 + 8 + 6


@pytest.mark.parametrize("kind", [0x8100, 0x88A8, 0x9100])
def test_each_kind_of_tag_is_read(kind: int) -> None:
    row = decode(ether(kind, tag(20, 0x0800, IP4)))
    assert (row.vlan, row.src, row.payload) == (20, CAMERA, b"camera")


def test_the_innermost_of_stacked_tags_is_the_vlan() -> None:
    stacked = tag(100, 0x9100, tag(200, 0x8100, tag(20, 0x86DD, IP6)))
    row = decode(ether(0x88A8, stacked))
    assert (row.vlan, row.src) == (20, CAMERA6)


def test_vlan_0_is_a_tag() -> None:
    assert decode(ether(0x8100, tag(0, 0x0800, IP4))).vlan == 0


def test_the_tag_that_the_kernel_took_out_counts_and_is_not_in_the_length() -> None:
    row = decode(ether(0x0800, IP4), vlan_tci=0xA014)
    assert (row.vlan, row.wire_len) == (20, 48)


def test_the_tag_that_the_kernel_took_out_is_the_outer_one() -> None:
    assert decode(ether(0x8100, tag(20, 0x0800, IP4)), vlan_tci=100).vlan == 20


@pytest.mark.parametrize(("tags", "stop"), [(8, Stop.NONE), (9, Stop.TUNNEL_DEPTH)])
def test_tags_are_followed_eight_deep(tags: int, stop: Stop) -> None:
    content = tag(20, 0x0800, IP4)
    for _ in range(tags - 1):
        content = tag(1, 0x8100, content)
    assert decode(ether(0x8100, content)).stop == stop


@pytest.mark.parametrize(
    ("content", "stop"),
    [
        (b"", Stop.EMPTY),
        (ether(0x0800, IP4)[:13], Stop.LINK_CUT),
        (ether(0x8100, b"\0\x14\x08"), Stop.LINK_CUT),
        (ether(0x0806, bytes(28)), Stop.ARP),
        (ether(0x8100, tag(20, 0x0806, bytes(28))), Stop.ARP),
        (ether(0x88CC, bytes(40)), Stop.NOT_IP),
        (ether(38, bytes.fromhex("424203") + bytes(35)), Stop.NOT_IP),
        (ether(3, b"\xaa\xaa\x03"), Stop.LINK_CUT),
        (ether(2, b"\xaa\xaa"), Stop.LINK_CUT),
        (ether(20, bytes.fromhex("aaaa0300000c2000") + bytes(12)), Stop.NOT_IP),
        (ether(20, bytes.fromhex("aaaa030000000005") + bytes(12)), Stop.NOT_IP),
    ],
    ids=[
        "empty",
        "cut",
        "tag-cut",
        "arp",
        "tagged-arp",
        "lldp",
        "stp",
        "snap-cut",
        "llc-cut",
        "cdp",
        "snap-length",
    ],
)
def test_what_holds_no_ip_is_counted_by_reason(content: bytes, stop: Stop) -> None:
    assert decode(content).stop == stop


@pytest.mark.parametrize("oui", ["000000", "0000f8"])
def test_ip_in_snap_is_read(oui: str) -> None:
    row = decode(ether(8 + len(IP4), bytes.fromhex(f"aaaa03{oui}0800") + IP4))
    assert (row.src, row.src_mac, row.payload) == (CAMERA, CAMERA_MAC, b"camera")


def test_ip_by_its_own_sap_is_read() -> None:
    assert decode(ether(3 + len(IP4), bytes.fromhex("060603") + IP4)).src == CAMERA


@pytest.mark.parametrize("family", ["02000000", "00000002"])
@pytest.mark.parametrize("link_type", [0, 108])
def test_loopback_reads_the_family_in_either_order(family: str, link_type: int) -> None:
    row = decode(bytes.fromhex(family) + IP4, link_type=link_type)
    assert (row.src, row.src_mac, row.dst_mac) == (CAMERA, MAC_NONE, MAC_NONE)


@pytest.mark.parametrize("family", [10, 23, 24, 28, 30])
def test_loopback_knows_every_systems_family_of_ipv6(family: int) -> None:
    assert decode(struct.pack("<I", family) + IP6, link_type=0).src == CAMERA6


def test_loopback_with_another_family_is_not_ip() -> None:
    assert decode(struct.pack("<I", 7) + IP4, link_type=0).stop == Stop.NOT_IP


@pytest.mark.parametrize("link_type", [12, 14, 101])
def test_raw_holds_either_version(link_type: int) -> None:
    assert decode(IP4, link_type=link_type).src == CAMERA
    assert decode(IP6, link_type=link_type).src == CAMERA6


def test_a_link_of_one_version_refuses_the_other() -> None:
    assert (decode(IP4, link_type=228).src, decode(IP6, link_type=229).src) == (CAMERA, CAMERA6)
    assert decode(IP6, link_type=228).stop == Stop.IP_VERSION
    assert decode(IP4, link_type=229).stop == Stop.IP_VERSION


def test_linux_cooked_gives_the_senders_mac() -> None:
    row = decode(SLL + b"\x08\x00" + IP4, link_type=113)
    assert (row.src, row.src_mac, row.dst_mac) == (CAMERA, CAMERA_MAC, MAC_NONE)


def test_linux_cooked_2_gives_the_senders_mac() -> None:
    header = bytes.fromhex("86dd 0000 00000003 0001 00 06 2857be000001 0000".replace(" ", ""))
    row = decode(header + IP6, link_type=276)
    assert (row.src, row.src_mac, row.dst_mac) == (CAMERA6, CAMERA_MAC, MAC_NONE)


def test_linux_cooked_without_an_ethernet_address_has_no_mac() -> None:
    header = bytes.fromhex("0000 0206 0000 0000000000000000 0800".replace(" ", ""))
    assert decode(header + IP4, link_type=113).src_mac == MAC_NONE


def test_linux_cooked_holds_tags_and_llc() -> None:
    assert decode(SLL + b"\x81\x00" + tag(20, 0x0800, IP4), link_type=113).vlan == 20
    assert decode(SLL + b"\0\x04" + bytes.fromhex("060603") + IP4, link_type=113).src == CAMERA
    assert decode(SLL + b"\0\x01" + IP4, link_type=113).stop == Stop.NOT_IP


@pytest.mark.parametrize(
    ("link_type", "header"),
    [
        (9, "ff030021"),
        (9, "0021"),
        (9, "21"),
        (9, "ff0321"),
        (50, "ff030021"),
        (50, "0f000800"),
        (50, "8f000800"),
        (104, "0f000800"),
        (104, "8f000800"),
        (51, "110000010000 0021"),
    ],
)
def test_ppp_and_hdlc_are_read_in_their_long_and_short_forms(link_type: int, header: str) -> None:
    row = decode(bytes.fromhex(header) + IP4, link_type=link_type)
    assert (row.stop, row.src, row.payload) == (Stop.NONE, CAMERA, b"camera")


def test_ppp_with_another_protocol_is_not_ip() -> None:
    assert decode(bytes.fromhex("ff03c021") + bytes(8), link_type=9).stop == Stop.NOT_IP


def test_a_link_type_that_is_not_read_says_so() -> None:
    assert decode(bytes(60), link_type=127).stop == Stop.LINK_TYPE


def test_pppoe_sessions_are_opened() -> None:
    session = struct.pack("!BBHH", 0x11, 0, 3, 2 + len(IP6)) + b"\0\x57" + IP6
    row = decode(ether(0x8864, session))
    assert (row.tunnel, row.src, row.src_mac) == (Tunnel.PPPOE, CAMERA6, CAMERA_MAC)


@pytest.mark.parametrize(
    ("session", "stop"),
    [
        ("110000030006c021", Stop.TUNNEL_PAYLOAD),
        ("1100000300", Stop.TUNNEL_CUT),
        ("21000003000600210000", Stop.TUNNEL_CUT),
    ],
)
def test_pppoe_without_ip_stops(session: str, stop: Stop) -> None:
    row = decode(ether(0x8864, bytes.fromhex(session)))
    assert (row.stop, row.tunnel) == (stop, Tunnel.PPPOE)


@pytest.mark.parametrize("kind", [0x8847, 0x8848])
def test_a_label_stack_is_removed(kind: int) -> None:
    row = decode(ether(kind, LABEL + LABEL + BOTTOM + IP4))
    assert (row.tunnel, row.src, row.wire_len) == (Tunnel.MPLS, CAMERA, 14 + 12 + len(IP4))
    assert decode(ether(kind, BOTTOM + IP6)).src == CAMERA6


@pytest.mark.parametrize("control", [b"", bytes(4), b"\0\0\0\x09"])
def test_an_ethernet_pseudo_wire_is_opened_with_or_without_control_word(control: bytes) -> None:
    inner = ether(0x8100, tag(20, 0x0800, IP4), src=0x1, dst=0x2)
    row = decode(ether(0x8847, BOTTOM + control + inner))
    assert (row.tunnel, row.vlan, row.src_mac, row.dst_mac) == (Tunnel.MPLS, 20, 1, 2)
    assert row.wire_len == len(inner)


@pytest.mark.parametrize(
    ("content", "stop"),
    [
        (LABEL[:3], Stop.TUNNEL_CUT),
        (LABEL, Stop.TUNNEL_CUT),
        (BOTTOM, Stop.TUNNEL_CUT),
        (BOTTOM + b"\x10" + bytes(30), Stop.TUNNEL_PAYLOAD),
        (LABEL * 16 + BOTTOM + IP4, Stop.TUNNEL_DEPTH),
        (LABEL * 15 + BOTTOM + IP4, Stop.NONE),
    ],
)
def test_label_stacks_that_lead_nowhere_stop(content: bytes, stop: Stop) -> None:
    assert decode(ether(0x8847, content)).stop == stop


def test_a_security_group_tag_is_stepped_over() -> None:
    group = bytes.fromhex("010100010009")
    assert decode(ether(0x8909, group + b"\x08\x00" + IP4)).src == CAMERA
    assert decode(ether(0x8909, group + b"\x08")).stop == Stop.LINK_CUT
