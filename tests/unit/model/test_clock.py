import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.clock import utc_text


def test_a_time_keeps_all_its_nanoseconds() -> None:
    assert utc_text(1_700_000_000_000_000_001) == "2023-11-14T22:13:20.000000001Z"
    assert utc_text(0) == "1970-01-01T00:00:00.000000000Z"
    assert utc_text(-1) == "1969-12-31T23:59:59.999999999Z"


def test_a_time_no_calendar_has_is_written_as_seconds() -> None:
    assert utc_text(2**63 - 1)[:4] == "2262"
    assert utc_text(10**21) == "1000000000000.000000000Z"


@given(st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2200, 1, 1)))  # noqa: DTZ001  # drawn, UTC set below
def test_any_time_reads_back_as_itself(moment: dt.datetime) -> None:
    moment = moment.replace(tzinfo=dt.UTC)
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    text = utc_text((moment - epoch) // dt.timedelta(microseconds=1) * 1000)
    assert dt.datetime.fromisoformat(text[:26] + "+00:00") == moment
