import pytest

from monitor.language import FIELDS, Op
from monitor.language.values import ValueFault, read_value, write_value


def read(field: str, text: str, op: Op = Op.EQ) -> object:
    return read_value(FIELDS[field], op, text, is_quoted=False)


@pytest.mark.parametrize(
    ("field", "text", "value", "written"),
    [
        ("out_bytes", "20kB", 20_000, "20kB"),
        ("out_bytes", "1.5MB", 1_500_000, "1500kB"),
        ("out_bytes", "4KiB", 4096, "4096B"),
        ("out_bytes", "0", 0, "0B"),
        ("duration", "90min", 5_400_000_000_000, "90min"),
        ("duration", "0.5s", 500_000_000, "500ms"),
        ("duration", "48h", 172_800_000_000_000, "2d"),
        ("port", "8555", 8555, "8555"),
        ("time", "2026-11-28", 1_795_824_000_000_000_000, "2026-11-28T00:00:00Z"),
        ("time", "2026-11-28T09:00:00+01:00", 1_795_852_800_000_000_000, "2026-11-28T08:00:00Z"),
        ("purpose", "Diagnostics", "diagnostics", "diagnostics"),
        ("purpose", "unknown", "unknown", "unknown"),
        ("operator", "unknown", None, "unknown"),
        ("vlan", "unknown", None, "unknown"),
        ("operator", "Deutsche Telekom", "Deutsche Telekom", '"Deutsche Telekom"'),
        ("clear_password", "yes", True, "yes"),
    ],
)
def test_a_value_is_read_in_the_base_unit_and_written_in_the_largest_that_fits(
    field: str, text: str, value: object, written: str
) -> None:
    found = read(field, text)
    assert found == value
    assert write_value(FIELDS[field], found) == written  # type: ignore[arg-type]  # what read gives


def test_a_quoted_unknown_is_that_text() -> None:
    value = read_value(FIELDS["operator"], Op.EQ, "unknown", is_quoted=True)
    assert value == "unknown"
    assert write_value(FIELDS["operator"], value) == '"unknown"'


def test_an_address_stands_for_itself_and_a_network_for_its_addresses() -> None:
    for text in ("10.20.3.0/24", "10.20.3.11", "2001:db8::/32", "2001:db8::1"):
        assert write_value(FIELDS["camera"], read("camera", text)) == text  # type: ignore[arg-type]  # as above


def test_a_pattern_without_stars_is_looked_for_anywhere() -> None:
    assert read("name", "hik", Op.LIKE) == "*hik*"
    assert read("name", "*.hik-connect.com", Op.LIKE) == "*.hik-connect.com"


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("purpose", "diagnostic", "purpose is never 'diagnostic'"),
        ("out_bytes", "20Kb", "'Kb' is no unit of out_bytes"),
        ("duration", "5", "'5' has no unit"),
        ("port", "443ms", "'ms' is no unit of port"),
        ("port", "https", "'https' is not a number"),
        ("port", "1.5", "'1.5' is not a whole number of port"),
        ("out_bytes", "99999999TB", "'99999999TB' is too large"),
        ("camera", "10.20.3.300", "'10.20.3.300' is no address or network"),
        ("time", "yesterday", "'yesterday' is no time"),
        ("clear_password", "maybe", "'maybe' is neither yes nor no"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_reason(
    field: str, text: str, reason: str
) -> None:
    with pytest.raises(ValueFault) as error:
        read(field, text)
    assert error.value.args[0] == reason


def test_the_nearest_word_is_proposed() -> None:
    with pytest.raises(ValueFault) as error:
        read("purpose", "diagnostic")
    assert error.value.args[1] == "did you mean 'diagnostics'?"
