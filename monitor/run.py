"""One replay from beginning to end: pipeline, outputs, summary."""

import dataclasses
import gc
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bar

from monitor import __version__, config, pipeline, share
from monitor.capture import open_capture
from monitor.capture.hashing import KnownHash
from monitor.config import Settings
from monitor.coverage.conclude import Conclusion, conclude, reading_faults
from monitor.coverage.parts import Station
from monitor.errors import UsageError
from monitor.follower import CHUNK_BYTES, MOST_SHARES, Followed, Follower
from monitor.indexing import Stages
from monitor.keeping import Keeper
from monitor.model.shards import Shard
from monitor.model.words import DeviceKind, Severity, Stop
from monitor.policy.load import load_rules
from monitor.report import build, files, terminal
from monitor.report.jsonl import FlowPart, PartIndex, put_together

BAR_FROM_BYTES = 32_000_000
"""Captures smaller than this are read before a progress bar could be looked at."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to replay and where to leave the results."""

    files: Sequence[str]
    settings: Settings
    out: Path | None
    store_url: str
    command: Sequence[str]
    replaces: bool = False
    """Write over the run of other captures that `out` holds."""

    known_hash: KnownHash = lambda _fd, _is_over: ""
    """Asked for the SHA-256 of an open input before it is computed."""

    follower: Follower | None = None
    """What follows the packets of `files`, where that is another process."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a replay gave."""

    report: dict[str, Any]
    out: Path | None
    faults: Sequence[str]
    """One line for each input that could not be read to its end."""

    def has_finding(self, level: Severity) -> bool:
        """Return whether a finding is as bad as `level`, or worse."""
        order = list(Severity)
        at_least = {str(s) for s in order[order.index(level) :]}
        return any(finding["severity"] in at_least for finding in self.report["findings"])


class Progress:
    """A bar on standard error, for captures that take a while and people who look."""

    def __init__(self, *, enabled: bool, as_lines: bool = False) -> None:
        self._enabled = enabled and not as_lines and sys.stderr.isatty()
        self._as_lines = as_lines
        self._bar: Bar | None = None
        self._total = 0
        self._percent = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def expect(self, total: int | None) -> None:
        """Start the bar where it is worth it."""
        self._total = total or 0
        if not self._enabled or total is None or total < BAR_FROM_BYTES:
            return
        self._bar = Bar(
            TextColumn("reading"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar.add_task("reading", total=total)
        self._bar.start()

    def at(self, consumed: int) -> None:
        """Move the bar to the number of bytes consumed."""
        if self._bar is not None:
            self._bar.update(self._bar.tasks[0].id, completed=consumed)
        elif self._as_lines and self._total:
            percent = min(100, consumed * 100 // self._total)
            if percent != self._percent:
                self._percent = percent
                sys.stderr.write(f"progress {percent}\n")
                sys.stderr.flush()


def replay(job: Job, progress: Progress) -> Done:
    """Run the pipeline over the inputs and write what was asked for.

    Raises:
        UsageError: The output directory cannot be used.
        MonitorError: As `pipeline.open_stages` and the store.
    """
    # Records hold no cycles: looking for some takes a third of the time and finds none.
    gc.freeze()
    gc.disable()
    with ExitStack() as stack:
        # What can be refused is opened before work begins that would be thrown away.
        settings = config.as_dict(job.settings)
        if job.out is not None:
            make_directory(job.out)
            if not job.replaces:
                refuse_other_run(job.out, job.files)
        kept = None
        if job.store_url:
            kept = stack.enter_context(Keeper(job.store_url, job.files, settings, _now_ns()))
        policy = job.settings.policy
        rules = load_rules(policy.rules, runbooks=policy.runbooks)
        stages = pipeline.open_stages(job.settings)
        if kept is not None:
            kept.begin({"camwatch": __version__, **pipeline.versions(stages)})
        if not pipeline.is_compiled(with_lines=job.out is not None):
            sys.stderr.write("camwatch: compiling the packet kernels, once; about half a minute\n")
        task = share.Task(settings=job.settings, stages=stages, rules=rules, out=job.out)
        if job.follower is None:
            done, seen = _alone(stack, job, task, progress, kept)
            parts = [done.part]
        else:
            done, seen, parts = _together(stack, job.follower, task, progress, kept)
        devices = stages.devices.final()
        digest: Future[str] | None = None
        if job.out is not None:
            # Copying lines and hashing them leaves Python's lock to the report.
            aside = stack.enter_context(ThreadPoolExecutor(1))
            written = [p for p in parts if p is not None]
            digest = aside.submit(put_together, job.out, written, devices)
        report = _report(job, stages, seen, done)
        if kept is not None:
            kept.finish(
                devices=devices.values(),
                findings=done.findings.as_list(),
                inputs=report["inputs"],
                counters=report["counters"],
                now_ns=_now_ns(),
            )
        if job.out is not None and digest is not None:
            files.write_run(
                job.out,
                report,
                flows_sha256=digest.result,
                settings=settings,
                command=job.command,
            )
        faults = [f"{item.name}: {item.fault}" for item in seen.inputs if item.fault]
    return Done(report=report, out=job.out, faults=faults)


def _part(stack: ExitStack, out: Path | None) -> FlowPart | None:
    return None if out is None else stack.enter_context(FlowPart(out, 0))


def _alone(
    stack: ExitStack, job: Job, task: share.Task, progress: Progress, kept: Keeper | None
) -> tuple[share.Gathered, Followed]:
    """Do it all in this process."""
    coverage = pipeline.watch(task.settings, task.stages)
    line = pipeline.Pipeline(task.settings, task.stages, watch=coverage)
    with open_capture(
        job.files, progress=progress.at, chunk_bytes=CHUNK_BYTES, known=job.known_hash
    ) as capture:
        progress.expect(capture.total_bytes)
        done = share.work(task, line.run(capture), _part(stack, task.out), kept)
        return done, Followed(inputs=capture.inputs, counts=line.counts, coverage=coverage.finish())


def _together(
    stack: ExitStack,
    follower: Follower,
    task: share.Task,
    progress: Progress,
    kept: Keeper | None,
) -> tuple[share.Gathered, Followed, list[PartIndex | None]]:
    """Handle the flows of what another process follows, here and in further processes."""
    total = follower.total_bytes()
    # One process writes the store; and one compiles, so that not all do.
    is_single = kept is not None or not pipeline.is_compiled(with_lines=task.out is not None)
    shares = follower.shares(1 if is_single else MOST_SHARES)
    # Their files are put together later: so the helpers are left at the very end.
    helpers = stack.enter_context(share.Helpers(task, follower, shares))
    # Threads begin only now: what is forked has none to miss.
    part = _part(stack, task.out)
    progress.expect(total)
    try:
        done = share.followed(task, follower, Shard(0, shares), part, kept, progress=progress.at)
        parts = [done.part]
        for other in helpers.gather():
            done.merge(other)
            task.stages.devices.merge(other.signs)
            parts.append(other.part)
    except EOFError as error:
        follower.finish()  # Says why, where it knows.
        raise RuntimeError("the process that follows packets ended early") from error
    seen = follower.finish()
    seen.counts.records = done.records
    return done, seen, parts


def _now_ns() -> int:
    return time.time_ns()


def show(done: Done) -> None:
    """Print the summary for a person."""
    console = Console(highlight=False, soft_wrap=False)
    terminal.render(done.report, console)
    if done.out is not None:
        console.print(f"Written: {done.out}/flows.jsonl, findings.json, report.html, manifest.json")


def make_directory(path: Path) -> None:
    """Make the output directory.

    Raises:
        UsageError: It cannot be made or written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise UsageError(
            f"--out {path}: {error.strerror}; name a directory that can be written"
        ) from error


def refuse_other_run(path: Path, captures: Sequence[str]) -> None:
    """Let a run be repeated in its directory, and nothing else be written over it.

    Raises:
        UsageError: The directory holds a run of other captures.
    """
    try:
        manifest = json.loads((path / files.MANIFEST).read_bytes())
        names = [str(item["name"]) for item in manifest["inputs"]]
    except (OSError, ValueError, LookupError, TypeError):
        return
    if sorted(names) != sorted(captures):
        other = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
        raise UsageError(
            f"--out {path}: holds the run of {other}; name another directory, or add --force to "
            "replace it"
        )


def _report(job: Job, stages: Stages, seen: Followed, done: share.Gathered) -> dict[str, Any]:
    site, inputs = job.settings.site, seen.inputs
    assumed = []
    if not site.cameras:
        assumed.append("every site address that talks may be a camera (--cameras says which are)")
    left_out = seen.counts.flows_ended - seen.counts.records
    if site.cameras and left_out:
        assumed.append(
            f"only the addresses of --cameras count; {left_out} flows of others were left out"
        )
    if site.networks == config.SiteSettings().networks:
        assumed.append("the site is the private, link-local and carrier-NAT ranges (--site)")
    devices = stages.devices.final()
    concluded = _conclude(job, stages, seen, done)
    return build.build(
        done.summary,
        done.findings.as_list(),
        build.RunFacts(
            version=__version__,
            inputs=inputs,
            assumed=assumed,
            losses=[
                *(f"{item.name}: {item.fault}" for item in inputs if item.fault),
                *pipeline.losses(seen.counts),
            ],
            counters=pipeline.counters(seen.counts),
            attributions=pipeline.attributions(stages),
            databases=pipeline.databases(stages),
            devices=devices,
            coverage=concluded.coverage,
            isolation=concluded.isolation,
            inventory=concluded.inventory,
            left_out=left_out if site.cameras else 0,
        ),
    )


def _conclude(job: Job, stages: Stages, seen: Followed, done: share.Gathered) -> Conclusion:
    devices = stages.devices.final()
    is_named = bool(job.settings.site.cameras)

    def is_camera(station: Station) -> bool:
        if is_named:
            return station.is_camera
        known = devices.get(station.ip)
        return known is not None and known.kind is DeviceKind.CAMERA

    stopped = seen.counts.stopped
    undecoded = int(stopped.sum() - stopped[Stop.ARP] - stopped[Stop.NOT_IP])
    return conclude(
        seen.coverage,
        done.isolation,
        stages.inventory,
        is_named=is_named or len(stages.inventory) > 0,
        is_camera=is_camera,
        faults=reading_faults(
            [f"{item.name}: {item.fault}" for item in seen.inputs if item.fault],
            seen.counts.frames,
            undecoded,
        ),
    )
