import struct

import pytest

from monitor.dissect.ja4 import HelloShape, fingerprint, is_grease, words


def listed(*values: int) -> bytes:
    return struct.pack(f">{len(values)}H", *values)


CHROME = HelloShape(
    version=0x0303,
    ciphers=bytes.fromhex("13011302 1303c02b c02fc02c c030cca9 cca8c013 c014009c 009d002f 0035"),
    extensions=words(
        bytes.fromhex("001b0000 00330010 44690017 002d000d 00050023 0012002b ff01000b 000a0015")
    ),
    versions=listed(0x0304, 0x0303),
    groups=b"",
    formats=b"",
    signatures=bytes.fromhex("0403080404010503 0805050108060601"),
    alpn=b"h2",
)
"""The example of FoxIO-LLC/ja4, technical_details/JA4.md."""

EMPTY = HelloShape(0x0303, b"", (), b"", b"", b"", b"", b"")


def test_the_published_example_gives_the_published_fingerprint() -> None:
    assert fingerprint(CHROME, "t").ja4 == "t13d1516h2_8daaf6152771_e5627efa2ab1"


def test_without_signature_algorithms_the_second_hash_is_the_published_one() -> None:
    assert fingerprint(CHROME._replace(signatures=b""), "t").ja4.endswith("_6d807ffa2a79")


def test_grease_counts_nowhere() -> None:
    greased = CHROME._replace(
        ciphers=listed(0x2A2A) + CHROME.ciphers,
        extensions=(0xFAFA, *CHROME.extensions, 0x0A0A),
        versions=listed(0x5A5A, 0x0304),
        signatures=listed(0x8A8A) + CHROME.signatures,
    )
    assert fingerprint(greased, "t").ja4 == "t13d1516h2_8daaf6152771_e5627efa2ab1"


@pytest.mark.parametrize(("value", "answer"), [(0x0A0A, True), (0xFAFA, True), (0x0A1A, False)])
def test_grease_values_repeat_their_byte(value: int, answer: bool) -> None:
    assert is_grease(value) is answer


@pytest.mark.parametrize(
    ("alpn", "letters"),
    [
        (b"h2", "h2"),
        (b"http/1.1", "h1"),
        (b"x", "xx"),
        (b"", "00"),
        (b"\xab", "ab"),
        (b"\xab\xcd", "ad"),
        (b"\x30\xab", "3b"),
        (b"\x30\x31\xab\xcd", "3d"),
        (b"\x30\xab\xcd\x31", "01"),
    ],
)
def test_the_first_protocol_gives_its_ends_or_those_of_its_hex_form(
    alpn: bytes, letters: str
) -> None:
    """The examples of the description."""
    assert fingerprint(EMPTY._replace(alpn=alpn), "t").ja4[8:10] == letters


@pytest.mark.parametrize(
    ("legacy", "versions", "letters"),
    [
        (0x0303, (0x0304, 0x0303), "13"),
        (0x0303, (), "12"),
        (0x0301, (), "10"),
        (0x0300, (), "s3"),
        (0xFEFF, (), "d1"),
        (0xFEFD, (), "d2"),
        (0xFEFD, (0xFEFC, 0xFEFD), "d3"),
        (0x0303, (0x7F1C,), "00"),
    ],
)
def test_the_version_is_the_highest_offered(
    legacy: int, versions: tuple[int, ...], letters: str
) -> None:
    shape = EMPTY._replace(version=legacy, versions=listed(*versions))
    assert fingerprint(shape, "t").ja4[1:3] == letters


def test_empty_lists_are_shown_as_zeros() -> None:
    assert fingerprint(EMPTY, "q").ja4 == "q12i000000_000000000000_000000000000"


def test_counts_stop_at_99() -> None:
    many = EMPTY._replace(ciphers=listed(*range(0xC000, 0xC000 + 150)))
    assert fingerprint(many, "t").ja4[4:6] == "99"


def test_ja3_of_the_published_example() -> None:
    """The example of salesforce/ja3, README."""
    shape = EMPTY._replace(
        version=769,
        ciphers=listed(47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4),
        extensions=(0, 10, 11),
        groups=listed(23, 24, 25),
        formats=b"\x00",
    )
    assert fingerprint(shape, "t").ja3 == "ada70206e40642a3e4461f35503241d5"


def test_an_odd_last_byte_of_a_list_is_left_out() -> None:
    assert words(b"\x13\x01\x13") == (0x1301,)
