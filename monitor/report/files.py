"""Writes the files of a run: findings, report, manifest. `jsonl` writes the flows."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from monitor.errors import OutputError
from monitor.report import html
from monitor.report.jsonl import FILE_NAME

MANIFEST = "manifest.json"
_PRETTY = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def write_text(path: Path, text: str) -> str:
    """Write a file so that it is either whole or absent; return its SHA-256."""
    content = text.encode()
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise OutputError(
            f"{path}: {error.strerror}; make room or name another directory"
        ) from error
    return hashlib.sha256(content).hexdigest()


def write_json(path: Path, value: Any) -> str:
    """Write plain data as indented JSON; return the SHA-256 of the file."""
    return write_text(path, orjson.dumps(value, option=_PRETTY).decode())


def write_run(
    directory: Path,
    report: dict[str, Any],
    *,
    flows_sha256: Callable[[], str],
    settings: Mapping[str, Any],
    command: Sequence[str],
) -> None:
    """Write findings.json, report.html, and last manifest.json with the hashes of all outputs.

    Args:
        directory: Where they go.
        report: What `build.build` gave.
        flows_sha256: Asked last for the hash of flows.jsonl, which may be under way.
        settings: The settings in use.
        command: The command line.

    Raises:
        OutputError: A file cannot be written.
    """
    outputs = {
        "findings.json": write_json(directory / "findings.json", {"findings": report["findings"]}),
        "report.html": write_text(directory / "report.html", html.render(report)),
        FILE_NAME: flows_sha256(),
    }
    write_json(
        directory / MANIFEST,
        {
            "camwatch": report["version"],
            "command": list(command),
            "inputs": report["inputs"],
            "settings": dict(settings),
            "databases": report["databases"],
            "counters": report["counters"],
            "losses": report["losses"],
            "coverage": report["coverage"],
            "isolation": report["isolation"],
            "inventory": report["inventory"],
            "assumed": report["assumed"],
            "outputs": {name: {"sha256": digest} for name, digest in sorted(outputs.items())},
        },
    )
