"""One process's share of a replay, and the processes that do the others."""

import dataclasses
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Self

from monitor.config import Settings
from monitor.coverage.isolation import IsolationTally
from monitor.enrich.devices import Signs
from monitor.follower import Follower, end_with_parent
from monitor.indexing import Stages
from monitor.keeping import Keeper
from monitor.model.rows import RecordBatch
from monitor.model.shards import Shard
from monitor.pipeline import Pipeline
from monitor.policy.findings import Findings
from monitor.policy.rule import Rule
from monitor.report.jsonl import FlowPart, PartIndex, part_path
from monitor.report.summary import Summary, Tally


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What every share needs to know."""

    settings: Settings
    stages: Stages
    rules: Sequence[Rule]
    out: Path | None


@dataclasses.dataclass(slots=True, kw_only=True)
class Gathered:
    """What a share gives; crosses from process to process."""

    summary: Summary
    findings: Findings
    signs: Signs
    isolation: IsolationTally
    part: PartIndex | None
    records: int = 0

    def merge(self, other: "Gathered") -> None:
        """Add another share, but for its signs."""
        self.summary.merge(other.summary)
        self.findings.merge(other.findings)
        self.isolation.merge(other.isolation)
        self.records += other.records


def work(
    task: Task,
    batches: Iterable[RecordBatch],
    part: FlowPart | None,
    kept: Keeper | None = None,
) -> Gathered:
    """Take the records of one share of a replay, in this process.

    Args:
        task: What every share needs to know.
        batches: The records; with the last of them all is learnt that there is to learn.
        part: Where to write lines.
        kept: What else gets the records.
    """
    tally, findings, isolation = Tally(), Findings(task.rules), IsolationTally()
    for batch in batches:
        tally.add(batch)
        findings.add(batch)
        isolation.add(batch)
        if part is not None:
            part.write(batch)
        if kept is not None:
            kept.write(batch.records())
    return Gathered(
        summary=tally.summary(),
        findings=findings,
        signs=task.stages.devices.signs(),
        isolation=isolation,
        part=None if part is None else part.close(),
    )


def followed(
    task: Task,
    follower: Follower,
    shard: Shard,
    part: FlowPart | None,
    kept: Keeper | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Gathered:
    """Do one share of what another process follows."""
    line = Pipeline(task.settings, task.stages, shard)
    works = follower.works(shard.number, progress)
    gathered = work(task, line.take(works), part, kept)
    gathered.records = line.counts.records
    return gathered


class Helpers:
    """The processes that do shares 1 and up of a task. Leaving it ends them and their files."""

    def __init__(self, task: Task, follower: Follower, shares: int) -> None:
        context = multiprocessing.get_context("fork")
        self._parts = [] if task.out is None else [part_path(task.out, n) for n in range(1, shares)]
        self._processes: list[tuple[BaseProcess, Connection]] = []
        for number in range(1, shares):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_run,
                args=(
                    task,
                    follower,
                    Shard(number, shares),
                    theirs,
                    [ours, *(p for _, p in self._processes)],
                ),
                daemon=True,
            )
            process.start()
            theirs.close()
            self._processes.append((process, ours))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process, pipe in self._processes:
            pipe.close()
            if kind is not None:
                process.terminate()
            process.join()
        for part in self._parts:
            part.unlink(missing_ok=True)

    def gather(self) -> list[Gathered]:
        """Wait for the shares.

        Raises:
            MonitorError: As in a process of its own.
            RuntimeError: A process died.
        """
        gathered = []
        for process, pipe in self._processes:
            try:
                answer = pipe.recv()
            except (EOFError, OSError) as error:
                process.join()
                raise RuntimeError(
                    f"a helper process ended with status {process.exitcode} before its share"
                ) from error
            if isinstance(answer, BaseException):
                raise answer
            gathered.append(answer)
        return gathered


def _run(
    task: Task,
    follower: Follower,
    shard: Shard,
    pipe: Connection,
    inherited: Sequence[Connection],
) -> None:
    # The first process's ends came along: left open, nobody would ever see them closed.
    for end in inherited:
        end.close()
    # The terminal sends Ctrl-C to all: the first process decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Ending must unwind, so that the part of the file goes.
    signal.signal(signal.SIGTERM, _leave)
    end_with_parent()
    with ExitStack() as stack:
        part = None
        try:
            if task.out is not None:
                part = stack.enter_context(FlowPart(task.out, shard.number))
            answer: Gathered | Exception = followed(task, follower, shard, part)
        except Exception as error:  # noqa: BLE001  # told to the first process, which raises it
            answer = error
        with pipe:
            try:
                pipe.send(answer)
            except BrokenPipeError:
                return  # The first process is gone, and nobody will remove the part.
            # What this process holds is as much as all else: it does not wait for the end.
            if part is not None:
                part.hand_on()


def _leave(_number: int, _frame: object) -> None:
    raise SystemExit(0)
