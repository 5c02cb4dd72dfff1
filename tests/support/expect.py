"""What a scenario expects of a replay, and every way in which the replay differs."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

SCOPES = ("outside", "site", "multicast", "broadcast")


class Replayed(NamedTuple):
    """What ``camwatch replay --out`` left in a directory."""

    flows: Sequence[Mapping[str, Any]]
    findings: Sequence[Mapping[str, Any]]
    manifest: Mapping[str, Any]

    @staticmethod
    def read(directory: Path) -> "Replayed":
        """Read the files that a replay wrote."""
        lines = (directory / "flows.jsonl").read_text(encoding="utf-8").splitlines()
        findings = json.loads((directory / "findings.json").read_bytes())["findings"]
        manifest = json.loads((directory / "manifest.json").read_bytes())
        return Replayed([json.loads(line) for line in lines], findings, manifest)


def load(path: Path) -> dict[str, Any]:
    """Read a scenario."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def agrees(wanted: object, seen: object) -> bool:
    """Return whether a value is as wanted.

    Text is a choice of alternatives between ``|``; empty text wants absence and ``*`` presence. A
    table wants its members. In a list one item has to agree.
    """
    if isinstance(wanted, Mapping):
        if isinstance(seen, list):
            return any(agrees(wanted, item) for item in seen)
        if not isinstance(seen, Mapping):
            return False
        return all(agrees(value, seen.get(key)) for key, value in wanted.items())
    if isinstance(wanted, str):
        if wanted == "*":
            return seen not in (None, "")
        return (seen or "") in wanted.split("|")
    return wanted == seen


def differences(wanted: Mapping[str, Any], seen: Mapping[str, Any], at: str = "") -> list[str]:
    """Return one line for each member that is not as wanted."""
    found = []
    for key, value in wanted.items():
        name, other = at + key, seen.get(key)
        if isinstance(value, Mapping) and isinstance(other, Mapping):
            found += differences(value, other, name + ".")
        elif not agrees(value, other):
            found.append(f"{name}: want {value!r}, have {other!r}")
    return found


def in_words(flow: Mapping[str, Any]) -> str:
    """Return one line that tells a flow."""
    to = flow["destination"]
    arrow = ">" if flow["initiated_by"] == "camera" else "<"
    return (
        f"{flow['start']} {flow['camera']['ip']} {arrow} {to['ip']}:{to['port']} {to['name'] or ''} "
        f"{flow['protocol']}/{flow['service'] or '?'} {flow['scope']} {flow['outcome']} "
        f"{flow['purpose']} ({flow['confidence']}) "
        f"{flow['orig']['packets']}/{flow['resp']['packets']} packets"
    )


def check(scenario: Mapping[str, Any], replayed: Replayed) -> list[str]:
    """Return every difference between a scenario and a replay, as lines to read."""
    lines = _totals(scenario.get("totals", {}), replayed)
    for number, item in enumerate(scenario.get("flows", ()), 1):
        title = f"flows {number} where {_short(item['where'])}"
        lines += _selected(title, item, replayed.flows)
    for number, item in enumerate(scenario.get("findings", ()), 1):
        title = f"findings {number} where {_short(item['where'])}"
        lines += _selected(title, item, replayed.findings)
    for item in scenario.get("devices", ()):
        lines += _device(item, replayed.flows)
    if lines:
        lines.append("flows of the replay:")
        lines += ["  " + in_words(flow) for flow in replayed.flows]
    return lines


def _totals(totals: Mapping[str, int], replayed: Replayed) -> list[str]:
    counted = dict.fromkeys(SCOPES, 0)
    for flow in replayed.flows:
        counted[flow["scope"]] += 1
    counted["flows"] = len(replayed.flows)
    counted["findings"] = len(replayed.findings)
    decode = replayed.manifest["counters"]["decode"]
    counted["stopped"] = sum(decode[name] for name in decode if name.startswith("stopped_"))
    return [
        f"totals {name}: want {want}, have {counted.get(name, 'no such total')}"
        for name, want in totals.items()
        if counted.get(name) != want
    ]


def _selected(
    title: str, item: Mapping[str, Any], records: Sequence[Mapping[str, Any]]
) -> list[str]:
    lines = []
    found = [record for record in records if agrees(item["where"], record)]
    if len(found) != item["count"]:
        lines.append(f"{title}: want {item['count']}, have {len(found)}")
    for record in found:
        wrong = differences(item.get("expect", {}), record)
        if wrong:
            lines.append(f"{title}: " + "; ".join(wrong))
    return lines


def _device(item: Mapping[str, Any], flows: Sequence[Mapping[str, Any]]) -> list[str]:
    cameras = [flow["camera"] for flow in flows if flow["camera"]["ip"] == item["ip"]]
    if not cameras:
        return [f"device {item['ip']}: no flow of it"]
    wrong = differences(item["expect"], cameras[-1])
    return [f"device {item['ip']}: " + "; ".join(wrong)] if wrong else []


def _short(where: Mapping[str, Any], at: str = "") -> str:
    parts = []
    for key, value in where.items():
        if isinstance(value, Mapping):
            parts.append(_short(value, at + key + "."))
        else:
            parts.append(f"{at}{key}={value}")
    return " ".join(parts)
