import hashlib

from cryptography.x509.oid import NameOID

from monitor.dissect.certificate import MAX_DER, certificate_facts, parse_certificate
from tests.support.payloads_names import certificate

SUBJECT = (
    (NameOID.COUNTRY_NAME, "TW"),
    (NameOID.ORGANIZATION_NAME, "Maker Corporation"),
    (NameOID.COMMON_NAME, "*.cloud.example"),
)


def test_subject_issuer_names_and_validity_are_read() -> None:
    der = certificate(
        SUBJECT, ((NameOID.COMMON_NAME, "Maker CA"),), ("*.cloud.example", "Cloud.EXAMPLE")
    )
    found = parse_certificate(der)
    assert found is not None
    assert found.subject == "CN=*.cloud.example, O=Maker Corporation, C=TW"
    assert found.issuer == "CN=Maker CA"
    assert found.names == ("*.cloud.example", "cloud.example")
    assert (found.not_before, found.not_after) == ("2024-01-02", "2034-03-04")
    assert not found.is_self_signed
    assert found.sha256 == hashlib.sha256(der).hexdigest()


def test_facts_carry_whose_certificate_it_is() -> None:
    found = parse_certificate(certificate())
    assert found is not None
    facts = certificate_facts(found, "client_cert")
    assert ("tls.client_cert.self_signed", "yes") in facts
    assert {f.kind.split(".")[1] for f in facts} == {"client_cert"}


def test_control_characters_in_a_name_are_spelled_out() -> None:
    found = parse_certificate(certificate(((NameOID.COMMON_NAME, "cam\x1b[0m"),)))
    assert found is not None
    assert found.subject == "CN=cam\\x1b[0m"


def test_more_names_than_the_bound_are_left_out() -> None:
    found = parse_certificate(certificate(names=[f"n{i}.example" for i in range(30)]))
    assert found is not None
    assert len(found.names) == 8


def test_bytes_that_are_no_certificate_give_none() -> None:
    der = certificate()
    assert parse_certificate(b"") is None
    assert parse_certificate(der[:-1]) is None
    assert parse_certificate(b"\x30\x82" + bytes(900)) is None
    assert parse_certificate(bytes(MAX_DER + 1)) is None
