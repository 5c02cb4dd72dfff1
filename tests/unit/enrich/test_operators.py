"""The company behind a service, and the company that hosts it."""

from pathlib import Path

import pytest
from publicsuffixlist import PublicSuffixList

from monitor.enrich.operators import Operators, Role
from monitor.errors import ConfigError
from monitor.model.records import NOBODY, NOWHERE, Place

ONE = """
version: 1
companies:
  - name: Example
    country: DE
    domains: [example.net]
    source: a test
"""


@pytest.fixture(scope="module")
def shipped() -> Operators:
    return Operators.load()


def written(folder: Path, text: str) -> Path:
    path = folder / "operators.yaml"
    path.write_text(text)
    return path


def test_a_name_below_a_known_domain_has_its_operator(shipped: Operators) -> None:
    found = shipped.operator("dev.ys7.com", "203.0.113.1", NOWHERE)
    assert (found.name, found.country, found.parent) == ("EZVIZ", "CN", "Hikvision")


def test_the_evidence_names_the_domain_and_the_entry(shipped: Operators) -> None:
    (evidence,) = shipped.operator("dev.ys7.com", "", NOWHERE).evidence
    assert (evidence.kind, evidence.value, evidence.catalog) == (
        "name",
        "ys7.com",
        "operators/EZVIZ",
    )


def test_letter_case_final_dot_and_wildcard_do_not_matter(shipped: Operators) -> None:
    for name in ("DEV.Ys7.COM", "dev.ys7.com.", "*.ys7.com", "ys7.com"):
        assert shipped.operator(name, "", NOWHERE).name == "EZVIZ"


def test_a_name_that_only_ends_alike_has_no_operator(shipped: Operators) -> None:
    assert shipped.operator("notys7.com", "", NOWHERE) is NOBODY


def test_an_unknown_name_has_no_operator_whatever_its_top_level_domain(shipped: Operators) -> None:
    assert shipped.operator("unheard-of.cn", "", NOWHERE) is NOBODY


def test_an_address_alone_has_no_operator(shipped: Operators) -> None:
    assert shipped.operator("", "52.94.236.248", Place("US", 16509, "AMAZON-02")) is NOBODY


def test_a_fixed_address_that_is_a_service_has_an_operator(shipped: Operators) -> None:
    found = shipped.operator("", "8.8.8.8", NOWHERE)
    assert (found.name, found.country) == ("Google", "US")
    assert found.evidence[0].kind == "address"
    assert shipped.operator("", "8.8.8.9", NOWHERE) is NOBODY


def test_a_name_goes_before_a_fixed_address(shipped: Operators) -> None:
    assert shipped.operator("dev.ys7.com", "8.8.8.8", NOWHERE).name == "EZVIZ"


def test_the_longest_domain_wins(shipped: Operators) -> None:
    assert shipped.operator("www.googleapis.com", "", NOWHERE).name == "Google"
    assert shipped.operator("x.storage.googleapis.com", "", NOWHERE).name == "Google Cloud"


def test_a_platform_is_shown_with_the_word_that_its_tenant_is_unknown(shipped: Operators) -> None:
    found = shipped.operator("bucket.s3.eu-west-1.amazonaws.com", "", NOWHERE)
    assert found.name == "Amazon Web Services"
    assert "not known" in found.evidence[0].value


def test_a_certificate_names_the_service_on_a_platform(shipped: Operators) -> None:
    found = shipped.operator("x.cloudfront.net", "", NOWHERE, ("*.ys7.com",))
    assert (found.name, found.evidence[0].kind) == ("EZVIZ", "certificate")


def test_a_certificate_that_names_two_companies_names_nobody(shipped: Operators) -> None:
    names = ("*.ys7.com", "tuyaeu.com")
    assert shipped.operator("", "", NOWHERE, names) is NOBODY
    assert shipped.operator("x.fastly.net", "", NOWHERE, names).name == "Fastly"


def test_the_name_goes_before_the_certificate(shipped: Operators) -> None:
    assert shipped.operator("a.tuyaeu.com", "", NOWHERE, ("*.ys7.com",)).name == "Tuya"


def test_the_ntp_pool_has_no_operator_though_vendors_have_zones_in_it(shipped: Operators) -> None:
    found = shipped.operator("0.amazon.pool.ntp.org", "", NOWHERE)
    assert (found.name, found.country) == ("", "")
    assert found.evidence[0].catalog == "operators/NTP Pool"


def test_a_disputed_home_is_no_country_but_is_told(shipped: Operators) -> None:
    found = shipped.operator("device.tplinkcloud.com", "", NOWHERE)
    assert (found.name, found.country) == ("TP-Link", "")
    assert "CN" in found.evidence[0].value


def test_the_hosting_company_comes_from_the_network(shipped: Operators) -> None:
    found = shipped.hosting(Place("SG", 45102, "Alibaba (US) Technology Co., Ltd."))
    assert (found.name, found.country, found.parent) == ("Alibaba Cloud", "CN", "Alibaba")


def test_an_unlisted_network_hosts_under_its_own_name_without_a_country(
    shipped: Operators,
) -> None:
    found = shipped.hosting(Place("DE", 64496, "Example Net"))
    assert (found.name, found.country) == ("Example Net", "")
    assert shipped.hosting(NOWHERE) is NOBODY


@pytest.mark.parametrize(
    ("name", "registrable"),
    [
        ("a.b.ys7.com", "ys7.com"),
        ("www.meari.com.cn", "meari.com.cn"),
        ("bucket.s3.amazonaws.com", "bucket.s3.amazonaws.com"),
        ("com.cn", ""),
        ("203.0.113.9", ""),
        ("2001:db8::1", ""),
        ("localhost", ""),
        ("", ""),
    ],
)
def test_the_registrable_domain_follows_the_public_suffix_list(
    shipped: Operators, name: str, registrable: str
) -> None:
    assert shipped.registrable(name) == registrable


def test_no_shipped_domain_is_open_for_registration_by_anybody(shipped: Operators) -> None:
    suffixes = PublicSuffixList(only_icann=True)
    domains = [domain for company in shipped.companies for domain in company.domains]
    assert [domain for domain in domains if suffixes.is_public(domain)] == []


def test_protocol_families_and_white_labels_are_no_companies(shipped: Operators) -> None:
    names = {company.name.lower() for company in shipped.companies}
    assert not [name for name in names if "white" in name or "pppp" in name or "generic" in name]


def test_every_platform_without_a_name_has_a_network(shipped: Operators) -> None:
    bare = [company for company in shipped.companies if not company.domains]
    assert all(company.role is Role.PLATFORM and company.as_numbers for company in bare)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("country: DE", "country: Germany", "is no country"),
        ("country: DE", "country: NO", "country is False"),
        ("country: DE", "disputed: [CN, EU]", "disputed: 'EU' does not fit"),
        ("country: DE", "", "either country or disputed"),
        ("domains: [example.net]", "domains: [Example]", "domains: 'Example' does not fit"),
        ("domains: [example.net]", "domains: example.net", "is not a list"),
        ("domains: [example.net]", "as_numbers: [-1]", "as_numbers: -1 does not fit"),
        ("domains: [example.net]", "role: service", "neither domains nor as_numbers"),
        ("source: a test", "source: a test\n    addresses: [8.8.8]", "does not fit; write 8.8.8.8"),
        (
            "source: a test",
            "source: a test\n    addresses: [2001:DB8::1]",
            "does not fit; write 8.8.8.8",
        ),
        ("source: a test", "", "source is None"),
        ("source: a test", "sauce: a test", "unknown field 'sauce'"),
        ("source: a test", "source: a test\n    role: pirate", "unknown role"),
        ("companies:", "firms:", "no list 'companies'"),
        ("version: 1", "version: [", "not YAML"),
        ("    source: a test", "    source: a test\n  - 7", "is not a mapping"),
    ],
)
def test_a_wrong_entry_is_refused_with_one_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = written(tmp_path, ONE.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        Operators.load(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_domain_given_to_two_companies_is_refused(tmp_path: Path) -> None:
    second = ONE.split("companies:\n")[1].replace("Example\n", "Other\n")
    with pytest.raises(ConfigError, match=r"example\.net is given to Example and to Other"):
        Operators.load(written(tmp_path, ONE + second))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        Operators.load(tmp_path / "none.yaml")
