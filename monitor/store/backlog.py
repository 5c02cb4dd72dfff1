"""What waits to be written: a bounded queue and a thread, so that a slow store never holds up capture."""

import dataclasses
import threading
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from monitor.errors import StoreError
from monitor.store.live import LiveStore, RefusedError, Step

MOST_FLOWS = 250_000
"""Flows that wait, some 50 MB. Raising it bridges longer outages of the store."""

MOST_STEPS = 20_000
"""Steps that wait. Without flows a step is small; at one a second these are five hours."""

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0


class Counts(NamedTuple):
    """What became of steps and flows. Flows put = written + duplicate + dropped + refused + waiting."""

    steps_written: int = 0
    flows_put: int = 0
    flows_written: int = 0
    flows_duplicate: int = 0
    """Were in the store already, under the same id and time."""

    flows_dropped: int = 0
    """Given up, oldest first, because too many waited or the end came."""

    flows_refused: int = 0
    """The database does not take a value of their step; its alerts are written without them."""

    steps_dropped: int = 0
    """Given up whole, alerts and deliveries with them."""

    retries: int = 0
    flows_waiting: int = 0
    steps_waiting: int = 0


class Outcome(Enum):
    """How the tries to write a step ended."""

    WRITTEN = "written"
    REFUSED = "refused"
    GIVEN_UP = "given up"


class Backlog:
    """Takes steps from the keeper and writes them, in order, in a thread of its own.

    `put` returns at once and raises nothing. While the store is locked, full or gone, steps wait and
    are tried again; beyond `most_flows` the oldest flows go, their alerts, deliveries and what was
    learnt stay; beyond `most_steps` the oldest steps go whole. Each loss has its counter.

    What is neither a failure of the database nor of a value is a bug: the thread ends, and `check`
    raises it to the keeper.
    """

    def __init__(
        self,
        store: LiveStore,
        *,
        most_flows: int = MOST_FLOWS,
        most_steps: int = MOST_STEPS,
        between: Callable[[LiveStore, int], bool] | None = None,
    ) -> None:
        """Start the thread.

        Args:
            store: Where to; used by the thread alone from now on, `close` included.
            most_flows: How many flows may wait.
            most_steps: How many steps may wait.
            between: Called after each step with the store and the step's `now_ns`, for short work such
                as a piece of retention; returns whether more is to be done while nothing waits.
        """
        self._store = store
        self._most_flows, self._most_steps = most_flows, most_steps
        self._between = between
        self._changed = threading.Condition()
        self._steps: deque[Step] = deque()
        self._stripped = 0
        self._counts = Counts()
        self._fault = self._refusal = ""
        self._bug: BaseException | None = None
        self._is_ending = False
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._thread.start()

    @property
    def fault(self) -> str:
        """Why nothing is written at the moment, in one line; empty: all is well."""
        return self._fault

    @property
    def refusal(self) -> str:
        """What the database last refused for good, in one line; empty: nothing yet."""
        return self._refusal

    def counts(self) -> Counts:
        """Return the counters as they are now."""
        with self._changed:
            return self._counts

    def check(self) -> None:
        """Raise what ended the thread, if anything did."""
        if self._bug is not None:
            raise self._bug

    def put(self, step: Step) -> None:
        """Take a step; what is too much is dropped and counted."""
        with self._changed:
            self._steps.append(step)
            self._count(flows_put=step.flows, flows_waiting=step.flows, steps_waiting=1)
            while len(self._steps) > self._most_steps:
                self._drop(self._steps.popleft())
                self._stripped = max(0, self._stripped - 1)
            while self._counts.flows_waiting > self._most_flows and self._strip_oldest():
                pass
            self._changed.notify_all()

    def close(self, timeout_s: float) -> Counts:
        """Write what waits, as far as the time allows, let go of the store, and count what is left.

        A try that is under way when the time is over goes on for as long as the database makes it
        wait, which is bounded by `engine.BUSY_TIMEOUT_S`.
        """
        with self._changed:
            self._is_ending = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        self._given_up.set()
        self._thread.join()
        with self._changed:
            while self._steps:
                self._drop(self._steps.popleft())
            return self._counts

    def _run(self) -> None:
        try:
            while (step := self._next()) is not None:
                self._write(step)
                self._work_between(step.now_ns)
        except BaseException as error:
            self._bug = error
            raise
        finally:
            self._store.close()

    def _next(self) -> Step | None:
        """Wait for a step; None where the end has come."""
        with self._changed:
            self._changed.wait_for(lambda: self._steps or self._is_ending)
            if not self._steps or self._given_up.is_set():
                return None
            self._stripped = max(0, self._stripped - 1)
            return self._steps.popleft()

    def _write(self, step: Step) -> None:
        """Write a step; one that the database refuses is tried in two parts, alerts before flows."""
        known = self._store.duplicates
        try:
            outcome = self._try(step)
        except BaseException:
            with self._changed:
                self._drop(step)
            raise
        if outcome is Outcome.REFUSED and step.records:
            # New objects: to the store they are steps of their own.
            rest = self._try(dataclasses.replace(step, records=()))
            outcome = self._try(Step(now_ns=step.now_ns, records=step.records))
        else:
            rest = outcome
        again = self._store.duplicates - known
        flows = step.flows
        with self._changed:
            self._count(flows_waiting=-flows, steps_waiting=-1)
            if rest is Outcome.WRITTEN:
                self._count(steps_written=1)
            else:
                self._count(steps_dropped=1)
            match outcome:
                case Outcome.WRITTEN:
                    self._count(flows_written=flows - again, flows_duplicate=again)
                case Outcome.REFUSED:
                    self._count(flows_refused=flows)
                case Outcome.GIVEN_UP:
                    self._count(flows_dropped=flows)

    def _try(self, step: Step) -> Outcome:
        """Write until it is written, refused for good, or the end has come."""
        wait_s = FIRST_WAIT_S
        while True:
            try:
                self._store.commit(step)
            except RefusedError as error:
                self._fault, self._refusal = "", str(error)
                return Outcome.REFUSED
            except StoreError as error:
                self._fault = str(error)
            else:
                self._fault = ""
                return Outcome.WRITTEN
            with self._changed:
                self._count(retries=1)
            if self._given_up.wait(wait_s):
                return Outcome.GIVEN_UP
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _work_between(self, now_ns: int) -> None:
        try:
            while self._between is not None and self._between(self._store, now_ns):
                if self._steps or self._is_ending:
                    return
        except StoreError as error:
            # Such work is done again later; only what comes with steps must not be lost.
            self._fault = str(error)

    def _strip_oldest(self) -> bool:
        """Drop the flows of the oldest step that has any; return False where none waits."""
        while self._stripped < len(self._steps):
            step = self._steps[self._stripped]
            if step.records:
                self._steps[self._stripped] = dataclasses.replace(step, records=())
                self._count(flows_dropped=step.flows, flows_waiting=-step.flows)
                return True
            self._stripped += 1
        return False

    def _drop(self, step: Step) -> None:
        self._count(
            steps_dropped=1, steps_waiting=-1, flows_dropped=step.flows, flows_waiting=-step.flows
        )

    def _count(self, **changes: int) -> None:
        old = self._counts
        self._counts = old._replace(**{name: getattr(old, name) + n for name, n in changes.items()})
