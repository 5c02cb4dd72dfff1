from monitor.dissect.pppp import DISSECTORS
from monitor.dissect.pppp_mask import KEYS, first_masked, key_of, unmask
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import udp

MASKED = DISSECTORS[2]
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
