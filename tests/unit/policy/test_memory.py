from monitor.model.learnt import Learnt
from monitor.policy.memory import Memory
from monitor.policy.rule import HOUR_NS


def test_only_what_changed_is_given_and_it_goes_on_changing_without_that() -> None:
    memory = Memory("k")
    value = memory.learn("a", {"n": [1]}, 5)
    (row,) = memory.dirty()
    assert row == Learnt("k", "a", {"n": [1]}, 5, 5)
    assert memory.dirty() == []
    value["n"].append(2)
    assert row.value == {"n": [1]}
    memory.changed("a", 9)
    assert memory.dirty() == [Learnt("k", "a", {"n": [1, 2]}, 5, 9)]


def test_what_is_only_met_again_is_written_once_an_hour() -> None:
    memory = Memory("k")
    memory.learn("a", {}, 0)
    memory.dirty()
    for minute in range(1, 121):
        memory.seen("a", minute * HOUR_NS // 60)
    assert len(memory.dirty()) == 1
    memory.seen("a", 2 * HOUR_NS + 1)
    assert memory.dirty() == []


def test_a_full_memory_forgets_what_was_seen_longest_ago_and_says_so() -> None:
    memory = Memory("k", most=10)
    for n in range(10):
        memory.learn(str(n), {}, n)
    memory.seen("0", 100)
    memory.dirty()
    memory.learn("new", {}, 11)
    assert {(row.key, row.value) for row in memory.dirty() if row.value is None} == {("1", None)}
    assert memory.get("0") == {}
    assert memory.forgotten == 1


def test_rows_of_its_kind_are_taken_back() -> None:
    memory = Memory("k")
    memory.load([Learnt("k", "a", {"n": 1}, 0, 0), Learnt("other", "b", {}, 0, 0)])
    assert dict(memory) == {"a": {"n": 1}}
