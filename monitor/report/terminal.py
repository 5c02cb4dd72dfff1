"""The summary for a person at a terminal."""

import re
from collections.abc import Iterable
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule as Line
from rich.table import Table
from rich.text import Text

from monitor.model.words import Confidence, DeviceKind, Scope
from monitor.report import closed, restricted
from monitor.report.order import by_urgency
from monitor.report.units import bytes_text, count_text, plural

MAX_CAMERAS = 12
MAX_TALKS = 14
MAX_GAPS = 5

MAX_KEPT_INSIDE = 6
"""Addresses listed of those that kept to the site: there may be many, and no news."""

WIDE = 100
"""Columns from which there is room to say what an answer rests on."""

_SEVERITY_STYLE = {
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "cyan",
    "info": "dim",
}
_PURPOSE_STYLE = {
    "diagnostics": "magenta",
    "firmware-download": "blue",
    "update-check": "blue",
    "p2p-rendezvous": "yellow",
    "media-relay": "red",
    "remote-access": "red",
    "tunnel": "red",
    "scan": "red",
    "unknown": "dim",
}
_ADDRESS_OF_A_PAGE = re.compile(r",? https?://[^\s)]+")


def render(report: dict[str, Any], console: Console) -> None:
    """Print a report (see `monitor.report.build.build`).

    Those that spoke to the outside stand first; those that kept to the site are one line each.
    """
    console.print(_head(report))
    console.print(_verdict(report))
    for line in closed.lines(report):
        console.print(line)
    cameras = by_urgency(report["cameras"])
    spoke = [camera for camera in cameras if camera["outside_flows"]]
    kept = [camera for camera in cameras if not camera["outside_flows"]]
    is_wide = console.width >= WIDE
    for camera in spoke[:MAX_CAMERAS]:
        console.print()
        console.print(_camera(camera, is_wide=is_wide))
    if kept:
        console.print()
        for camera in kept[:MAX_KEPT_INSIDE]:
            console.print(_kept_inside(camera))
    left = len(spoke[MAX_CAMERAS:]) + len(kept[MAX_KEPT_INSIDE:])
    if left:
        console.print(f"\n… and {plural(left, 'more address', 'more addresses')} in the report.")
    if report["findings"]:
        console.print()
        console.print(_findings(report["findings"]))
    console.print()
    console.print(Line(style="dim"))
    for line in _foot(report):
        console.print(line)


def _head(report: dict[str, Any]) -> Text:
    names = [item["name"] for item in report["inputs"]]
    what = names[0] if len(names) == 1 else f"{len(names)} captures"
    totals = report["totals"]
    text = Text.assemble(("camwatch", "bold"), f" {report['version']} · ", (what, "bold"))
    counts = (
        f"{plural(totals['frames'], 'frame')}, {bytes_text(totals['frame_bytes'])}"
        f" · {plural(totals['flows'], 'flow')}"
    )
    period = f" · {report['period']['text']}" if report["period"] else ""
    text.append(f"\n{counts}{period}", "dim")
    return text


def _verdict(report: dict[str, Any]) -> Text:
    verdict = report["verdict"]
    style = {
        "open": "bold red",
        "attempts": "bold yellow",
        "one-way": "bold yellow",
        "quiet": "bold green",
    }
    return Text.assemble("\n", (verdict["text"], style.get(verdict["state"], "bold")))


def _camera(camera: dict[str, Any], *, is_wide: bool) -> RenderableType:
    outside = [t for t in camera["talks"] if t["scope"] == Scope.OUTSIDE]
    parts: list[RenderableType] = [_title(camera)]
    if camera["restrictions"]:
        text = Text(f"restriction lists: {restricted.words(camera['restrictions'])}", "yellow")
        parts.append(Padding(text, (0, 0, 0, 2)))
    if camera["one_way"]:
        parts.append(Padding(Text(camera["one_way"], "yellow"), (0, 0, 0, 2)))
    parts.append(Padding(_talks(outside, is_wide), (0, 0, 0, 2)))
    inside = _inside(camera)
    if inside:
        parts.append(Padding(Text(f"inside the site: {inside}", "dim"), (0, 0, 0, 2)))
    return Group(*parts)


def _kept_inside(camera: dict[str, Any]) -> Text:
    text = Text.assemble((_called(camera), "bold"), "  ", _who(camera))
    return text.append(f"  inside the site only: {_inside(camera)}", "dim")


def _title(camera: dict[str, Any]) -> Text:
    title = Text.assemble((_called(camera), "bold"), "  ", _who(camera))
    if camera["mac"]:
        title.append(f"  {camera['mac']}", "dim")
    return title


def _called(camera: dict[str, Any]) -> str:
    return f"{camera['name']} {camera['ip']}" if camera["name"] else str(camera["ip"])


def _who(camera: dict[str, Any]) -> str:
    maker = camera["maker"]
    who = camera["brand"] or maker
    if who and camera["model"]:
        who += f" {camera['model']}"
    if maker and camera["brand"] and camera["brand"] != maker:
        who += f", made by {maker}"
    if not who:
        who = f"network card by {camera['oui']}" if camera["oui"] else "maker unknown"
        if camera["model"]:
            who += f", {camera['model']}"
    kind = camera["kind"]
    if kind == DeviceKind.UNKNOWN:
        return str(who)
    return f"{'other device' if kind == DeviceKind.OTHER else kind} · {who}"


def _talks(talks: list[dict[str, Any]], is_wide: bool) -> Table:
    table = _table()
    table.add_column("what for", no_wrap=True)
    table.add_column("to whom", overflow="fold")
    table.add_column("server", no_wrap=True)
    table.add_column("answered", justify="right", no_wrap=True)
    table.add_column("sent", justify="right", no_wrap=True)
    table.add_column("received", justify="right", no_wrap=True)
    if is_wide:
        table.add_column("known by", no_wrap=True)
    for talk in talks[:MAX_TALKS]:
        through = f"{count_text(talk['answered'])} of {count_text(talk['flows'])}"
        if talk["refused"]:
            through += f", {count_text(talk['refused'])} refused"
        cells: list[RenderableType] = [
            _purpose(talk),
            _party(talk),
            _server(talk, is_wide=is_wide),
            Text(through, "" if talk["answered"] else "dim"),
            bytes_text(talk["bytes_out"]),
            bytes_text(talk["bytes_in"]),
        ]
        table.add_row(*cells, *([_known_by(talk)] if is_wide else []))
    if len(talks) > MAX_TALKS:
        table.add_row(Text(f"… {len(talks) - MAX_TALKS} more", "dim"))
    return table


def _table() -> Table:
    return Table(
        box=None, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False, header_style="dim"
    )


def _purpose(talk: dict[str, Any]) -> Text:
    style = _PURPOSE_STYLE.get(talk["purpose"], "")
    return Text(talk["purpose"] + ("?" if _is_doubtful(talk) else ""), style)


def _is_doubtful(talk: dict[str, Any]) -> bool:
    return bool(talk["confidence"] == Confidence.LOW)


def _known_by(talk: dict[str, Any]) -> Text:
    kinds = dict.fromkeys(str(item["kind"]) for item in talk["evidence"])
    return Text(", ".join(list(kinds)[:3]), "dim")


def _party(talk: dict[str, Any]) -> Text:
    names = talk["names"]
    text = Text(names[0]) if names else Text(talk["party"] or "unnamed address")
    if len(names) > 1:
        text.append(f" +{len(names) - 1}", "dim")
    if talk["is_network"] and talk["party"]:
        text = Text.assemble(("network of ", "dim"), talk["party"])
    # The operator of an address without a name is what stands there already.
    if talk["operator"] and (names or talk["operator"] != talk["party"]):
        text.append(f"  {talk['operator']}", "dim")
    if talk["operator"] and talk["operator_country"]:
        text.append(f",\N{NO-BREAK SPACE}{talk['operator_country']}", "dim")
    return text


def _server(talk: dict[str, Any], *, is_wide: bool) -> Text:
    """Say where the server is; with room, in whose network, where that is not the operator's."""
    text = Text(_countries(talk["countries"]))
    hosts = [one["name"] for one in talk["hosting"] if one["name"] != talk["operator"]]
    if is_wide and hosts and not talk["is_network"]:
        text.append(f" at {hosts[0]}" + (" +" if hosts[1:] else ""), "dim")
        text.truncate(24, overflow="ellipsis")
    return text


def _countries(countries: list[str]) -> str:
    if not countries:
        return "·"
    return ",".join(countries[:3]) + ("…" if len(countries) > 3 else "")


def _inside(camera: dict[str, Any]) -> str:
    counts: dict[str, int] = {}
    for talk in camera["talks"]:
        if talk["scope"] != Scope.OUTSIDE:
            counts[talk["purpose"]] = counts.get(talk["purpose"], 0) + talk["flows"]
    return ", ".join(
        f"{purpose} {count_text(n)}" for purpose, n in sorted(counts.items(), key=lambda x: -x[1])
    )


def _findings(findings: list[dict[str, Any]]) -> Table:
    table = _table()
    table.add_column("severity", no_wrap=True)
    table.add_column("finding", overflow="fold", ratio=2)
    table.add_column("cameras", overflow="fold", ratio=2)
    table.add_column("flows", justify="right", no_wrap=True)
    grouped: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for finding in findings:
        key = (finding["severity"], finding["rule"], finding["title"])
        grouped.setdefault(key, []).append(finding)
    for (severity, _, title), group in grouped.items():
        cameras = [f["camera"] for f in group]
        listed = ", ".join(cameras[:4]) + (f" +{len(cameras) - 4}" if len(cameras) > 4 else "")
        table.add_row(
            Text(severity, _SEVERITY_STYLE.get(severity, "")),
            title,
            listed,
            count_text(sum(f["flows"] for f in group)),
        )
    return table


def _foot(report: dict[str, Any]) -> Iterable[Text]:
    outside = [t for c in report["cameras"] for t in c["talks"] if t["scope"] == Scope.OUTSIDE]
    for item in report["restrictions"]:
        operators = ", ".join(one["name"] for one in item["operators"])
        if operators:
            text = f"{item['list']} names {item['names']} since {item['since']}"
            yield Text(f"Restriction list: {text}; operators here: {operators}", "yellow")
    if any(_is_doubtful(talk) for talk in outside):
        yield Text("A purpose with ? rests on weak evidence.", "dim")
    for text in report["gaps"][:MAX_GAPS]:
        yield Text(f"Not captured: {text}", "yellow")
    if len(report["gaps"]) > MAX_GAPS:
        yield Text(f"Not captured: … and {len(report['gaps']) - MAX_GAPS} more gaps", "yellow")
    for text in report["assumed"]:
        yield Text(f"Assumed: {text}", "dim")
    for text in report["losses"]:
        yield Text(f"Lost: {text}", "yellow")
    if not report["losses"]:
        yield Text("Lost: nothing; every frame is accounted for.", "dim")
    # Their addresses stand in report.html, manifest.json and `camwatch geo status`.
    for text in report["attributions"]:
        yield Text(f"Data: {_ADDRESS_OF_A_PAGE.sub('', text)}", "dim")
