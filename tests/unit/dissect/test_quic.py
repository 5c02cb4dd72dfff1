import struct

import pytest

from monitor.dissect.quic import dissect
from tests.support.payloads_names import (
    alpn_extension,
    client_hello,
    crypto_frame,
    handshake,
    quic_initial,
    sni_extension,
    udp,
    versions_extension,
)

HELLO = handshake(
    1,
    client_hello(sni_extension(b"cam.example"), alpn_extension(b"h3"), versions_extension(0x0304)),
)


def sni(*datagrams: bytes) -> str:
    found = dissect(udp(*datagrams))
    assert found is not None
    assert found.service == "quic"
    return found.first("tls.sni")


@pytest.mark.parametrize(("version", "name"), [(1, "1"), (0x6B3343CF, "2")])
def test_the_hello_of_an_initial_packet_is_told(version: int, name: str) -> None:
    found = dissect(udp(quic_initial(crypto_frame(0, HELLO), version=version)))
    assert found is not None
    assert found.first("quic.version") == name
    assert found.first("tls.sni") == "cam.example"
    assert found.first("tls.alpn") == "h3"
    assert found.first("tls.ja4").startswith("q13d0303h3_")


def test_pieces_come_in_any_order_and_overlap_between_pings() -> None:
    pieces = crypto_frame(60, HELLO[60:]) + b"\x01\x00\x01" + crypto_frame(0, HELLO[:70])
    assert sni(quic_initial(pieces)) == "cam.example"


def test_pieces_come_over_several_datagrams() -> None:
    second = quic_initial(crypto_frame(40, HELLO[40:]), number=1)
    first = quic_initial(crypto_frame(0, HELLO[:40]))
    assert sni(second, first) == "cam.example"


def test_an_acknowledgement_before_the_piece_is_stepped_over() -> None:
    assert sni(quic_initial(b"\x02\x05\x00\x01\x01\x00\x00" + crypto_frame(0, HELLO))) == (
        "cam.example"
    )


def test_coalesced_packets_are_all_read() -> None:
    """The second packet of the datagram starts where the first ends by its length field."""
    datagram = quic_initial(crypto_frame(0, HELLO[:50]), size=200) + quic_initial(
        crypto_frame(50, HELLO[50:]), number=1, size=400
    )
    assert sni(datagram) == "cam.example"


def test_later_packets_to_the_servers_id_keep_the_first_keys() -> None:
    second = quic_initial(crypto_frame(40, HELLO[40:]), number=1, to_dcid=b"server-id")
    assert sni(quic_initial(crypto_frame(0, HELLO[:40])), second) == "cam.example"


def test_a_client_that_answers_is_found_too() -> None:
    found = dissect(udp(resp=(quic_initial(crypto_frame(0, HELLO)),)))
    assert found is not None
    assert found.first("tls.sni") == "cam.example"


def test_a_missing_piece_leaves_the_hello_cut() -> None:
    found = dissect(udp(quic_initial(crypto_frame(0, HELLO[:50]))))
    assert found is not None
    assert found.weirds == ("tls_hello_cut",)
    assert found.first("tls.ja4") == ""


def test_a_datagram_cut_by_the_snap_length_gives_the_hello_that_is_left() -> None:
    assert sni(quic_initial(crypto_frame(0, HELLO))[:300]) == "cam.example"


def test_an_initial_that_does_not_open_is_a_weird() -> None:
    packet = bytearray(quic_initial(crypto_frame(0, HELLO)))
    packet[-1] ^= 1
    found = dissect(udp(bytes(packet)))
    assert found is not None
    assert found.weirds == ("quic_initial_unreadable",)
    assert [f.kind for f in found.facts] == ["quic.version"]


def test_a_side_whose_packets_do_not_open_is_left_alone_after_a_few() -> None:
    packet = bytearray(quic_initial(crypto_frame(0, HELLO)))
    packet[-1] ^= 1
    good = quic_initial(crypto_frame(0, HELLO))
    assert sni(*[bytes(packet)] * 3, good) == "cam.example"
    assert sni(*[bytes(packet)] * 4, good) == ""


@pytest.mark.parametrize(
    "payload",
    [
        b"\x80" + bytes(60),
        b"\xff" * 60,
        b"\xc3\x00\x00\x00\x02" + bytes(60),
        b"\x40" + bytes(60),
        b"\x9e\xba\xac\xe9\x01\x00\x00\x00" + bytes(60),  # Hikvision
        b"\xe2" + bytes(60),
        b"\x0d" + bytes(60),
    ],
)
def test_datagrams_on_443_that_are_not_quic_are_not_called_so(payload: bytes) -> None:
    assert dissect(udp(payload)) is None


def google_hello(**tags: bytes) -> bytes:
    table, values = b"", b""
    for name, value in tags.items():
        values += value
        table += struct.pack("<4sI", name.encode(), len(values))
    return b"CHLO" + struct.pack("<HH", len(tags), 0) + table + values


def test_google_quic_in_clear_tells_its_name() -> None:
    hello = google_hello(PAD=b"-" * 20, SNI=b"WWW.example.com", UAID=b"Chrome/63")
    datagram = b"\x0d" + bytes(8) + b"Q043" + b"\x01" + bytes(12) + b"\xa0\x01\x04\x05" + hello
    found = dissect(udp(datagram))
    assert found is not None
    assert [(f.kind, f.value) for f in found.facts] == [
        ("quic.version", "Q043"),
        ("tls.sni", "www.example.com"),
        ("quic.user_agent", "Chrome/63"),
    ]


def test_a_version_negotiation_that_offers_a_known_version_is_quic() -> None:
    offered = struct.pack(">IIII", 0, 0x1A2A3A4A, 1, 0x6B3343CF)
    packet = b"\xc0" + offered[:4] + b"\x04abcd\x04efgh" + offered[4:]
    found = dissect(udp(b"\x00", resp=(packet,)))
    assert found is not None
    assert found.weirds == ("quic_version_negotiation",)
