"""Write the boards as Grafana reads them: ``make dashboards``."""

import json
import sys
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent))

from grafana_foundation_sdk.cog.encoder import JSONEncoder  # noqa: E402  # the path comes first

from dashboards.make.alerts import alerts  # noqa: E402
from dashboards.make.camera import camera  # noqa: E402
from dashboards.make.flows import flows  # noqa: E402
from dashboards.make.health import health  # noqa: E402
from dashboards.make.isolation import isolation  # noqa: E402
from dashboards.make.leaving import leaving  # noqa: E402

BOARDS: Final = {
    "isolation.json": isolation,
    "leaving.json": leaving,
    "camera.json": camera,
    "alerts.json": alerts,
    "health.json": health,
    "flows.json": flows,
}
WHERE: Final = ROOT / "grafana"


def text(name: str) -> str:
    """Return the text of a board's file."""
    made: Any = json.loads(json.dumps(BOARDS[name](), cls=JSONEncoder))
    # The SDK writes keys of interval variables into every variable; Grafana's schema has none there.
    for variable in made["templating"]["list"]:
        for key in ("auto", "auto_min", "auto_count"):
            variable.pop(key, None)
    for panel in made["panels"]:
        if panel["type"] == "table":
            panel["options"].pop("footer", None)  # Gone from the schema of tables.
    return json.dumps(made, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every file."""
    WHERE.mkdir(exist_ok=True)
    for name in BOARDS:
        (WHERE / name).write_text(text(name), encoding="utf-8")


if __name__ == "__main__":
    main()
