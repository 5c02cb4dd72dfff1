from monitor.dissect.pppp import DISSECTORS
from monitor.dissect.pppp_mask import _TABLE, KEYS, first_masked, key_of, unmask
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import pppp, tcp, udp

_, OVER_TCP, MASKED = DISSECTORS
LAN_SEARCH = bytes.fromhex("2cba5f5d")
"""F1 30 00 00 under the secret "camera", as public clients of A9 cameras broadcast it."""


def test_keys_are_those_of_public_clients() -> None:
    """Source: datenstau/A9_PPPP crypt.js (SHIX) and tests of a public VStarcam client."""
    assert key_of("SHIX") == bytes.fromhex("3cc4680a")
    assert key_of("vstarcam2018") == bytes.fromhex("2cd46006")


def test_the_published_search_is_unmasked() -> None:
    assert unmask(LAN_SEARCH, key_of("camera")) == bytes.fromhex("f1300000")
    assert first_masked(0xF1, key_of("camera")) == 0x2C


def test_no_two_keys_are_equal() -> None:
    assert len(set(KEYS)) == len(KEYS)


def test_a_masked_search_is_pppp() -> None:
    assert MASKED.dissect(udp(32108, LAN_SEARCH)) == Dissection(
        "pppp",
        (
            Fact("pppp.transport", "udp"),
            Fact("pppp.mask", "lan"),
            Fact("pppp.message", "lan-search"),
        ),
    )


def test_a_length_that_lies_is_not_pppp() -> None:
    assert MASKED.dissect(udp(32108, LAN_SEARCH + b"x")) is None
    assert MASKED.dissect(udp(32108, LAN_SEARCH[:3])) is None


def _masked(plain: bytes, secret: str) -> bytes:
    """Mask as a sender does: each byte by the masked byte before it."""
    key, before, out = key_of(secret), 0, bytearray()
    for byte in plain:
        before = byte ^ _TABLE[(key[before & 3] + before) & 0xFF]
        out.append(before)
    return bytes(out)


def _over_tcp(body: bytes, seed: bytes) -> bytes:
    return len(body).to_bytes(2, "big") + b"\x68\x00" + seed + b"\x01\x02" + body


LOGIN = pppp(0x12, bytes(range(44)))


def test_over_tcp_the_seed_in_the_header_is_the_secret() -> None:
    stream = _over_tcp(_masked(LOGIN, "16B0"), b"\x16\xb0")
    answer = _over_tcp(_masked(pppp(0x13, bytes(8)), "0492"), b"\x04\x92")
    assert OVER_TCP.dissect(tcp(443, stream, answer)) == Dissection(
        "pppp",
        (
            Fact("pppp.transport", "tcp"),
            Fact("pppp.mask", "relay"),
            Fact("pppp.message", "device-login"),
            Fact("pppp.message", "device-login-ack"),
        ),
    )


def test_a_second_mask_below_the_first_is_taken_off_too() -> None:
    twice = _masked(_masked(LOGIN, "SSD@cs2-network."), "A127")
    answer = OVER_TCP.dissect(tcp(443, _over_tcp(twice, b"\xa1\x27")))
    assert answer is not None
    assert answer.first("pppp.message") == "device-login"


def test_another_seed_or_a_cut_message_is_not_pppp() -> None:
    body = _masked(LOGIN, "16B0")
    assert OVER_TCP.dissect(tcp(443, _over_tcp(body, b"\x16\xb1"))) is None
    assert OVER_TCP.dissect(tcp(443, _over_tcp(body, b"\x16\xb0")[:-1])) is None
    assert OVER_TCP.dissect(tcp(443, _over_tcp(b"", b"\x16\xb0") + bytes(8))) is None
