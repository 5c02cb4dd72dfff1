"""The page docs/api.md and the examples in the OpenAPI document, from answers to a small store."""

import asyncio
import itertools
import json
import re
import tempfile
from pathlib import Path
from typing import Any, Final

import httpx

from monitor.api.app import create_app
from monitor.store import access
from tests.support import serving

HEAD: Final = """# API

`camwatch serve` answers under `/api/v1`, from the store. `/api/v1/openapi.json` is the document for
programs; this page is made from it and from answers to a small store by `docs/generate.py`.

**Who may ask.** Every request needs a token: `camwatch token create NAME --role reader` prints one,
this once, and it is sent as `Authorization: Bearer camw_...`. A *reader* reads, an *analyst* also
acknowledges, notes, snoozes, labels and uploads, an *admin* also reads the audit log. This holds on
loopback too, since everybody who can sign in to the machine, and every page in a browser on it,
reaches loopback; `[api] open_on_loopback` lets them read (never write) without a token. The page
exchanges a token for a cookie (`POST /session`); a change with the cookie must carry the header
`X-Camwatch-Page: 1` and come from our own origin. Too many requests are answered with 429 and `Retry-After`.

**Times** are RFC 3339 in UTC. **What is not known** is null. **Sizes** are bytes on the wire.

**Runs and times.** `run` chooses a sensor (`sensor:NAME`) or a replay; without it every sensor is meant,
or every replay where there is no sensor. `from` and `to` bound a time. Without them lists are not bounded
in time, and sums are of the last day of the sensors or of all of a replay. Sums are kept by spans (ten minutes,
coarser with age); a span that has a part in the time counts whole.

**Lists** give `items` and `next`; `cursor=NEXT` is the page after it, null means there is none. `limit` is 100
if not given, 500 at most. `format=csv` and `format=jsonl` export the whole list. An export ends after
`[api] export_rows` rows; then its last line is `{"next": CURSOR}`, or `next,CURSOR` in CSV. In CSV a text that a
spreadsheet would take for a formula has `'` in front.

A page of flows in the order of time also has `looked_to`. Where what fits the filter is rare, and no index knows it, the
search ends after a quarter of `[api] query_s`: the page then has what was found, maybe nothing, `looked_to` says how
far was looked, and `next` goes on there. An export goes on by itself. Other orders read everything, and are answered
with 503 after `query_s`: ask for a shorter time.

**Filters** (`filter=`) are written in one language: [filters.md](filters.md). A fault names its column.

**Errors** have one shape (RFC 9457): `type`, `title`, `status`, `detail`, `instance`, and `errors`, each with
`where`, `what`, `column`, `hint`. Parameters that a path does not take are refused (422).

**Unchanged answers**: a GET gives an `ETag`; sent back as `If-None-Match` it is answered with 304.

**Live events**: `GET /api/v1/events` is a stream of server-sent events: `alert` (`alert`, `kind`, `at`, `severity`,
`state`, `rule`, `title`; its id can be sent back as `Last-Event-ID`), `sensor` (`name`, `seen`), `job` (`id`, `state`,
`progress`) and `delivery` (`id`). It ends after ten minutes, and clients come again by themselves.
"""

SHOWN_LINES: Final = 60
PLACES: Final = {
    "{ip}": "10.20.3.11",
    "{flow_id}": f"{1:016x}",
    "{alert_id}": serving.ALERT,
    "{run_id}": serving.RUN,
}
QUERIES: Final = {
    "/api/v1/flows": {"filter": "purpose = diagnostics", "limit": "1"},
    "/api/v1/catalog": {"text": "hik-connect", "limit": "1"},
    "/api/v1/catalog/explain": {"name": "dev.hik-connect.com"},
    "/api/v1/purposes": {"step_s": "3600"},
    "/api/v1/destinations": {"limit": "1"},
}
BODIES: Final[dict[str, Any]] = {
    "/api/v1/alerts/{alert_id}/acknowledge": {"text": "Looking at it."},
    "/api/v1/alerts/{alert_id}/notes": {"text": "Known; the maker was asked."},
    "/api/v1/alerts/{alert_id}/snooze": {
        "reason": "Firmware is due.",
        "until": "2026-12-01T00:00:00Z",
    },
    "/api/v1/silences": {
        "matches": {"rule": "media-leaving", "camera": "10.20.3.0/24"},
        "reason": "Test of the relay.",
        "until": "2026-11-10T00:00:00Z",
    },
    "/api/v1/cameras/{ip}/label": {"label": "Gate, north side", "note": "Replaced in March."},
}
PACKETS: Final = "/api/v1/flows/{flow_id}/packets"
LEFT_OUT: Final = ("/api/v1/about", "/api/v1/events", "/api/v1/session", PACKETS)
"""What an example would say of the machine that made it, never end, or not be JSON."""

_RANDOM: Final = re.compile(r"[0-9a-f]{32}")
_made: dict[str, str] = {}


def examples() -> str:
    """Return the example of each operation, as JSON: method and path -> answer."""
    return _make()["examples"]


def page() -> str:
    """Return docs/api.md."""
    return _make()["page"]


def _make() -> dict[str, str]:
    if not _made:
        with tempfile.TemporaryDirectory() as folder:
            _made.update(asyncio.run(_ask_all(Path(folder))))
    return _made


async def _ask_all(folder: Path) -> dict[str, str]:
    url = f"sqlite:///{folder}/store.db"
    serving.fill(url, flows=3)
    # It goes on, so that what was written has an order.
    clock = itertools.count(serving.NOW_NS, 1_000_000)
    app = create_app(serving.settings(folder), url, lambda: next(clock))
    with app.state.context.edits.transaction() as connection:
        token = access.create_token(
            connection, name="Ada", role=access.Role.ADMIN, now_ns=serving.NOW_NS, expires_ns=None
        )
    document = app.openapi()
    told: dict[str, Any] = {}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://camwatch.example",
        headers={"Authorization": f"Bearer {token.secret}"},
    ) as client:
        # Writes first: then the lists have something to show.
        for method in ("put", "post", "get"):
            for path, operations in document["paths"].items():
                if method in operations and path not in LEFT_OUT:
                    answer = await _ask(client, method, path)
                    if answer is not None:
                        told[f"{method} {path}"] = _short(answer)
    app.state.context.reader.close()
    app.state.context.edits.close()
    text = json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    return {"examples": text, "page": HEAD + "\n".join(_sections(document, told)) + "\n"}


async def _ask(client: httpx.AsyncClient, method: str, path: str) -> Any:
    body = BODIES.get(path)
    if method != "get" and body is None:
        return None
    where = path
    for name, value in PLACES.items():
        where = where.replace(name, value)
    if "{" in where:
        return None
    answer = await client.request(method, where, params=QUERIES.get(path), json=body)
    answer.raise_for_status()
    return answer.json()


def _short(value: Any, key: str = "") -> Any:
    """Return a value with one item of each list, and texts of a length that is read."""
    if isinstance(value, dict):
        if key == "account":
            value = {name: value[name] for name in ("purpose", "confidence", "service")}
        return {name: _short(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [_short(part) for part in value[: 3 if key == "text" else 1]]
    if isinstance(value, str) and _RANDOM.fullmatch(value) and value != serving.ALERT:
        return "5e" * 16
    return value[:120] if isinstance(value, str) else value


def _sections(document: dict[str, Any], told: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    tag = ""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if operation["tags"][0] != tag:
                tag = operation["tags"][0]
                lines += ["", f"## {tag[0].upper()}{tag[1:]}"]
            lines += ["", f"### {method.upper()} {path}", ""]
            lines.append(
                f"{operation['description'].strip()} Role: {operation['x-role']}.".replace(
                    "\n", " "
                )
            )
            lines += _parameters(operation)
            body = BODIES.get(path)
            if body is not None and method != "get":
                lines += ["", "Sent:", "", "```json", json.dumps(body, indent=1), "```"]
            example = told.get(f"{method} {path}")
            if example is not None:
                shown = json.dumps(example, indent=1, ensure_ascii=False)
                lines += ["", "```json", shown, "```"]
    return lines


def _parameters(operation: dict[str, Any]) -> list[str]:
    listed = operation.get("parameters", [])
    if not listed:
        return []
    lines = ["", "| parameter | in | what |", "| --- | --- | --- |"]
    for one in listed:
        text = one.get("description", "").replace("|", "\\|").replace("\n", " ")
        schema = one["schema"]
        words = [
            str(w) for part in (schema, *schema.get("anyOf", ())) for w in part.get("enum", ())
        ]
        if words:
            text += f" One of {', '.join(f'`{word}`' for word in words)}."
        lines.append(f"| `{one['name']}` | {one['in']} | {text} |")
    return lines
