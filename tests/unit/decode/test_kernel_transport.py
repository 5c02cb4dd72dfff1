import pytest

from monitor.model.words import Stop
from tests.support.decode_bytes import CAMERA, CAMERA6, CLOUD, CLOUD6, ether, ipv4, ipv6, tcp, udp
from tests.support.decode_one_row import decode

DATA = b"camera"


def test_tcp_gives_ports_flags_and_numbers() -> None:
    row = decode(ether(0x0800, ipv4(6, tcp(DATA, flags=0xD2))))
    assert (row.protocol, row.src_port, row.dst_port, row.tcp_flags) == (6, 40000, 443, 0xD2)
    assert (row.tcp_seq, row.tcp_ack, row.payload, row.payload_wire) == (1000, 2000, DATA, 6)


def test_tcp_options_are_not_payload() -> None:
    row = decode(ether(0x0800, ipv4(6, tcp(DATA, words=8, options=bytes(12)))))
    assert (row.payload, row.payload_wire) == (DATA, 6)


def test_udp_gives_ports_and_payload() -> None:
    row = decode(ether(0x86DD, ipv6(17, udp(DATA))))
    assert (row.src_port, row.dst_port, row.payload, row.payload_wire) == (5000, 53, DATA, 6)
    assert (row.tcp_flags, row.tcp_seq, row.tcp_ack) == (0, 0, 0)


def test_bytes_behind_the_udp_length_are_not_payload() -> None:
    row = decode(ether(0x0800, ipv4(17, udp(DATA, length=10))))
    assert (row.payload, row.payload_wire) == (DATA[:2], 2)


@pytest.mark.parametrize("length", [0, 7, 15, 65535])
def test_a_udp_length_that_cannot_be_gives_way_to_that_of_ip(length: int) -> None:
    row = decode(ether(0x0800, ipv4(17, udp(DATA, length=length))))
    assert (row.payload, row.payload_wire) == (DATA, 6)


def test_a_cut_payload_keeps_its_length_on_the_wire() -> None:
    frame = ether(0x0800, ipv4(6, tcp(bytes(1000))))
    row = decode(frame[: 14 + 20 + 20 + 10], wire_len=len(frame))
    assert (len(row.payload), row.payload_wire, row.wire_len) == (10, 1000, 1054)


def test_a_wire_length_below_the_captured_one_is_corrected() -> None:
    row = decode(ether(0x0800, ipv4(17, udp(DATA))), wire_len=0)
    assert (row.wire_len, row.payload, row.payload_wire) == (48, DATA, 6)


@pytest.mark.parametrize("kept", [4, 8, 12, 13])
def test_a_tcp_header_cut_behind_the_ports_is_a_packet(kept: int) -> None:
    frame = ether(0x0800, ipv4(6, tcp(DATA)))
    row = decode(frame[: 34 + kept], wire_len=len(frame))
    assert (row.stop, row.src, row.src_port, row.dst_port) == (Stop.NONE, CAMERA, 40000, 443)
    assert (row.tcp_flags, row.tcp_seq, row.payload) == (0, 0, b"")


def test_a_tcp_header_cut_behind_the_flags_keeps_them() -> None:
    frame = ether(0x0800, ipv4(6, tcp(DATA, flags=2)))
    row = decode(frame[: 34 + 14], wire_len=len(frame))
    assert (row.tcp_flags, row.tcp_seq, row.tcp_ack, row.payload_wire) == (2, 1000, 2000, 6)


@pytest.mark.parametrize("words", [0, 4, 8])
def test_a_tcp_offset_that_cannot_be_leaves_no_payload(words: int) -> None:
    row = decode(ether(0x0800, ipv4(6, tcp(DATA, flags=2, words=words))))
    assert (row.stop, row.src_port, row.tcp_flags) == (Stop.NONE, 40000, 2)
    assert (row.payload, row.payload_wire) == (b"", 0)


@pytest.mark.parametrize("kept", [4, 6, 7])
def test_a_udp_header_cut_behind_the_ports_is_a_packet(kept: int) -> None:
    frame = ether(0x0800, ipv4(17, udp(DATA)))
    row = decode(frame[: 34 + kept], wire_len=len(frame))
    assert (row.stop, row.src_port, row.payload, row.payload_wire) == (Stop.NONE, 5000, b"", 6)


@pytest.mark.parametrize(("protocol", "kept"), [(6, 3), (17, 3), (6, 0), (1, 1)])
def test_a_header_cut_before_its_ports_stops(protocol: int, kept: int) -> None:
    assert decode(ether(0x0800, ipv4(protocol, tcp()))[: 34 + kept]).stop == Stop.TRANSPORT_CUT


def test_icmp_gives_type_and_code_as_ports() -> None:
    row = decode(ether(0x0800, ipv4(1, b"\x08\x01" + bytes(6) + DATA)))
    assert (row.src_port, row.dst_port, row.payload, row.quote) == (8, 1, DATA, None)
    row = decode(ether(0x86DD, ipv6(58, b"\x80\0" + bytes(6) + DATA)))
    assert (row.src_port, row.dst_port, row.payload) == (128, 0, DATA)


@pytest.mark.parametrize("kind", [3, 4, 5, 11, 12])
def test_an_icmp_error_quotes_a_flow(kind: int) -> None:
    quoted = ipv4(17, udp()[:8], options=bytes(4))
    row = decode(ether(0x0800, ipv4(1, bytes([kind, 3]) + bytes(6) + quoted, src="192.0.2.9")))
    assert (row.src, row.src_port, row.dst_port) == ("192.0.2.9", kind, 3)
    assert row.quote == (17, CAMERA, CLOUD, 5000, 53)


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_an_icmpv6_error_quotes_a_flow_behind_extension_headers(kind: int) -> None:
    quoted = ipv6(60, b"\x06\0" + bytes(6) + tcp())
    row = decode(ether(0x86DD, ipv6(58, bytes([kind, 0]) + bytes(6) + quoted)))
    assert row.quote == (6, CAMERA6, CLOUD6, 40000, 443)


def test_a_quoted_ping_gives_type_and_code_as_ports() -> None:
    quoted = ipv4(1, b"\x08\0" + bytes(6))
    row = decode(ether(0x0800, ipv4(1, b"\x0b\0" + bytes(6) + quoted)))
    assert row.quote == (1, CAMERA, CLOUD, 8, 0)


def test_a_quoted_protocol_without_ports_gives_ports_0() -> None:
    row = decode(ether(0x0800, ipv4(1, b"\x03\x02" + bytes(6) + ipv4(50, bytes(8)))))
    assert row.quote == (50, CAMERA, CLOUD, 0, 0)


@pytest.mark.parametrize(
    "quoted",
    [
        ipv4(17, udp())[:19],
        ipv4(17, udp())[:23],
        ipv4(17, udp(), place=0x0004),
        b"\x44" + ipv4(17, udp())[1:],
        ipv6(17, udp()),
        ipv4(1, b"\x08"),
    ],
    ids=["header-cut", "ports-cut", "later-fragment", "short-ihl", "other-version", "ping-cut"],
)
def test_a_quote_that_names_no_flow_is_left_out(quoted: bytes) -> None:
    row = decode(ether(0x0800, ipv4(1, b"\x03\x01" + bytes(6) + quoted)))
    assert (row.stop, row.quote) == (Stop.NONE, None)


@pytest.mark.parametrize("kind", [0, 8, 9, 13])
def test_other_icmp_types_quote_nothing(kind: int) -> None:
    row = decode(ether(0x0800, ipv4(1, bytes([kind, 0]) + bytes(6) + ipv4(17, udp()))))
    assert row.quote is None
