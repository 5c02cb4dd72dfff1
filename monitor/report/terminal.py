"""The summary for a person at a terminal."""

from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule as Line
from rich.table import Table
from rich.text import Text

from monitor.model.words import Scope
from monitor.report.units import bytes_text, count_text, plural

MAX_CAMERAS = 12
MAX_TALKS = 14

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


def render(report: dict[str, Any], console: Console) -> None:
    """Print a report (see `monitor.report.build.build`)."""
    console.print(_head(report))
    console.print(_verdict(report))
    shown = report["cameras"][:MAX_CAMERAS]
    for camera in shown:
        console.print()
        console.print(_camera(camera))
    left = len(report["cameras"]) - len(shown)
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
    text.append(
        f" · {plural(totals['frames'], 'frame')}, {bytes_text(totals['frame_bytes'])}"
        f" · {plural(totals['flows'], 'flow')}"
    )
    if report["period"]:
        text.append(f"\n{report['period']['text']}", "dim")
    return text


def _verdict(report: dict[str, Any]) -> Text:
    verdict = report["verdict"]
    style = {"open": "bold red", "attempts": "bold yellow", "quiet": "bold green"}
    return Text.assemble("\n", (verdict["text"], style.get(verdict["state"], "bold")))


def _camera(camera: dict[str, Any]) -> RenderableType:
    title = Text.assemble((camera["ip"], "bold"), "  ", (_who(camera), ""))
    if camera["mac"]:
        title.append(f"  {camera['mac']}", "dim")
    outside = [t for t in camera["talks"] if t["scope"] == Scope.OUTSIDE]
    parts: list[RenderableType] = [title]
    if outside:
        parts.append(_talks(outside))
    inside = _inside(camera)
    if inside:
        parts.append(Padding(Text(inside, "dim"), (0, 0, 0, 2)))
    return Group(*parts)


def _who(camera: dict[str, Any]) -> str:
    maker = camera["maker"]
    brand = camera["brand"]
    if brand and maker and brand != maker:
        who = f"{brand}, made by {maker}"
    elif maker or brand:
        who = maker or brand
    elif camera["oui"]:
        who = f"network card by {camera['oui']}"
    else:
        who = "maker unknown"
    if camera["model"]:
        who += f" {camera['model']}"
    kind = camera["kind"]
    return who if kind == "unknown" else f"{kind} · {who}"


def _talks(talks: list[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    table.add_column("  what for", no_wrap=True)
    table.add_column("to whom", overflow="fold")
    table.add_column("server", no_wrap=True)
    table.add_column("answered", justify="right", no_wrap=True)
    table.add_column("sent", justify="right", no_wrap=True)
    table.add_column("received", justify="right", no_wrap=True)
    for talk in talks[:MAX_TALKS]:
        through = f"{count_text(talk['answered'])} of {count_text(talk['flows'])}"
        table.add_row(
            Text("  " + talk["purpose"], _PURPOSE_STYLE.get(talk["purpose"], "")),
            _party(talk),
            _countries(talk["countries"]),
            Text(through, "" if talk["answered"] else "dim"),
            bytes_text(talk["bytes_out"]),
            bytes_text(talk["bytes_in"]),
        )
    if len(talks) > MAX_TALKS:
        table.add_row(Text(f"  … {len(talks) - MAX_TALKS} more", "dim"))
    return table


def _party(talk: dict[str, Any]) -> Text:
    names = talk["names"]
    text = Text(names[0]) if names else Text(talk["party"] or "unnamed address")
    if len(names) > 1:
        text.append(f" +{len(names) - 1}", "dim")
    if talk["is_network"] and talk["party"]:
        text = Text.assemble(("network of ", "dim"), talk["party"])
    if talk["operator"]:
        country = f", {talk['operator_country']}" if talk["operator_country"] else ""
        text.append(f"  {talk['operator']}{country}", "dim")
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
    if not counts:
        return ""
    listed = ", ".join(
        f"{purpose} {count_text(n)}" for purpose, n in sorted(counts.items(), key=lambda x: -x[1])
    )
    return f"inside the site: {listed}"


def _findings(findings: list[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    table.add_column("finding", no_wrap=True)
    table.add_column("", overflow="fold", ratio=2)
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


def _foot(report: dict[str, Any]) -> list[Text]:
    lines = [Text(f"Assumed: {text}", "dim") for text in report["assumed"]]
    losses = report["losses"]
    if losses:
        lines += [Text(f"Lost: {text}", "yellow") for text in losses]
    else:
        lines.append(Text("Lost: nothing; every frame is accounted for.", "dim"))
    lines += [Text(f"Data: {text}", "dim") for text in report["attributions"]]
    return lines
