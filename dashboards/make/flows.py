"""Flows in detail, by SQL: destinations never become labels, so Prometheus cannot tell them."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.make import words
from dashboards.make.board import board
from dashboards.make.panels import lines, rows
from dashboards.make.queries import Sql

_WHERE: Final = (
    "WHERE $__unixEpochNanoFilter(f.start_ns) AND f.run_no IN ($run) AND f.camera_ip IN ($camera_ip)\n"
    "  AND f.scope = 'outside'"
)
_OUT: Final = "CASE WHEN f.orig_ip = f.camera_ip THEN f.orig_bytes ELSE f.resp_bytes END"
_IN: Final = "CASE WHEN f.orig_ip = f.camera_ip THEN f.resp_bytes ELSE f.orig_bytes END"
_JOIN: Final = "FROM flows f LEFT JOIN destinations d ON d.id = f.destination_id"
_BUCKET: Final = "$__unixEpochGroup(f.start_ns / 1000000000, $__interval)"


def _known(column: str) -> str:
    return f"COALESCE(NULLIF({column}, ''), 'unknown')"


_BY_OPERATOR: Final = f"""SELECT {_BUCKET} AS "time", {_known("d.operator")} AS metric, sum({_OUT}) AS value
{_JOIN}
{_WHERE} AND f.outcome = 'answered'
GROUP BY 1, 2 ORDER BY 1, 2"""

_BY_OUTCOME: Final = f"""SELECT {_BUCKET} AS "time", f.outcome AS metric, count(*) AS value
{_JOIN}
{_WHERE}
GROUP BY 1, 2 ORDER BY 1, 2"""

_NAMES: Final = f"""SELECT {_known("d.name")} AS "Name", {_known("d.operator")} AS "Operator",
  {_known("d.operator_country")} AS "Home", {_known("d.country")} AS "Address block",
  string_agg(DISTINCT f.purpose, ', ') AS "Purposes", count(DISTINCT f.camera_ip) AS "Cameras",
  count(*) AS "Flows", count(*) FILTER (WHERE f.outcome = 'answered') AS "Answered",
  sum({_OUT}) AS "Bytes out", sum({_IN}) AS "Bytes in"
{_JOIN}
{_WHERE}
GROUP BY 1, 2, 3, 4 ORDER BY "Bytes out" DESC LIMIT 100"""

_INBOUND: Final = f"""SELECT f.camera_ip AS "Camera", d.ip AS "From", {_known("d.country")} AS "Address block",
  f.resp_port AS "Port", {_known("f.service")} AS "Service", f.outcome AS "Outcome", count(*) AS "Flows",
  max(f.start_ns) / 1000000 AS "Last"
{_JOIN}
{_WHERE} AND f.initiated_by = 'destination'
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY "Flows" DESC LIMIT 100"""

_LATEST: Final = f"""SELECT f.start_ns / 1000000 AS "Start", f.camera_ip AS "Camera",
  COALESCE(NULLIF(d.name, ''), d.ip) AS "Destination", d.port AS "Port", f.protocol AS "Protocol",
  {_known("f.service")} AS "Service", f.purpose AS "Purpose", f.confidence AS "Sure", f.outcome AS "Outcome",
  {_known("d.operator")} AS "Operator", {_OUT} AS "Bytes out", {_IN} AS "Bytes in",
  f.flow_id AS "Flow", f.community_id AS "Community ID"
{_JOIN}
{_WHERE}
ORDER BY f.start_ns DESC LIMIT 200"""

_UPDATES: Final = """SELECT u.at_ns / 1000000 AS "When", u.camera_ip AS "Camera", u.name AS "Server",
  COALESCE(NULLIF(u.url, ''), 'encrypted') AS "What", u.bytes AS "Bytes",
  COALESCE(NULLIF(u.sha256, ''), 'not visible') AS "SHA-256"
FROM updates u
WHERE $__unixEpochNanoFilter(u.at_ns) AND u.run_no IN ($run) AND u.camera_ip IN ($camera_ip)
ORDER BY u.at_ns DESC LIMIT 100"""

_BYTES: Final = {"Bytes out": words.BYTES, "Bytes in": words.BYTES}


def flows() -> Dashboard:
    """Return the board."""
    time = [
        lines("Bytes out by operator", "Of answered flows, by the time that they began; the span of a bar depends on the zoom.",
              Sql(_BY_OPERATOR, "time_series"), unit=words.BYTES, stacked=True),
        lines("Flows by outcome", "Flows that began; refused: answered by a reset or an ICMP error.",
              Sql(_BY_OUTCOME, "time_series"), unit=words.COUNT, stacked=True,
              by_name={"answered": words.BAD, "unanswered": words.CALM, "refused": words.WARN}),
    ]  # fmt: skip
    lists = [
        rows("Destinations", "The 100 that most bytes went to. Home: of the operator, or of its parent. Address block: "
             "where it is registered. They differ often.", Sql(_NAMES), names={}, units=_BYTES),
        rows("Opened from outside", "Flows to cameras that somebody outside began. Empty is how it should be.",
             Sql(_INBOUND), names={}, units={"Last": words.MOMENT, "Port": words.PLAIN_NUMBER}, size=(24, 6)),
        rows("Firmware fetched", "Files that cameras fetched as firmware. Empty where none was.",
             Sql(_UPDATES), names={}, units={"When": words.MOMENT, "Bytes": words.BYTES}, size=(24, 6)),
        rows("Latest flows", "The 200 latest in the time shown. Flow leads to its evidence and packets; Community ID "
             "joins with Zeek and Suricata.", Sql(_LATEST), names={},
             units=_BYTES | {"Start": words.MOMENT, "Port": words.PLAIN_NUMBER},
             links={"Flow": "${page}/flows/${__value.raw}"}, size=(24, 12)),
    ]  # fmt: skip
    return board(
        "camwatch-flows", "Flow detail",
        "Every flow to the outside, with its destination: from the PostgreSQL store.",
        [("Over time", time), ("Lists", lists)],
        store=True, runs=True, page="/flows",
    )  # fmt: skip
