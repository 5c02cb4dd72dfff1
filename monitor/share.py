"""One process's share of a replay, and the processes that do the others."""

import dataclasses
import multiprocessing
import os
import signal
from collections.abc import Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Self

from monitor import pipeline
from monitor.capture import Capture, open_capture
from monitor.config import Settings
from monitor.coverage.account import Account
from monitor.coverage.isolation import IsolationTally
from monitor.decode import Decoder
from monitor.enrich.devices import Signs
from monitor.flow import FlowSettings, FlowStage
from monitor.indexing import Stages
from monitor.keeping import Keeper
from monitor.model.shards import Shard
from monitor.policy.findings import Findings
from monitor.policy.rule import Rule
from monitor.report.jsonl import FlowPart, PartIndex, part_path
from monitor.report.summary import Summary, Tally

MOST = 8
"""Most processes: beyond, all of them follow packets more than they handle flows."""

SHARED_FROM_BYTES = 48_000_000
"""Smaller captures are done before other processes would have begun."""

SAMPLE_BYTES = 32 << 20
"""What is looked into to tell whether the work is in the flows or in the packets."""

FLOW_NS, PACKET_NS, BYTE_NS = 25_000, 300, 0.4
"""What each costs in one process, in ns of a processor, roughly: docs/performance.md has more. A
byte is read and looked through; that it is hashed as well costs about half as much again, once."""

CHUNK_BYTES = 4 << 20
"""Read at a time: a step costs some tenths of a millisecond whatever is in it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What every share needs to know."""

    files: Sequence[str]
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
    counts: pipeline.Counts
    isolation: IsolationTally
    coverage: Account | None
    """Of the first share: packets are the same for all."""

    part: PartIndex | None

    def merge(self, other: "Gathered") -> None:
        """Add another share, but for its signs. Packets were counted alike, flows apart."""
        self.summary.merge(other.summary)
        self.findings.merge(other.findings)
        self.isolation.merge(other.isolation)
        self.counts.records += other.counts.records


def how_many(files: Sequence[str]) -> int:
    """Return the number of processes worth using for some files.

    Every process reads all of them: so they must lie on disk, uncompressed, and be large. And it
    follows all packets: so the flows, which are shared, must be more of the work than that.
    """
    paths = [Path(name) for name in files]
    try:
        if not all(path.is_file() for path in paths):
            return 1
        if sum(path.stat().st_size for path in paths) < SHARED_FROM_BYTES:
            return 1
        if any(_is_compressed(path) for path in paths):
            return 1
    except OSError:
        return 1  # The reader says what is wrong with the file.
    most = max(1, min(MOST, len(os.sched_getaffinity(0))))
    return most if most > 1 and _is_made_of_flows(files) else 1


def _is_made_of_flows(files: Sequence[str]) -> bool:
    """Return whether, by their beginning, the work of files is in flows rather than in packets.

    With one process packets and flows have a thread each, and hashing has one. With more, packets
    are followed again by each, which pays only where flows cost more than all the rest together.
    The flows that were open before the capture all start with it: so only those count that come
    later, in the second half of what is looked into.
    """
    decoder, flows = Decoder(), FlowStage(FlowSettings())
    size = packets = begun = read = 0
    with open_capture(files, is_hashed=False, chunk_bytes=CHUNK_BYTES) as capture:
        for frames in capture.batches():
            decoded, _ = decoder.decode(frames)
            flows.step(decoded)
            read += len(frames.data)
            if read <= SAMPLE_BYTES // 2:
                begun = flows.counts.opened
                continue
            size += len(frames.data)
            packets += len(decoded)
            if read >= SAMPLE_BYTES:
                break
    opened = flows.counts.opened - begun
    return opened * FLOW_NS > 2 * packets * PACKET_NS + 3 * size * BYTE_NS


def _is_compressed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4).startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zX"))


def work(
    task: Task,
    capture: Capture,
    shard: Shard,
    part: FlowPart | None,
    kept: Keeper | None = None,
) -> Gathered:
    """Do one share of a replay in this process."""
    coverage = None if shard.number else pipeline.watch(task.settings, task.stages)
    line = pipeline.Pipeline(task.settings, task.stages, shard, coverage)
    tally, findings, isolation = Tally(), Findings(task.rules), IsolationTally()
    for batch in line.run(capture):
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
        counts=line.counts,
        isolation=isolation,
        coverage=None if coverage is None else coverage.finish(),
        part=None if part is None else part.close(),
    )


class Helpers:
    """The processes that do shares 1 and up of a task. Leaving it ends them and their files."""

    def __init__(self, task: Task, shares: int) -> None:
        context = multiprocessing.get_context("fork")
        self._parts = [] if task.out is None else [part_path(task.out, n) for n in range(1, shares)]
        self._processes: list[tuple[BaseProcess, Connection]] = []
        for number in range(1, shares):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_run,
                args=(
                    task,
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
            except EOFError as error:
                process.join()
                raise RuntimeError(
                    f"a helper process ended with status {process.exitcode} before its share"
                ) from error
            if isinstance(answer, BaseException):
                raise answer
            gathered.append(answer)
        return gathered


def _run(task: Task, shard: Shard, pipe: Connection, inherited: Sequence[Connection]) -> None:
    # The first process's ends came along: left open, nobody would ever see them closed.
    for end in inherited:
        end.close()
    # The terminal sends Ctrl-C to all: the first process decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Ending must unwind, so that the part of the file goes.
    signal.signal(signal.SIGTERM, _leave)
    with ExitStack() as stack:
        part = None
        try:
            if task.out is not None:
                part = stack.enter_context(FlowPart(task.out, shard.number))
            with open_capture(task.files, is_hashed=False, chunk_bytes=CHUNK_BYTES) as capture:
                answer: Gathered | Exception = work(task, capture, shard, part)
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
