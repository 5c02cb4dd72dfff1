"""Keeps a replay in a store: which run it is, and what goes in when."""

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from monitor.model.records import Device, Finding, FlowRecord

DECISIVE = ("site", "flow", "geo", "catalog", "policy")
"""Sections of the settings that results depend on; where a store lies does not make another run."""


class Keeper:
    """One run in a store.

    The run's id follows from the bytes of its inputs and the settings, so that a repetition
    replaces instead of doubling, and completes a run that was broken off. Standard input and
    other pipes cannot be read twice: their run gets that id at its end.
    """

    def __init__(
        self, url: str, files: Sequence[str], settings: Mapping[str, Any], now_ns: int
    ) -> None:
        from monitor.store import Store  # noqa: PLC0415  # half of the start-up time, seldom needed

        self._settings = settings
        self._is_streamed = not all(map(os.path.isfile, files))
        self._store: Store = Store.open(url)
        self._files = files
        self._now_ns = now_ns

    def begin(self, versions: Mapping[str, str]) -> None:
        """Begin the run.

        Raises:
            StoreError: The store does not do its part.
        """
        from monitor.store import RunStart  # noqa: PLC0415  # as above

        if self._is_streamed:
            run_id = f"unfinished-{secrets.token_hex(16)}"
        else:
            run_id = self._id(_digest(Path(name)) for name in self._files)
        self._store.begin_run(
            RunStart(
                id=run_id,
                started_ns=self._now_ns,
                inputs=[{"name": name} for name in self._files],
                versions=versions,
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._store.__exit__(kind, error, trace)

    def write(self, records: Iterable[FlowRecord]) -> None:
        """Keep flows."""
        self._store.write(records)

    def finish(
        self,
        *,
        devices: Iterable[Device],
        findings: Iterable[Finding],
        inputs: Sequence[Mapping[str, Any]],
        counters: Mapping[str, Any],
        now_ns: int,
    ) -> None:
        """Keep what is known at the end, and mark the run as finished."""
        self._store.write_devices(devices)
        self._store.write_findings(findings)
        run_id = self._id(item["sha256"] for item in inputs) if self._is_streamed else ""
        self._store.finish_run(finished_ns=now_ns, counters=counters, inputs=inputs, run_id=run_id)

    def _id(self, digests: Iterable[str]) -> str:
        decisive = {name: self._settings[name] for name in DECISIVE if name in self._settings}
        told = json.dumps([sorted(digests), decisive], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file; of one that cannot be read its name: the reader says why."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return f"unreadable {path}"
