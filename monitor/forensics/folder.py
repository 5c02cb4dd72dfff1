"""The directory that a replay left: its manifest, and single flows out of flows.jsonl."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import orjson

from monitor.errors import UsageError
from monitor.forensics.shown import shown
from monitor.model.records import Destination, Device, Evidence, FlowRecord, Side, Verdict
from monitor.model.words import Confidence, DeviceKind, Purpose, Scope

FLOWS: Final = "flows.jsonl"
MANIFEST: Final = "manifest.json"
SHOWN_MATCHES: Final = 3
MAX_MANIFEST: Final = 64 << 20
"""A manifest of 65535 inputs has 30 MB."""

_ID_START: Final = b'{"flow_id":"'
_ID: Final = re.compile(r"[0-9a-f]{1,16}")
_ID_LENGTH: Final = 16
_TIME: Final = re.compile(r"(.+)\.(\d{9})Z")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Input(NamedTuple):
    """A capture file as the manifest knows it."""

    name: str
    size_bytes: int
    sha256: str
    first_ns: int | None
    last_ns: int | None


class RunFolder(NamedTuple):
    """What a replay with ``--out`` left."""

    path: Path
    manifest: Mapping[str, Any]
    inputs: Sequence[Input]

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the manifest of a run.

        Raises:
            UsageError: The directory is none of a replay, or its manifest cannot be read.
        """
        file = path / MANIFEST
        try:
            if not (path / FLOWS).is_file() or file.stat().st_size > MAX_MANIFEST:
                raise _no_run(path)
            manifest = orjson.loads(file.read_bytes())
            inputs = [_input(item) for item in manifest["inputs"]]
        except OSError as error:
            raise _no_run(path) from error
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{file}: not the manifest of a run of this version; replay the capture again"
            ) from error
        return cls(path, manifest, inputs)

    def flow(self, wanted: str) -> FlowRecord:
        """Return the flow whose id starts with `wanted`; reads flows.jsonl line by line.

        Raises:
            UsageError: It is no id, no flow has it or several have, or the line cannot be read.
        """
        prefix = wanted.strip().lower()
        if not _ID.fullmatch(prefix):
            raise UsageError(
                f"'{shown(wanted, 60)}' is no flow id; give the flow_id of a line of {FLOWS}, "
                "or its first digits"
            )
        found: list[bytes] = []
        for line in self._lines(_ID_START + prefix.encode()):
            found.append(line)
            if len(prefix) == _ID_LENGTH or len(found) > SHOWN_MATCHES:
                break
        if not found:
            raise UsageError(f"{self.path / FLOWS}: no flow has an id that starts with {prefix}")
        if len(found) > 1:
            ids = [line[len(_ID_START) : len(_ID_START) + _ID_LENGTH].decode() for line in found]
            more = ", ..." if len(ids) > SHOWN_MATCHES else ""
            listed = ", ".join(ids[:SHOWN_MATCHES])
            raise UsageError(
                f"several flows start with {prefix} ({listed}{more}); give more digits"
            )
        try:
            return record_of(found[0])
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{self.path / FLOWS}: the line of {prefix} is not of this version "
                f"({shown(str(error), 80)}); replay the capture again"
            ) from error

    def _lines(self, start: bytes) -> Iterator[bytes]:
        is_first = True
        try:
            with (self.path / FLOWS).open("rb", buffering=1 << 20) as file:
                for line in file:
                    if is_first and not line.startswith(_ID_START):
                        raise UsageError(
                            f"{self.path / FLOWS}: its lines do not start with a flow_id: written "
                            "by another version; replay the capture again"
                        )
                    is_first = False
                    if line.startswith(start):
                        yield line
        except OSError as error:
            raise UsageError(f"{self.path / FLOWS}: {error.strerror}; make it readable") from error


def record_of(line: bytes) -> FlowRecord:
    """Return the record that a line of flows.jsonl holds.

    Raises:
        ValueError: It is no JSON, or a value is none of its kind.
        KeyError: A member is missing.
        TypeError: A member is of another kind.
    """
    told = orjson.loads(line)
    camera, to, vlan = told["camera"], told["destination"], told["vlan"]
    return FlowRecord(
        flow_id=str(told["flow_id"]),
        community_id=str(told["community_id"]),
        start_ns=time_of(told["start"]),
        end_ns=time_of(told["end"]),
        vlan=None if vlan is None else int(vlan),
        scope=Scope(told["scope"]),
        protocol=str(told["protocol"]),
        service=_text(told, "service"),
        camera=Device(
            ip=str(camera["ip"]),
            mac=_text(camera, "mac"),
            maker=_text(camera, "maker"),
            brand=_text(camera, "brand"),
            kind=DeviceKind(camera.get("kind", DeviceKind.UNKNOWN)),
            # Runs from before there was an inventory have no names.
            name=str(camera.get("name") or ""),
        ),
        destination=Destination(
            ip=str(to["ip"]),
            port=int(to["port"]),
            name=_text(to, "name"),
            name_source=_text(to, "name_source"),
            country=_text(to, "country"),
            asn=int(to["asn"] or 0),
            as_org=_text(to, "as_org"),
            operator=_text(to, "operator"),
            operator_country=_text(to, "operator_country"),
            # Runs of older versions do without.
            hosting=str(to.get("hosting") or ""),
            hosting_country=str(to.get("hosting_country") or ""),
        ),
        initiated_by=str(told["initiated_by"]),
        outcome=str(told["outcome"]),
        orig=_side(told["orig"]),
        resp=_side(told["resp"]),
        verdict=Verdict(
            Purpose(told["purpose"]),
            Confidence(told["confidence"]),
            tuple(
                Evidence(str(one["kind"]), str(one["value"]), _text(one, "catalog"))
                for one in told["evidence"]
            ),
        ),
    )


def time_of(text: str) -> int:
    """Return ns since 1970 of a time as records have it: the inverse of `utc_text`.

    Raises:
        ValueError: It is no such time.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"no time: {text}")
    seconds, rest = match.groups()
    if "T" not in seconds:
        return int(seconds) * 1_000_000_000 + int(rest)
    span = datetime.fromisoformat(seconds).replace(tzinfo=UTC) - _EPOCH
    return (span.days * 86_400 + span.seconds) * 1_000_000_000 + int(rest)


def _input(item: Mapping[str, Any]) -> Input:
    first, last = item["first_ns"], item["last_ns"]
    return Input(
        str(item["name"]),
        int(item["size_bytes"]),
        str(item["sha256"]),
        None if first is None else int(first),
        None if last is None else int(last),
    )


def _side(told: Mapping[str, Any]) -> Side:
    return Side(str(told["ip"]), int(told["port"]), int(told["packets"]), int(told["bytes"]))


def _text(told: Mapping[str, Any], key: str) -> str:
    value = told[key]
    return "" if value is None else str(value)


def _no_run(path: Path) -> UsageError:
    return UsageError(
        f"{shown(str(path))}: not the directory of a run; "
        "'camwatch replay FILE... --out DIR' makes one"
    )
