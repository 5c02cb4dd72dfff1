"""The committed boards, their queries, and what Grafana makes of the variables in these."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.shared import ROOT

FILES = sorted((ROOT / "dashboards" / "grafana").glob("*.json"))
RULES = ROOT / "dashboards" / "rules"
ALL = dict.fromkeys(("job", "instance", "vlan", "camera"), ".*")


class Asked(NamedTuple):
    """One query of one panel."""

    board: str
    panel: Mapping[str, Any]
    target: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.board}: {self.panel['title']} {self.target['refId']}"


def load(path: Path) -> dict[str, Any]:
    """Return a board."""
    board: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return board


def panels(board: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return its panels without rows."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def asked(kind: str) -> list[Asked]:
    """Return the queries of every panel: ``expr`` (Prometheus) or ``rawSql``."""
    return [
        Asked(path.stem, panel, target)
        for path in FILES
        for panel in panels(load(path))
        for target in panel.get("targets", ())
        if kind in target
    ]


def annotations() -> list[tuple[str, str]]:
    """Return name and expression of every annotation."""
    return [
        (f"{path.stem}: {one['name']}", one["expr"])
        for path in FILES
        for one in load(path)["annotations"]["list"]
        if "expr" in one
    ]


def promql(expr: str, *, rate: str = "1m", shown: str = "1h") -> str:
    """Return an expression as Grafana sends it, with everything chosen."""
    words = ALL | {"__rate_interval": rate, "__range": shown, "__interval": rate}
    return re.sub(r"\$(\w+)", lambda found: words[found[1]], expr)


def sql(text: str, *, from_ns: int, to_ns: int, span_s: int, runs: str, cameras: str) -> str:
    """Return a statement as the data source sends it: its macros written out."""
    text = text.replace("$run)", f"{runs})").replace("$camera_ip", cameras)
    text = re.sub(
        r"\$__unixEpochNanoFilter\(([\w.]+)\)", rf"\1 >= {from_ns} AND \1 <= {to_ns}", text
    )
    text = re.sub(
        r"\$__unixEpochGroup\((.+?), \$__interval\)", rf"floor((\1) / {span_s}) * {span_s}", text
    )
    assert "$" not in text, text
    return text
