"""The company behind a service, known from its name; and the company whose network an address is."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from publicsuffixlist import PublicSuffixList

from monitor.data import data_path
from monitor.data.yaml_file import load_entries, text_of
from monitor.enrich.countries import COUNTRIES
from monitor.errors import ConfigError
from monitor.model.records import NOBODY, Evidence, Operator, Place

OPERATORS_FILE: Final = "operators.yaml"
MAX_CACHED: Final = 65_536
MAX_NAME: Final = 255
MAX_CERTIFICATE_NAMES: Final = 16
"""Names of a certificate that are looked at: shared delivery certificates carry hundreds."""

_FIELDS: Final = {
    "name",
    "country",
    "disputed",
    "parent",
    "role",
    "domains",
    "addresses",
    "as_numbers",
    "source",
}
_DOMAIN: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")


class Role(StrEnum):
    """What a company does under a name."""

    SERVICE = "service"
    PLATFORM = "platform"
    """Rents out machines, storage or delivery: the tenant runs the service."""

    PUBLIC = "public"
    """Nobody's in particular, such as the NTP pool: no operator is said."""


class Company(NamedTuple):
    """One entry of the data file."""

    name: str
    country: str
    disputed: tuple[str, ...]
    """Homes that sources name, where they differ; `country` is then empty."""

    parent: str
    role: Role
    domains: tuple[str, ...]
    addresses: tuple[str, ...]
    """Fixed addresses that are the service itself, such as public resolvers."""

    as_numbers: tuple[int, ...]
    source: str


class Operators:
    """Answers who operates a service, never guessing from a top-level domain or an address."""

    def __init__(self, companies: tuple[Company, ...]) -> None:
        self.companies = companies
        self._by_domain = {domain: one for one in companies for domain in one.domains}
        self._by_address = {ip: one for one in companies for ip in one.addresses}
        self._by_asn = {asn: one for one in companies for asn in one.as_numbers}
        self._known: dict[tuple[str, tuple[str, ...]], Operator] = {}
        self.service_addresses = frozenset(self._by_address)
        """Fixed addresses that are a service themselves: the only ones that `operator` knows."""

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the companies that are shipped, or those of another file.

        Raises:
            ConfigError: The file is missing, or an entry is wrong: one line says which and why.
        """
        where = path or data_path(OPERATORS_FILE)
        companies = tuple(
            _company(where, label, entry)
            for label, entry in load_entries(where, "companies", _FIELDS)
        )
        for key, kind in (
            ("domains", "domain"),
            ("addresses", "address"),
            ("as_numbers", "AS number"),
        ):
            owner: dict[object, str] = {}
            for company in companies:
                for item in getattr(company, key):
                    if item in owner:
                        raise ConfigError(
                            f"{where}: {kind} {item} is given to {owner[item]} and to "
                            f"{company.name}; keep one"
                        )
                    owner[item] = company.name
        return cls(companies)

    def operator(
        self,
        name: str,
        ip: str,
        place: Place,  # noqa: ARG002  # see the docstring
        cert_names: tuple[str, ...] = (),
    ) -> Operator:
        """Return the company that operates the service at `name`.

        A name that belongs to a platform shows the platform alone, unless the certificate names
        one company that runs a service.

        Args:
            name: Name of the destination; empty when unknown.
            ip: Its address: asked when nothing else tells, and only for the few fixed addresses
                that are a service themselves, such as 8.8.8.8.
            place: Its place. Not used: a network shows who hosts, which is `hosting`.
            cert_names: Names of the certificate that the destination showed.

        Returns:
            `NOBODY` when the data does not tell.
        """
        key = (name, cert_names)
        known = self._known.get(key)
        if known is None:
            known = self._find(name, cert_names)
            if len(self._known) >= MAX_CACHED:
                self._known.clear()
            self._known[key] = known
        if known is NOBODY and ip in self._by_address:
            company = self._by_address[ip]
            evidence = Evidence("address", ip, f"operators/{company.name}")
            return Operator(company.name, company.country, company.parent, (evidence,))
        return known

    def hosting(self, place: Place) -> Operator:
        """Return the company whose network the address block is, by its AS number.

        The home country is known for the larger clouds, delivery networks and carriers; for
        others the organisation of the AS stands alone.
        """
        if not place.asn:
            return NOBODY
        shown = f"AS{place.asn} {place.as_org}".strip()
        company = self._by_asn.get(place.asn)
        if company is None:
            return Operator(place.as_org, "", "", (Evidence("address", shown),))
        evidence = Evidence("address", shown, f"operators/{company.name}")
        return Operator(company.name, company.country, company.parent, (evidence,))

    def registrable(self, name: str) -> str:
        """Return the part of `name` that somebody registered, such as ``ys7.com``.

        Public suffixes count in both senses of the list, so ``a.github.io`` and
        ``bucket.s3.amazonaws.com`` stay whole. Empty for an address, a public suffix or no name.
        """
        plain = _plain(name)
        if not plain or "." not in plain or plain.replace(".", "").isdigit() or ":" in plain:
            return ""
        return self._suffixes.privatesuffix(plain) or ""

    @cached_property
    def _suffixes(self) -> PublicSuffixList:
        # Parsing the list takes some 70 ms: only who asks for it waits.
        return PublicSuffixList()

    def _find(self, name: str, cert_names: tuple[str, ...]) -> Operator:
        told = self._company_of(name)
        if told is not None and told[0].role is not Role.PLATFORM:
            return _operator(*told, "name")
        shown = [
            found
            for text in cert_names[:MAX_CERTIFICATE_NAMES]
            if (found := self._company_of(text)) is not None
        ]
        services = [found for found in shown if found[0].role is Role.SERVICE]
        # A certificate that delivery customers share names several companies, and so nobody.
        if len({company.name for company, _ in services}) == 1:
            return _operator(*services[0], "certificate")
        if told is not None:
            return _operator(*told, "name")
        if shown and not services:
            return _operator(*shown[0], "certificate")
        return NOBODY

    def _company_of(self, name: str) -> tuple[Company, str] | None:
        """Return the company with the longest domain that `name` is or lies below."""
        rest = _plain(name)
        while rest:
            company = self._by_domain.get(rest)
            if company is not None:
                return company, rest
            rest = rest.partition(".")[2]
        return None


def _plain(name: str) -> str:
    """Return a name in lower case without final dot and wildcard; empty when it is too long."""
    if len(name) > MAX_NAME:
        return ""
    return name.lower().removeprefix("*.").rstrip(".")


def _operator(company: Company, domain: str, kind: str) -> Operator:
    note = ""
    if company.role is Role.PLATFORM:
        note = " (a platform; who rents it is not known)"
    elif company.disputed:
        note = f" (home given as {' and as '.join(company.disputed)})"
    evidence = (Evidence(kind, domain + note, f"operators/{company.name}"),)
    if company.role is Role.PUBLIC:
        return Operator("", "", "", evidence)
    return Operator(company.name, company.country, company.parent, evidence)


def _company(path: Path, label: str, entry: Mapping[str, Any]) -> Company:
    name = text_of(path, label, entry, "name")
    label = f"{label} ({name})"
    role = text_of(path, label, entry, "role", default="service")
    if role not in tuple(Role):
        raise ConfigError(f"{path}: {label}: unknown role '{role}'; write {', '.join(Role)}")
    country = text_of(path, label, entry, "country", default="")
    if country and not _is_country(country):
        raise ConfigError(f"{path}: {label}: {country!r} is no country; write two letters")
    disputed = _list(
        path, label, entry, "disputed", _is_country, "write two letters, as in [CN, US]"
    )
    if bool(country) == bool(disputed) and role != Role.PUBLIC:
        raise ConfigError(f"{path}: {label}: write either country or disputed")
    domains = _list(path, label, entry, "domains", _is_domain, "write example.com in lower case")
    addresses = _list(path, label, entry, "addresses", _is_address, "write 8.8.8.8")
    numbers = _list(path, label, entry, "as_numbers", _is_as_number, "write 64496")
    if not domains and not numbers:
        raise ConfigError(f"{path}: {label}: has neither domains nor as_numbers; give one")
    return Company(
        name,
        country,
        disputed,
        text_of(path, label, entry, "parent", default=""),
        Role(role),
        domains,
        addresses,
        numbers,
        text_of(path, label, entry, "source"),
    )


def _list(
    path: Path,
    label: str,
    entry: Mapping[str, Any],
    field: str,
    is_good: Callable[[Any], bool],
    advice: str,
) -> tuple[Any, ...]:
    """Return the list `field` of an entry, each item checked; empty where it is missing."""
    value = entry.get(field, [])
    if not isinstance(value, list):
        raise ConfigError(f"{path}: {label}: {field} is not a list; write [a, b]")
    for item in value:
        if not is_good(item):
            raise ConfigError(f"{path}: {label}: {field}: {item!r:.60} does not fit; {advice}")
    return tuple(value)


def _is_country(item: Any) -> bool:
    return isinstance(item, str) and item in COUNTRIES


def _is_domain(item: Any) -> bool:
    return isinstance(item, str) and _DOMAIN.fullmatch(item) is not None


def _is_address(item: Any) -> bool:
    """Return whether it is an address in its usual text, as packets are shown."""
    try:
        return isinstance(item, str) and str(ipaddress.ip_address(item)) == item
    except ValueError:
        return False


def _is_as_number(item: Any) -> bool:
    return isinstance(item, int) and not isinstance(item, bool) and 0 < item < 1 << 32
