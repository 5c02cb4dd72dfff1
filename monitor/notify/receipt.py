"""What came of one try to send, and what every transport must be able to do."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from monitor.notify.message import Message


class Result(StrEnum):
    """What came of a try."""

    DELIVERED = "delivered"
    """The target acknowledged it."""

    FAILED = "failed"
    """It did not, or not in time: to be tried again."""

    GONE = "gone"
    """It wants no messages any more (HTTP 410)."""


class Receipt(NamedTuple):
    """What came of a try, with what was said, for people."""

    result: Result
    error: str = ""
    """Why it failed, in one line without secrets."""

    status: int | None = None
    """Status of the answer, where the protocol has one."""

    retry_after_s: float | None = None
    """How long the target wants to be left alone."""

    request: str = ""
    """What was sent, secrets masked."""

    answer: str = ""
    """What came back, bounded, secrets masked."""


class Sender(Protocol):
    """One target: makes bytes of messages, sends them, says what came of it. Does not raise."""

    batch: int
    """Messages that go out together at most; 1: each by itself."""

    refresh_s: float
    """Seconds after which open alerts are told again, to a target that forgets; 0: it does not."""

    def send(self, messages: Sequence[Message], now_ns: int) -> Receipt:
        """Send messages; all of them are acknowledged, or none counts as such."""
        ...
