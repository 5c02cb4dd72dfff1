"""Signatures, checked by the `standardwebhooks` package and, for ed25519, from the specification's text."""

import base64
import re
import time

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook

from monitor.errors import ConfigError
from monitor.notify import signing

BODY = '{"type":"camwatch.alert.opened","data":"é"}'.encode()


def test_the_example_of_the_specifications_libraries_comes_out() -> None:
    # Secret, id, time, body and signature stand in the test suites of the standard-webhooks libraries.
    key = signing.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "key")
    assert signing.sign(
        [key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    ) == ("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")


def test_every_key_signs_and_each_signature_can_be_checked() -> None:
    old, new, shared = signing.new_private(), signing.new_private(), signing.new_shared(b"k" * 32)
    keys = [signing.parse(text, "key") for text in (old, new, shared)]
    now = time.time_ns() // 10**9
    header = signing.sign(keys, "msg_1", now, BODY)
    versions = [part.split(",")[0] for part in header.split(" ")]
    assert versions == ["v1a", "v1a", "v1"]
    Webhook(shared).verify(
        BODY, {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": header}
    )
    for part, key in zip(header.split(" "), keys[:2], strict=False):
        assert key.public.startswith("whpk_")
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.public[5:]))
        signature = base64.b64decode(part.split(",")[1])
        public.verify(signature, b"msg_1." + str(now).encode() + b"." + BODY)
        with pytest.raises(InvalidSignature):
            public.verify(signature, b"msg_2." + str(now).encode() + b"." + BODY)


def test_a_seed_alone_is_a_private_key_too() -> None:
    # RFC 8032 section 7.1, test 1.
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    text = "whsk_" + base64.b64encode(seed).decode()
    both = "whsk_" + base64.b64encode(seed + public).decode()
    assert signing.parse(text, "key") == signing.parse(both, "key")
    assert signing.parse(text, "key").public == "whpk_" + base64.b64encode(public).decode()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("secret", "not base64"),
        ("whsec_c2hvcnQ=", "neither a whsk_ nor a whsec_ key of the right length"),
        ("whsec_" + "YQ" * 60, "neither"),
        ("whsk_" + base64.b64encode(b"x" * 31).decode(), "neither"),
        ("whsk_" + base64.b64encode(b"x" * 64).decode(), "its two halves do not belong together"),
        ("whpk_" + base64.b64encode(b"x" * 32).decode(), "this is a public key"),
    ],
)
def test_what_is_no_key_is_refused_without_being_shown(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(why)) as caught:
        signing.parse(text, "/etc/camwatch/soc.key")
    assert str(caught.value).startswith("/etc/camwatch/soc.key: ")
    assert text not in str(caught.value)
