"""One replay from beginning to end: pipeline, outputs, summary."""

import dataclasses
import sys
import time
from collections.abc import Sequence
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

from monitor import __version__, config, pipeline
from monitor.capture import Capture, open_capture
from monitor.config import Settings
from monitor.errors import UsageError
from monitor.keeping import Keeper
from monitor.model.words import Severity
from monitor.policy.findings import Findings
from monitor.report import build, files, terminal
from monitor.report.jsonl import FlowFile
from monitor.report.summary import Summary

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

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled and sys.stderr.isatty()
        self._bar: Bar | None = None

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


def replay(job: Job, progress: Progress) -> Done:
    """Run the pipeline over the inputs and write what was asked for.

    Raises:
        UsageError: The output directory cannot be used.
        MonitorError: As `pipeline.open_stages` and the store.
    """
    with ExitStack() as stack:
        # What can be refused is opened before work begins that would be thrown away.
        settings = config.as_dict(job.settings)
        flows = None if job.out is None else stack.enter_context(FlowFile(_directory(job.out)))
        kept = None
        if job.store_url:
            kept = stack.enter_context(Keeper(job.store_url, job.files, settings, _now_ns()))
        line = pipeline.Pipeline(job.settings, pipeline.open_stages(job.settings))
        if kept is not None:
            kept.begin({"camwatch": __version__, **line.versions()})
        if not pipeline.is_compiled():
            sys.stderr.write("camwatch: compiling the packet kernels, once; about half a minute\n")
        summary, findings = Summary(), Findings()
        capture = stack.enter_context(open_capture(job.files, progress=progress.at))
        progress.expect(capture.total_bytes)
        for made in line.run(capture):
            records = [item.record for item in made]
            summary.add(records)
            for record, dissection in made:
                findings.add(record, dissection)
            if flows is not None:
                flows.write(records)
            if kept is not None:
                kept.write(records)
        devices = line.devices()
        report = _report(job, line, capture, summary, findings)
        if kept is not None:
            kept.finish(
                devices=devices.values(),
                findings=findings.as_list(),
                inputs=report["inputs"],
                counters=report["counters"],
                now_ns=_now_ns(),
            )
        if flows is not None and job.out is not None:
            digest = flows.finish(devices)
            files.write_run(
                job.out, report, flows_sha256=digest, settings=settings, command=job.command
            )
        faults = [f"{item.name}: {item.fault}" for item in capture.inputs if item.fault]
    return Done(report=report, out=job.out, faults=faults)


def _now_ns() -> int:
    return time.time_ns()


def show(done: Done) -> None:
    """Print the summary for a person."""
    console = Console(highlight=False, soft_wrap=False)
    terminal.render(done.report, console)
    if done.out is not None:
        console.print(f"Written: {done.out}/flows.jsonl, findings.json, report.html, manifest.json")


def _directory(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"--out {path}: {error.strerror}; name a directory that can be written"
        ) from error
    return path


def _report(
    job: Job,
    line: pipeline.Pipeline,
    capture: Capture,
    summary: Summary,
    findings: Findings,
) -> dict[str, Any]:
    site = job.settings.site
    assumed = []
    if not site.cameras:
        assumed.append("every site address that talks may be a camera (--cameras says which are)")
    if site.networks == config.SiteSettings().networks:
        assumed.append("the site is the private, link-local and carrier-NAT ranges (--site)")
    return build.build(
        summary,
        findings.as_list(),
        build.RunFacts(
            version=__version__,
            inputs=capture.inputs,
            assumed=assumed,
            losses=pipeline.losses(line.counts),
            counters=pipeline.counters(line.counts),
            attributions=line.attributions(),
            databases=line.databases(),
            devices=line.devices(),
        ),
    )
