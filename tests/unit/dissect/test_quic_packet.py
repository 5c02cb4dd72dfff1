import pytest

from monitor.dissect.quic_packet import INITIAL, RETRY, client_keys, read_long_header, varint
from tests.support.payloads_names import QUIC_DCID, quic_initial


@pytest.mark.parametrize(
    ("data", "value", "end"),
    [
        ("c2197c5eff14e88c", 151288809941952652, 8),
        ("9d7f3e7d", 494878333, 4),
        ("7bbd", 15293, 2),
        ("25", 37, 1),
    ],
)
def test_integers_are_read_as_in_rfc_9000_appendix_a(data: str, value: int, end: int) -> None:
    assert varint(bytes.fromhex(data), 0) == (value, end)


@pytest.mark.parametrize("data", [b"", b"\x40", b"\xc0\x00\x00"])
def test_a_cut_integer_says_so(data: bytes) -> None:
    assert varint(data, 0)[1] == -1


@pytest.mark.parametrize("version", [1, 0x6B3343CF])
def test_a_packet_sealed_with_the_published_keys_is_opened(version: int) -> None:
    packet = quic_initial(b"\x06\x00\x03abc", version=version, number=2)
    head = read_long_header(packet)
    assert head is not None
    assert (head.kind, head.dcid, head.end) == (INITIAL, QUIC_DCID, len(packet))
    assert client_keys(version, QUIC_DCID).open(packet, head).startswith(b"\x06\x00\x03abc")


def test_other_keys_do_not_open_it() -> None:
    packet = quic_initial(b"\x06\x00\x03abc")
    head = read_long_header(packet)
    assert head is not None
    assert client_keys(1, b"another").open(packet, head) == b""


def test_a_packet_cut_by_the_snap_length_gives_what_is_left() -> None:
    packet = quic_initial(b"\x06\x00\x03abc")[:200]
    head = read_long_header(packet)
    assert head is not None
    opened = client_keys(1, QUIC_DCID).open(packet, head)
    assert opened.startswith(b"\x06\x00\x03abc")
    assert len(opened) == 200 - head.number_at - 4


def test_the_published_retry_of_rfc_9001_is_one() -> None:
    """RFC 9001 appendix A.4."""
    packet = bytes.fromhex(
        "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba"
    )
    head = read_long_header(packet)
    assert head is not None
    assert (head.kind, head.scid.hex()) == (RETRY, "f067a5502a4262b5")


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\xc3\x00\x00\x00\x01\x08",
        b"\x43" + quic_initial(b"")[1:],
        b"\xc3\x00\x00\x00\x63" + quic_initial(b"")[5:],
        b"\xc3\x00\x00\x00\x01\x15" + bytes(60),
        b"\xc3\x00\x00\x00\x01\x08" + bytes(8) + b"\x15" + bytes(60),
        b"\xc3\x00\x00\x00\x01\x08" + bytes(8) + b"\x00\x00\x05" + bytes(60),
    ],
)
def test_what_is_not_a_long_header_of_a_known_version_is_refused(packet: bytes) -> None:
    assert read_long_header(packet) is None
