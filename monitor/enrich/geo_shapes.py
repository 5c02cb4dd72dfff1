"""The record shapes of geolocation databases, made one.

Read are: nested ``country.iso_code`` (GeoLite2, DB-IP), flat ``country_code`` (sapics, ours),
``country`` or ``country_code`` beside ``asn: "AS15169"`` and ``as_name`` (IPinfo), and
``autonomous_system_number`` and ``..._organization`` (GeoLite2, sapics, ours).
"""

from collections.abc import Mapping
from typing import Any, Final

from monitor.enrich.countries import COUNTRIES

MAX_ORG: Final = 120
"""Organisation names are cut to this many characters: a database is input too."""

_ORG_KEYS: Final = ("autonomous_system_organization", "as_name", "as_org", "as_organization")
_ASN_KEYS: Final = ("autonomous_system_number", "asn", "as_number")
_MAX_ASN: Final = 0xFFFF_FFFF


def country_of(record: object) -> str:
    """Return the ISO 3166-1 alpha-2 code of a record, empty when it has none.

    ``registered_country`` stands in where ``country`` is absent; ``represented_country`` (an
    embassy, a base) never does, since it says nothing of where the network is.
    """
    if isinstance(record, str):
        return record if record in COUNTRIES else ""
    if not isinstance(record, Mapping):
        return ""
    for key in ("country_code", "country", "registered_country"):
        code = record.get(key)
        if isinstance(code, Mapping):
            code = code.get("iso_code")
        if isinstance(code, str) and code in COUNTRIES:
            return code
    return ""


def network_of(record: object) -> tuple[int, str]:
    """Return AS number (0: none) and organisation (empty: none) of a record."""
    if not isinstance(record, Mapping):
        return 0, ""
    # GeoIP2 Enterprise keeps them under ``traits``.
    traits = record.get("traits")
    asn = _number(record) or (_number(traits) if isinstance(traits, Mapping) else 0)
    if not asn:
        return 0, ""
    return asn, _org(record) or (_org(traits) if isinstance(traits, Mapping) else "")


def is_anycast(record: object) -> bool:
    """Return whether a record marks its block as anycast."""
    if not isinstance(record, Mapping):
        return False
    traits = record.get("traits")
    if isinstance(traits, Mapping) and traits.get("is_anycast") is True:
        return True
    return record.get("is_anycast") is True


def kinds_of(records: list[object]) -> frozenset[str]:
    """Return which of ``country`` and ``asn`` sample records of a database tell."""
    kinds = set()
    if any(country_of(record) for record in records):
        kinds.add("country")
    if any(network_of(record)[0] for record in records):
        kinds.add("asn")
    return frozenset(kinds)


def _number(record: Mapping[Any, Any]) -> int:
    for key in _ASN_KEYS:
        value = record.get(key)
        if isinstance(value, str):
            digits = value[2:] if value[:2].upper() == "AS" else value
            value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 11 else 0
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MAX_ASN:
            return value
    return 0


def _org(record: Mapping[Any, Any]) -> str:
    for key in _ORG_KEYS:
        value = record.get(key)
        if isinstance(value, str) and value:
            return value[:MAX_ORG]
    return ""
