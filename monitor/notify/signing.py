"""Signatures of Standard Webhooks: ed25519 (``v1a``) and HMAC-SHA256 (``v1``).

Source: standard-webhooks/standard-webhooks, ``spec/standard-webhooks.md``, "Signature scheme".
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from monitor.errors import ConfigError

PRIVATE, PUBLIC, SHARED = "whsk_", "whpk_", "whsec_"

SHARED_BYTES = range(24, 65)
"""The specification's bounds of a shared secret."""


class Key(NamedTuple):
    """One key that messages are signed with."""

    version: str
    """``v1a`` or ``v1``."""

    secret: bytes
    """Seed of ed25519, or the shared secret."""

    public: str
    """``whpk_...`` to be given to the receiver; of a shared secret there is none: empty."""


def parse(text: str, where: str) -> Key:
    """Return the key that a text holds.

    Args:
        text: ``whsk_`` and base64 of an ed25519 key (seed, or seed and public key), or
            ``whsec_`` and base64 of a shared secret.
        where: Named in errors; the text itself is not.

    Raises:
        ConfigError: It is no such key.
    """
    remedy = "make one with 'camwatch notify keys --new FILE'"
    prefix = next((p for p in (PRIVATE, SHARED) if text.startswith(p)), "")
    if text.startswith(PUBLIC):
        raise ConfigError(
            f"{where}: this is a public key; messages are signed with the whsk_ that belongs to it"
        )
    try:
        secret = base64.b64decode(text[len(prefix) :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigError(f"{where}: not base64; {remedy}") from error
    if prefix == SHARED and len(secret) in SHARED_BYTES:
        return Key("v1", secret, "")
    if prefix == PRIVATE and len(secret) in (32, 64):
        public = _public(secret[:32])
        if secret[32:] not in (b"", public):
            raise ConfigError(f"{where}: its two halves do not belong together; {remedy}")
        return Key("v1a", secret[:32], PUBLIC + base64.b64encode(public).decode())
    raise ConfigError(f"{where}: neither a whsk_ nor a whsec_ key of the right length; {remedy}")


def sign(keys: Sequence[Key], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the header ``webhook-signature``: one signature for each key, in their order.

    Args:
        keys: All keys that a receiver may hold: while they change, the old and the new one.
        message_id: Header ``webhook-id``.
        timestamp: Header ``webhook-timestamp``: seconds since 1970 at this attempt.
        body: Exactly what is sent.
    """
    content = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    signatures = []
    for key in keys:
        if key.version == "v1a":
            raw = Ed25519PrivateKey.from_private_bytes(key.secret).sign(content)
        else:
            raw = hmac.new(key.secret, content, hashlib.sha256).digest()
        signatures.append(f"{key.version},{base64.b64encode(raw).decode()}")
    return " ".join(signatures)


def new_private() -> str:
    """Return a new ed25519 key: seed and public key, as libsodium and Svix write it."""
    seed = Ed25519PrivateKey.generate().private_bytes_raw()
    return PRIVATE + base64.b64encode(seed + _public(seed)).decode()


def new_shared(random: bytes) -> str:
    """Return a shared secret made of random bytes (24 to 64)."""
    return SHARED + base64.b64encode(random).decode()


def _public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
