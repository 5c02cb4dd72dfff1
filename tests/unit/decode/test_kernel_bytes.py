import numpy as np

from tests.support.decode_bytes import GATEWAY_MAC, ether, ipv4, ipv6, tag, tcp, udp
from tests.support.decode_one_row import decode

PAYLOAD = bytes(range(1, 101))
PLAIN = decode(ether(0x0800, ipv4(17, udp(PAYLOAD))))


def test_a_copy_behind_a_router_has_the_same_key() -> None:
    routed = ether(0x0800, ipv4(17, udp(PAYLOAD), ttl=63), src=GATEWAY_MAC, dst=0x020000000099)
    assert decode(routed).copy_key == PLAIN.copy_key


def test_a_copy_in_another_vlan_has_the_same_key() -> None:
    tagged = ether(0x8100, tag(20, 0x0800, ipv4(17, udp(PAYLOAD))))
    assert decode(tagged).copy_key == PLAIN.copy_key


def test_a_copy_in_a_tunnel_has_the_same_key() -> None:
    inner = ether(0x0800, ipv4(17, udp(PAYLOAD)))
    outer = ether(0x0800, ipv4(47, bytes.fromhex("000088be") + inner, src="192.0.2.1"))
    assert decode(outer).copy_key == PLAIN.copy_key


def test_an_ipv6_copy_may_differ_in_hop_limit() -> None:
    near, far = (decode(ether(0x86DD, ipv6(17, udp(PAYLOAD), hops=hops))) for hops in (64, 63))
    assert near.copy_key == far.copy_key


def test_another_ip_identification_is_another_key() -> None:
    again = ether(0x0800, ipv4(17, udp(PAYLOAD), ident=8))
    assert decode(again).copy_key != PLAIN.copy_key


def test_another_address_port_or_length_is_another_key() -> None:
    others = [
        ipv4(17, udp(PAYLOAD), src="10.20.0.3"),
        ipv4(17, udp(PAYLOAD), dst="45.1.2.4"),
        ipv4(17, udp(PAYLOAD, src=5001)),
        ipv4(17, udp(PAYLOAD[:-1])),
        ipv4(17, udp(PAYLOAD + b"\0")),
    ]
    keys = {decode(ether(0x0800, other)).copy_key for other in others}
    assert len(keys | {PLAIN.copy_key}) == 6


def test_fragments_of_one_datagram_with_equal_bytes_have_different_keys() -> None:
    places = [0x2000, 0x2001, 0x2002, 0x0003]
    rows = [decode(ether(0x0800, ipv4(17, bytes(64), place=place))) for place in places]
    assert len({row.copy_key for row in rows}) == 4


def test_each_of_the_first_64_payload_bytes_counts() -> None:
    keys = {PLAIN.copy_key}
    for at in range(64):
        changed = bytearray(PAYLOAD)
        changed[at] ^= 0x80
        keys.add(decode(ether(0x0800, ipv4(17, udp(bytes(changed))))).copy_key)
    assert len(keys) == 65


def test_payload_bytes_beyond_the_64th_do_not_count() -> None:
    changed = PAYLOAD[:64] + bytes(36)
    assert decode(ether(0x0800, ipv4(17, udp(changed)))).copy_key == PLAIN.copy_key


def test_payloads_of_zeros_of_each_length_have_different_keys() -> None:
    """The tail is read as the last eight bytes, so that lengths must be told apart otherwise."""
    keys = {decode(ether(0x0800, ipv4(17, udp(bytes(n), length=8)))).copy_key for n in range(40)}
    assert len(keys) == 40


def test_a_bare_ack_without_identification_is_no_sure_copy() -> None:
    assert not decode(ether(0x0800, ipv4(6, tcp(flags=0x10), ident=0))).is_copy_sure
    assert decode(ether(0x0800, ipv4(6, tcp(flags=0x10), ident=1))).is_copy_sure
    assert decode(ether(0x0800, ipv4(6, tcp(b"x"), ident=0))).is_copy_sure


def test_keys_spread_over_all_64_bits() -> None:
    """Flow tables may use any bits of the key; counted strings are the worst it meets."""
    keys = [decode(ether(0x0800, ipv4(17, udp(), ident=n + 1))).copy_key for n in range(256)]
    bits = np.array([[key >> bit & 1 for bit in range(64)] for key in keys]).mean(axis=0)
    assert bits.min() > 0.3
    assert bits.max() < 0.7
