"""The delivery loop: works off the outbox, each target in a thread of its own.

`Courier` does one step for one target, with the time handed in; `Delivery` runs the threads. The
keeper writes deliveries in the transaction of their alert (`targets.outgoing`, `outbox.enqueue`)
and calls `Delivery.wake` after the commit; without that they go at the next look, a second later.
"""

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import structlog

from monitor.daemon import targets as making
from monitor.daemon.targets import Target
from monitor.errors import StoreError
from monitor.notify import message as messages
from monitor.notify import schedule
from monitor.notify.receipt import Receipt, Result
from monitor.store import told
from monitor.store.outbox import FAR_NS, Failure, Leased, Outbox, TargetState

LEASE_NS = 90_000_000_000
"""Longer than a try can take: connecting to a few addresses of a name, then `Limits.total_s`."""

LOOK_S = 1.0
TIDY_NS = 600_000_000_000

LOG = structlog.get_logger()


class Counts(NamedTuple):
    """What was done for a target since the start."""

    attempts: int = 0
    delivered: int = 0
    failed: int = 0
    dead: int = 0


class Courier:
    """Takes what is due for one target, sends it, and settles it."""

    def __init__(
        self, target: Target, outbox: Outbox, chance: Callable[[], float] = random.random
    ) -> None:
        self.target = target
        self.counts = Counts()
        self._outbox = outbox
        self._chance = chance
        self._tidied_ns: int | None = None
        self._refreshed_ns: int | None = None

    def step(self, now_ns: int, clock: Callable[[], int]) -> bool:
        """Try what is due now, once; return whether there was anything.

        Args:
            now_ns: The time.
            clock: Read again after the try, which takes time.

        Raises:
            StoreError: The database did not do its part. What was sent may be sent again.
        """
        name = self.target.name
        self._tidy(now_ns)
        state = self._outbox.target(name)
        if state.is_gone or now_ns < state.open_until_ns <= now_ns + FAR_NS:
            return False
        self._refresh(now_ns)
        batch = self.target.sender.batch
        leased = self._outbox.lease(
            name, now_ns, lease_ns=LEASE_NS, limit=batch, is_batch=batch > 1
        )
        if not leased:
            return False
        receipt = self._send(leased, now_ns)
        self._count(attempts=len(leased))
        if receipt.result is Result.DELIVERED:
            self._outbox.settle(name, [item.id for item in leased], clock(), receipt.status)
            self._count(delivered=len(leased))
            if state.failures >= schedule.TRIP:
                LOG.info("target answers again", target=name, failures=state.failures)
        else:
            self._fail(leased, receipt, state, clock())
        return True

    def _send(self, leased: Sequence[Leased], now_ns: int) -> Receipt:
        try:
            found = [messages.from_body(item.body) for item in leased]
            return self.target.sender.send(found, now_ns)
        except Exception:
            # One target's formatter must not end the thread: the message is tried again, and
            # dead in the end, where people see it.
            LOG.exception("message could not be sent", target=self.target.name)
            return Receipt(Result.FAILED, "a bug in camwatch; see its log")

    def _fail(
        self, leased: Sequence[Leased], receipt: Receipt, state: TargetState, now_ns: int
    ) -> None:
        name = self.target.name
        is_gone = receipt.result is Result.GONE
        open_ns = int(schedule.open_s(state.failures + 1, self._chance()) * 1e9)
        asked_ns = int((receipt.retry_after_s or 0.0) * 1e9)
        due: dict[int, int | None] = {}
        for item in leased:
            wait_s = schedule.wait_s(item.attempts + 1, self._chance())
            is_over = wait_s is None or now_ns >= item.expires_ns
            due[item.id] = None if is_over else now_ns + max(int((wait_s or 0) * 1e9), asked_ns)
        wait_ns = max(open_ns, asked_ns)
        failure = Failure(
            receipt.error, receipt.status, due, now_ns + wait_ns if wait_ns else 0, is_gone
        )
        self._outbox.fail(name, failure, now_ns)
        dead = sum(due_ns is None for due_ns in due.values())
        self._count(failed=len(leased), dead=dead)
        if is_gone:
            LOG.error(
                "target wants no messages any more",
                target=name,
                remedy=f"camwatch notify test {name}",
            )
        elif state.failures + 1 == schedule.TRIP:
            LOG.warning("target fails", target=name, failures=schedule.TRIP, error=receipt.error)
        if dead:
            LOG.error("message given up", target=name, messages=dead, error=receipt.error)

    def _refresh(self, now_ns: int) -> None:
        """Tell open alerts again to a target that forgets; one that was missed comes with the next."""
        sender, name = self.target.sender, self.target.name
        every_ns = int(sender.refresh_s * 1e9)
        is_early = self._refreshed_ns is not None and abs(now_ns - self._refreshed_ns) < every_ns
        if not every_ns or is_early:
            return
        self._refreshed_ns = now_ns
        with self._outbox.reading() as connection:
            bodies = told.bodies(connection, name)
        if bodies:
            sender.send([messages.from_body(body) for body in bodies], now_ns)

    def _tidy(self, now_ns: int) -> None:
        if self._tidied_ns is None or abs(now_ns - self._tidied_ns) >= TIDY_NS:
            self._tidied_ns = now_ns
            dead = self._outbox.tidy(self.target.name, now_ns)
            self._count(dead=dead)
            if dead:
                LOG.error("message given up", target=self.target.name, messages=dead, error="age")

    def _count(self, **more: int) -> None:
        self.counts = Counts(
            *(n + more.get(key, 0) for key, n in zip(Counts._fields, self.counts, strict=True))
        )


class Delivery:
    """Threads that deliver, one for each target, and the heartbeats."""

    def __init__(
        self,
        targets: Sequence[Target],
        outbox: Outbox,
        *,
        sensor: str,
        now_ns: Callable[[], int],
        facts: Callable[[], Mapping[str, Any]] = dict,
        look_s: float = LOOK_S,
    ) -> None:
        """Take what is needed; `start` begins.

        Args:
            targets: From `targets.open_targets`.
            outbox: A connection of its own to the store.
            sensor: Name of this sensor.
            now_ns: The clock.
            facts: What a heartbeat says of the sensor: names and numbers, no secrets.
            look_s: Seconds between looks into the outbox when nobody wakes the threads.
        """
        self._couriers = [Courier(target, outbox) for target in targets]
        self._outbox = outbox
        self._sensor = sensor
        self._now_ns = now_ns
        self._facts = facts
        self._look_s = look_s
        self._is_stopping = False
        self._wakes = [threading.Event() for _ in targets]
        self._threads = [
            threading.Thread(
                target=self._run, args=pair, name=f"deliver-{pair[0].target.name}", daemon=True
            )
            for pair in zip(self._couriers, self._wakes, strict=True)
        ]

    def start(self) -> None:
        """Begin to deliver, beginning with a heartbeat."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Say that something was written to the outbox."""
        for event in self._wakes:
            event.set()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """End the threads; return whether all did.

        One that waits for a slow target is left behind: what it tries is tried again after its
        lease, by whoever runs next.
        """
        self._is_stopping = True
        self.wake()
        for thread in self._threads:
            thread.join(timeout_s)
        return not any(thread.is_alive() for thread in self._threads)

    def counts(self) -> dict[str, Counts]:
        """Return what was done since the start, by target."""
        return {courier.target.name: courier.counts for courier in self._couriers}

    def _run(self, courier: Courier, wake: threading.Event) -> None:
        beat_ns: int | None = None
        was_failing = False
        while not self._is_stopping:
            now_ns = self._now_ns()
            did = False
            try:
                beat_ns = self._beat(courier.target, beat_ns, now_ns)
                did = courier.step(now_ns, self._now_ns)
                was_failing = False
            except StoreError as error:
                if not was_failing:
                    LOG.warning(
                        "outbox cannot be used", target=courier.target.name, error=str(error)
                    )
                was_failing = True
            except Exception:
                # A thread that ended would be a target that hears nothing, and nobody would know.
                LOG.exception("delivery step failed", target=courier.target.name)
            if not did:
                wake.wait(self._look_s)
                wake.clear()

    def _beat(self, target: Target, beat_ns: int | None, now_ns: int) -> int | None:
        """Write a heartbeat when one is due; return when the last one was."""
        every_ns = int(target.settings.beat_s * 1e9)
        if not every_ns or (beat_ns is not None and 0 <= now_ns - beat_ns < every_ns):
            return beat_ns
        item = making.heartbeat(self._sensor, target, now_ns, self._facts())
        self._outbox.enqueue([item], now_ns)
        return now_ns
