import hashlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from monitor.dissect.tuya import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import tcp, tuya, tuya_new, udp


def test_a_presence_broadcast_names_product_and_version() -> None:
    body = b'\0\0\0\0{"ip":"192.0.2.5","gwId":"bf00","productKey":"keyabcdef","version":"3.1"}'
    answer = DISSECTOR.dissect(udp(6666, tuya(0x13, body)))
    assert answer == Dissection(
        "tuya",
        (
            Fact("tuya.command", "presence"),
            Fact("tuya.version", "3.1"),
            Fact("tuya.product", "keyabcdef"),
        ),
    )


def test_the_newer_framing_is_version_3_5() -> None:
    answer = DISSECTOR.dissect(tcp(6668, tuya_new(0x0A, bytes(40))))
    assert answer == Dissection(
        "tuya", (Fact("tuya.command", "query"), Fact("tuya.version", "3.5"))
    )


def test_a_frame_without_its_end_mark_is_not_tuya() -> None:
    assert DISSECTOR.dissect(udp(6666, tuya(0x13, b"{}")[:-1])) is None


def test_a_masked_broadcast_is_read_with_the_key_that_everybody_has() -> None:
    text = b'{"ip":"192.0.2.5","gwId":"bf00","productKey":"keyabcdef","version":"3.3"}'
    text += bytes([16 - len(text) % 16]) * (16 - len(text) % 16)
    key = hashlib.md5(b"yGAdlopoPVldABfn", usedforsecurity=False).digest()
    cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - as the devices do
    answer = DISSECTOR.dissect(udp(6667, tuya(0x13, bytes(4) + cipher.encryptor().update(text))))
    assert answer == Dissection(
        "tuya",
        (
            Fact("tuya.command", "presence"),
            Fact("tuya.version", "3.3"),
            Fact("tuya.product", "keyabcdef"),
        ),
    )
