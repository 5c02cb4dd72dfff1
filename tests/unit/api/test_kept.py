import threading

import pytest

from monitor.api import kept
from monitor.api.kept import Kept


class Clock:
    now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


def test_an_answer_is_given_again_until_it_is_old() -> None:
    clock = Clock()
    answers = Kept(2, clock)
    assert answers.get("a", lambda: b"1") == b"1"
    clock.now_ns = 1_999_999_999
    assert answers.get("a", lambda: b"2") == b"1"
    assert answers.get("b", lambda: b"3") == b"3"
    clock.now_ns = 2_000_000_000
    assert answers.get("a", lambda: b"4") == b"4"


def test_nothing_is_kept_of_what_failed() -> None:
    answers = Kept(2, Clock())
    with pytest.raises(ZeroDivisionError):
        answers.get("a", lambda: bytes(1 // 0))
    assert answers.get("a", lambda: b"1") == b"1"


def test_zero_seconds_keep_nothing() -> None:
    answers = Kept(0, Clock())
    assert answers.get("a", lambda: b"1") == b"1"
    assert answers.get("a", lambda: b"2") == b"2"


def test_those_who_ask_meanwhile_wait_for_the_one_who_makes_it() -> None:
    answers = Kept(2, Clock())
    may_end = threading.Event()
    began = threading.Barrier(9)
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        may_end.wait(20)
        return b"x"

    def ask() -> None:
        began.wait(20)
        answers.get("a", make)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    began.wait(20)
    may_end.set()
    for thread in threads:
        thread.join(20)
    assert len(made) == 1


@pytest.mark.parametrize(
    ("age_ns", "got"), [(3_999_999_999, b"old"), (4_000_000_000, b"new")], ids=["old", "too old"]
)
def test_while_an_answer_is_made_anew_others_get_the_one_before_unless_it_is_too_old(
    age_ns: int, got: bytes
) -> None:
    clock = Clock()
    answers = Kept(2, clock)
    answers.get("a", lambda: b"old")
    clock.now_ns = age_ns
    is_making, may_end = threading.Event(), threading.Event()
    told: list[bytes] = []

    def make() -> bytes:
        is_making.set()
        may_end.wait(20)
        return b"new"

    maker = threading.Thread(target=lambda: answers.get("a", make))
    other = threading.Thread(target=lambda: told.append(answers.get("a", make)))
    maker.start()
    is_making.wait(20)
    other.start()
    if got == b"old":
        # It does not wait for the one who makes.
        other.join(20)
    may_end.set()
    other.join(20)
    maker.join(20)
    assert told == [got]
    assert answers.get("a", lambda: b"newer") == b"new"


def test_they_are_bounded_and_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 2)
    answers = Kept(2, Clock())
    for name in "abc":
        answers.get(name, name.encode)
    assert answers.get("c", lambda: b"new") == b"c"
    assert answers.get("a", lambda: b"new") == b"new"
