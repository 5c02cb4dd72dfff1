"""What a server's or a device's certificate says of itself."""

import functools
import hashlib
import warnings
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import NameOID

from monitor.dissect.text import host_of, safe
from monitor.model.facts import Fact

MEMO_SIZE = 1024
"""Certificates remembered, the latest used."""

MAX_NAMES = 8
MAX_DER = 16384
"""Longest certificate that is read, in bytes."""

_PARTS = (
    ("CN", NameOID.COMMON_NAME),
    ("O", NameOID.ORGANIZATION_NAME),
    ("C", NameOID.COUNTRY_NAME),
)

_REFUSED = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


class Certificate(NamedTuple):
    """The parts of a certificate that tell who is there."""

    subject: str
    """Common name, organisation and country: ``CN=cam, O=Maker, C=CN``."""

    issuer: str
    names: tuple[str, ...]
    """DNS names of the subject alternative name, at most `MAX_NAMES`."""

    is_self_signed: bool
    """Subject and issuer are the same name; the signature is not checked."""

    not_before: str
    """Date, ``2026-11-23``."""

    not_after: str
    sha256: str
    """Hash of the DER bytes, in hex."""


def _text(name: x509.Name) -> str:
    found = []
    for label, oid in _PARTS:
        for attribute in name.get_attributes_for_oid(oid)[:1]:
            value = attribute.value
            raw = value if isinstance(value, bytes) else value.encode("utf-8", "replace")
            found.append(f"{label}={safe(raw, 128)}")
    return ", ".join(found)


def _dns_names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    names = extension.value.get_values_for_type(x509.DNSName)[:MAX_NAMES]
    return tuple(host_of(name.encode("utf-8", "replace")) for name in names)


def _parse(der: bytes, digest: str) -> Certificate | None:
    try:
        # The library warns of certificates that break rules in small ways; cameras' do.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            certificate = x509.load_der_x509_certificate(der)
            return Certificate(
                _text(certificate.subject),
                _text(certificate.issuer),
                _dns_names(certificate),
                certificate.subject == certificate.issuer,
                certificate.not_valid_before_utc.date().isoformat(),
                certificate.not_valid_after_utc.date().isoformat(),
                digest,
            )
    except _REFUSED:
        return None


@functools.lru_cache(maxsize=MEMO_SIZE)
def parse_certificate(der: bytes) -> Certificate | None:
    """Return what a certificate says, or None when it cannot be read.

    Reading one costs some hundred microseconds, and servers show the same one again and again.
    """
    return _parse(der, hashlib.sha256(der).hexdigest()) if len(der) <= MAX_DER else None


@functools.lru_cache(maxsize=MEMO_SIZE)
def certificate_facts(certificate: Certificate, whose: str) -> tuple[Fact, ...]:
    """Return the facts of a certificate.

    Args:
        certificate: What it says.
        whose: ``cert`` for a server's, ``client_cert`` for a client's.
    """
    values = (
        ("subject", certificate.subject),
        ("issuer", certificate.issuer),
        *(("name", name) for name in certificate.names),
        ("self_signed", "yes" if certificate.is_self_signed else ""),
        ("not_before", certificate.not_before),
        ("not_after", certificate.not_after),
        ("sha256", certificate.sha256),
    )
    return tuple(Fact(f"tls.{whose}.{kind}", value) for kind, value in values if value)
