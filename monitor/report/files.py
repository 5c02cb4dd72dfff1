"""Writes the files of a run: findings, report, manifest. `jsonl` writes the flows."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from monitor.report import html

_PRETTY = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def write_text(path: Path, text: str) -> None:
    """Write a file so that it is either whole or absent."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def write_json(path: Path, value: Any) -> None:
    """Write plain data as indented JSON."""
    write_text(path, orjson.dumps(value, option=_PRETTY).decode())


def write_findings(directory: Path, report: Mapping[str, Any]) -> None:
    """Write findings.json."""
    write_json(directory / "findings.json", {"findings": report["findings"]})


def write_html(directory: Path, report: dict[str, Any]) -> None:
    """Write report.html."""
    write_text(directory / "report.html", html.render(report))


def write_manifest(
    directory: Path,
    report: Mapping[str, Any],
    *,
    settings: Mapping[str, Any],
    command: Sequence[str],
) -> None:
    """Write manifest.json: what went in, with what, what was lost, and hashes of what came out."""
    outputs = {
        name: hashlib.sha256((directory / name).read_bytes()).hexdigest()
        for name in ("findings.json", "report.html")
    }
    with (directory / "flows.jsonl").open("rb") as file:
        outputs["flows.jsonl"] = hashlib.file_digest(file, "sha256").hexdigest()
    write_json(
        directory / "manifest.json",
        {
            "camwatch": report["version"],
            "command": list(command),
            "inputs": report["inputs"],
            "settings": dict(settings),
            "databases": report["databases"],
            "counters": report["counters"],
            "losses": report["losses"],
            "assumed": report["assumed"],
            "outputs": {name: {"sha256": digest} for name, digest in sorted(outputs.items())},
        },
    )
