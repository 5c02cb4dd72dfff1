"""A page of what is rare holds what was found in the time there was, and says how far that went."""

from collections.abc import Iterator

import pytest
from sqlalchemy.exc import DBAPIError

from monitor.language import Where, parse
from monitor.store import RunStart, Store
from monitor.store import engine as engines
from monitor.store.reading import flows, scope, search
from monitor.store.reading.paging import Cut
from monitor.store.reading.reader import Reader
from tests.support import records

HOUR_NS = 3_600_000_000_000
HOURS = 60
NEVER = "purpose = media-relay"
OFTEN = "out_bytes > 0"


@pytest.fixture
def reader(store_url: str) -> Iterator[Reader]:
    """Two runs of 30 flows each: one flow an hour, in turns."""
    for of_run in (0, 1):
        with Store.open(store_url) as store:
            store.begin_run(RunStart(id=f"run-{of_run}", started_ns=1, versions={}))
            store.write(
                records.flow(number)._replace(
                    start_ns=number * HOUR_NS + 5, end_ns=number * HOUR_NS + 6
                )
                for number in range(of_run, HOURS, 2)
            )
            store.finish_run(finished_ns=2, counters={})
    made = Reader(engines.parse(store_url), 10)
    yield made
    made.close()


def _page(
    reader: Reader, text: str, seconds: float, sort: str = "-start", after: str | None = None
) -> search.Found:
    with reader.connect() as connection:
        everything = scope.resolve(connection, None, None, None)
        assert everything is not None
        return flows.flows(
            connection, everything, tree=parse(text, Where.FLOW), sort=sort, after=after,
            limit=7, seconds=seconds,
        )  # fmt: skip


@pytest.mark.parametrize("sort", ["-start", "start"])
@pytest.mark.parametrize("seconds", [0.0, 60.0], ids=["no time", "time enough"])
def test_whoever_goes_on_finds_every_flow_once_in_order(
    reader: Reader, sort: str, seconds: float
) -> None:
    found: list[int] = []
    after = None
    for _ in range(HOURS + 1):
        page = _page(reader, OFTEN, seconds, sort, after)
        found += [int(row["flow_id"], 16) for row in page.rows]
        after = page.next
        if after is None:
            break
    assert after is None
    assert found == sorted(range(HOURS), reverse=sort == "-start")


def test_without_time_one_slice_is_searched_and_its_edge_told(reader: Reader) -> None:
    newest_ns = (HOURS - 1) * HOUR_NS + 5
    page = _page(reader, NEVER, 0)
    assert (page.rows, page.looked_ns) == ([], newest_ns + 1 - HOUR_NS)
    assert page.next is not None
    assert _page(reader, NEVER, 0, after=page.next).looked_ns == newest_ns + 1 - 2 * HOUR_NS
    assert _page(reader, NEVER, 0, "start").looked_ns == 5 + HOUR_NS


def test_what_was_searched_to_the_end_has_no_next_page(reader: Reader) -> None:
    assert _page(reader, NEVER, 60) == ([], None, None)


def test_what_a_filter_by_index_finds_is_not_searched_in_slices(reader: Reader) -> None:
    page = _page(reader, "camera = 10.20.3.11", 0)
    assert (len(page.rows), page.looked_ns) == (7, None)


@pytest.mark.parametrize("slices", [0, 2])
def test_a_slice_that_takes_too_long_leaves_what_was_found_before(
    reader: Reader, slices: int
) -> None:
    """The first one has nothing before it: then the question is given up."""
    done: list[scope.Scope] = []

    def part(here: scope.Scope, _: int) -> Cut:
        if len(done) == slices:
            raise DBAPIError("select", None, Exception("interrupted"))
        done.append(here)
        return Cut([], None)

    with reader.connect() as connection:
        everything = scope.resolve(connection, None, None, None)
        assert everything is not None
        order = flows.sort_of("-start")
        if slices == 0:
            with pytest.raises(DBAPIError):
                search.search(connection, everything, order, None, 7, 60, part)
            return
        found = search.search(connection, everything, order, None, 7, 60, part)
    assert found.looked_ns == done[-1].from_ns
    assert found.next is not None
