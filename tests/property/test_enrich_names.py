"""Properties of the table of names."""

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.enrich.names import MAX_NAME, MAX_RUNS, NameTable
from monitor.model.facts import DnsMessage, DnsRecord

NAMES = st.sampled_from(["a.example", "b.example", "c.example", "d.example"])
ADDRESSES = st.sampled_from(["203.0.113.1", "203.0.113.2", "2001:db8::1"])
RECORDS = st.builds(
    DnsRecord,
    name=NAMES | st.text(max_size=300),
    type=st.sampled_from([1, 5, 28, 16, -1]),
    ttl=st.integers(-(2**40), 2**40),
    value=ADDRESSES | NAMES | st.text(max_size=300),
)
MESSAGES = st.builds(
    DnsMessage,
    id=st.integers(0, 65_535),
    is_response=st.booleans(),
    rcode=st.integers(0, 15),
    questions=st.lists(
        st.tuples(NAMES | st.text(max_size=300), st.integers(0, 300)), max_size=2
    ).map(tuple),
    answers=st.lists(RECORDS, max_size=8).map(tuple),
    is_cut=st.booleans(),
)
CLIENTS = st.sampled_from(["10.0.0.1", "10.0.0.2", ""])
TIMES = st.integers(-(2**62), 2**62)


@given(st.lists(st.tuples(CLIENTS, TIMES, MESSAGES), max_size=20), TIMES)
@settings(max_examples=200)
def test_no_message_raises_and_the_bounds_hold(
    seen: list[tuple[str, int, DnsMessage]], at_ns: int
) -> None:
    table = NameTable(max_per_client=3, max_total=4)
    for client, ts_ns, message in seen:
        table.observe(client, ts_ns, message)
        found = table.lookup(client, "203.0.113.1", at_ns, others=True)
        assert found is None or (0 < len(found.name) <= MAX_NAME and found.age_ns >= 0)
        assert len(table) <= 4
    assert all(len(known) <= 3 for known in table._clients.values())
    assert sum(len(known) for known in table._clients.values()) == len(table)
    assert all(
        len(runs) <= MAX_RUNS for known in table._clients.values() for runs in known.values()
    )
    assert len(table._site) <= 4


@given(
    st.lists(st.tuples(NAMES, st.integers(0, 100), st.integers(0, 60)), max_size=MAX_RUNS),
    st.integers(-10, 200),
)
@settings(max_examples=300)
def test_the_answer_is_the_last_name_asked_by_then(
    asked: list[tuple[str, int, int]], at: int
) -> None:
    """Against the plain rule: look through all answers in the order of their time."""
    asked.sort(key=lambda item: item[1])
    table = NameTable()
    for name, second, ttl in asked:
        record = DnsRecord(name, 1, ttl, "203.0.113.1")
        message = DnsMessage(0, True, 0, ((name, 1),), (record,), False)
        table.observe("10.0.0.1", second * 10**9, message)
    by_then = [item for item in asked if item[1] <= at]
    found = table.lookup("10.0.0.1", "203.0.113.1", at * 10**9)
    assert (found and found.name) == (by_then[-1][0] if by_then else None)


@given(st.permutations(["a.example", "b.example", "c.example"]))
@settings(max_examples=20)
def test_answers_may_come_in_any_order(order: list[str]) -> None:
    seconds = {"a.example": 1, "b.example": 2, "c.example": 3}
    table = NameTable()
    for name in order:
        record = DnsRecord(name, 1, 0, "203.0.113.1")
        message = DnsMessage(0, True, 0, ((name, 1),), (record,), False)
        table.observe("10.0.0.1", seconds[name] * 10**9, message)
    found = [table.lookup("10.0.0.1", "203.0.113.1", second * 10**9) for second in (1, 2, 3)]
    assert [name and name.name for name in found] == list(seconds)
