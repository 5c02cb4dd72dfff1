"""The country codes that are believed."""

from monitor.enrich.countries import COUNTRIES


def test_there_are_249_assigned_codes_and_kosovo() -> None:
    assert len(COUNTRIES) == 250
    assert "XK" in COUNTRIES


def test_codes_that_name_no_country_are_not_among_them() -> None:
    assert not COUNTRIES & {"EU", "AP", "ZZ", "AN", "CS", "UK", "A1", "A2", "XX", "T1", "??", ""}


def test_every_code_is_two_capital_letters() -> None:
    assert all(len(code) == 2 and code.isalpha() and code.isupper() for code in COUNTRIES)
