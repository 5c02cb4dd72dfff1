from monitor.dissect import tls
from monitor.dissect.tls_repeat import MAX_KEY, repeat_key
from tests.support.payloads_names import hello_record, sni_extension, tcp

NAME = sni_extension(b"cam.example")


def share(value: bytes) -> bytes:
    return b"\x00\x33" + len(value).to_bytes(2) + value


def changed(stream: bytes, at: int) -> bytes:
    return stream[:at] + bytes([stream[at] ^ 0xFF]) + stream[at + 1 :]


def test_random_does_not_count_and_the_version_does() -> None:
    hello = hello_record(NAME)
    key = repeat_key(hello)
    assert key
    assert repeat_key(changed(hello, 11)) == repeat_key(changed(hello, 42)) == key
    assert repeat_key(changed(hello, 10)) != key


def test_the_value_of_the_key_share_does_not_count_and_its_length_does() -> None:
    first, second = (hello_record(NAME + share(bytes([n] * 32))) for n in (1, 2))
    assert first != second
    assert repeat_key(first) == repeat_key(second) != b""
    assert repeat_key(hello_record(NAME + share(bytes(31)))) != repeat_key(first)


def test_what_stands_behind_the_key_share_counts() -> None:
    first = hello_record(share(bytes(32)) + sni_extension(b"a.example"))
    second = hello_record(share(bytes(32)) + sni_extension(b"b.example"))
    assert repeat_key(first) != repeat_key(second)
    assert tls.dissect(tcp(first)) != tls.dissect(tcp(second))


def test_the_bytes_of_a_key_share_within_another_extension_give_no_key() -> None:
    inside = b"\xff\x01\x00\x06" + b"\x00\x33\x00\x01\x00\x00"
    assert repeat_key(hello_record(inside + NAME)) == b""


def test_anything_but_one_whole_hello_has_no_key() -> None:
    hello = hello_record(NAME)
    for stream in (b"", hello[:-1], hello + b"\x16", b"\x17" + hello[1:], changed(hello, 5)):
        assert repeat_key(stream) == b""


def test_a_key_share_that_runs_over_the_end_gives_no_key() -> None:
    assert repeat_key(hello_record(b"\x00\x33\x00\x40" + bytes(8))) == b""


def test_a_long_hello_is_not_kept() -> None:
    assert repeat_key(hello_record(b"\xff\x01\x02\xff" + bytes(767))) == b""
    assert repeat_key(hello_record(b"\xff\x01\x02\xff" + bytes(767))[:MAX_KEY]) == b""


def test_no_cut_raises() -> None:
    hello = hello_record(NAME + share(bytes(32)))
    for end in range(len(hello)):
        body = hello[9:end]
        whole = b"\x16\x03\x01" + (len(body) + 4).to_bytes(2) + b"\x01" + len(body).to_bytes(3)
        repeat_key(whole + body)


def test_a_hello_seen_before_gives_the_same_object() -> None:
    hello = hello_record(NAME)
    assert tls.dissect(tcp(hello)) is tls.dissect(tcp(changed(hello, 20)))
