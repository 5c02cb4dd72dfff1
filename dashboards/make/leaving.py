"""What leaves, what for, to which countries and operators, by which cameras."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.make import words
from dashboards.make.board import board
from dashboards.make.panels import bars, lines, number, rows, world
from dashboards.make.queries import CAMERA, RANGE, RATE, SENSOR, Sql, listed, now, prom

_BYTES = "camwatch_camera_egress_bytes_total"
_FLOWS = "camwatch_camera_egress_flows_total"
_COUNTRY = "camwatch_destination_country_bytes_total"

_OPERATORS = """SELECT COALESCE(NULLIF(operator, ''), 'unknown') AS "Operator",
  COALESCE(NULLIF(operator_country, ''), 'unknown') AS "Home",
  string_agg(DISTINCT purpose, ', ') AS "Purposes",
  count(DISTINCT camera_ip) AS "Cameras",
  sum(out_bytes) AS "Bytes out", sum(in_bytes) AS "Bytes in", sum(flows) AS "Flows"
FROM totals
WHERE $__unixEpochNanoFilter(bucket_ns) AND scope = 'outside' AND outcome = 'answered'
  AND run_no IN (SELECT no FROM runs WHERE id LIKE 'sensor:%')
GROUP BY 1, 2 ORDER BY "Bytes out" DESC LIMIT 50"""


def leaving() -> Dashboard:
    """Return the board."""
    answered = f'{CAMERA}, outcome="answered"'
    attempted = f'{CAMERA}, outcome="attempted"'
    whole = f"sum(increase({_COUNTRY}{{{SENSOR}}}{RANGE}))"
    purposes = [
        lines(
            "Bytes out by purpose",
            "Bytes a second of the chosen cameras in flows that were answered. unknown: neither "
            "name nor bytes tell what it is for.",
            prom(f"sum by (purpose) (rate({_BYTES}{{{answered}}}{RATE})) > 0", "{{purpose}}"),
            unit=words.BYTE_RATE, stacked=True, by_name=words.PURPOSE_COLOURS, size=(16, 10),
        ),
        bars(
            "Answered, by purpose",
            "Bytes of the chosen cameras in the time shown, in flows that were answered. Empty on a "
            "closed VLAN.",
            now(f"sort_desc(sum by (purpose) (increase({_BYTES}{{{answered}}}{RANGE})) > 0)", "{{purpose}}"),
            unit=words.BYTES, by_name=words.PURPOSE_COLOURS, size=(8, 10),
        ),
        lines(
            "Attempts by purpose",
            "Flows a second of the chosen cameras that nobody answered.",
            prom(f"sum by (purpose) (rate({_FLOWS}{{{attempted}}}{RATE})) > 0", "{{purpose}}"),
            unit=words.RATE, stacked=True, by_name=words.PURPOSE_COLOURS, size=(16, 8),
        ),
        bars(
            "Attempted, by purpose",
            "Flows of the chosen cameras in the time shown that nobody answered.",
            now(f"sort_desc(sum by (purpose) (increase({_FLOWS}{{{attempted}}}{RANGE})) > 0)", "{{purpose}}"),
            unit=words.COUNT, by_name=words.PURPOSE_COLOURS, size=(8, 8),
        ),
    ]  # fmt: skip
    cameras = [
        bars(
            "Answered, by camera",
            "The 15 cameras that sent most in the time shown. Empty on a closed VLAN.",
            now(f"sort_desc(topk(15, sum by (camera) (increase({_BYTES}{{{answered}}}{RANGE})) > 0))", "{{camera}}"),
            unit=words.BYTES, size=(12, 9),
        ),
        bars(
            "Attempted, by camera",
            "The 15 cameras with most flows that nobody answered, in the time shown.",
            now(f"sort_desc(topk(15, sum by (camera) (increase({_FLOWS}{{{attempted}}}{RANGE})) > 0))", "{{camera}}"),
            unit=words.COUNT, size=(12, 9),
        ),
    ]  # fmt: skip
    countries = [
        world(
            "Countries of address blocks",
            "Bytes of all cameras in the time shown, by the country that the address block is "
            "registered in: not where a machine stands. Not narrowed to chosen cameras. Blocks "
            "without a country, and anycast, are in no mark: see beside.",
            listed(f'sum by (country) (increase({_COUNTRY}{{{SENSOR}, country!~"unknown|_other"}}{RANGE})) > 0'),
        ),
        number(
            "Country not known",
            "Share of the bytes that no mark on the map stands for: anycast, or a block that the "
            "database does not list. No share: nothing left.",
            now(f'sum(increase({_COUNTRY}{{{SENSOR}, country=~"unknown|_other"}}{RANGE})) / ({whole} > 0)', "share"),
            unit=words.RATIO, size=(4, 11), nothing="nothing left", decimals=1,
        ),
        bars(
            "By country",
            "Bytes of all cameras in the time shown. A country alone says little: many services of one "
            "country run in another's data centres. See Operators.",
            now(f"sort_desc(topk(12, sum by (country) (increase({_COUNTRY}{{{SENSOR}}}{RANGE})) > 0))", "{{country}}"),
            unit=words.BYTES, size=(6, 11),
        ),
    ]  # fmt: skip
    operators = [
        rows(
            "Operators",
            "Who runs the services, by the store (PostgreSQL), since destinations are no labels. By "
            "the hour, older than eight days by the day. Empty without that data source.",
            Sql(_OPERATORS), names={}, units={"Bytes out": words.BYTES, "Bytes in": words.BYTES},
        ),
    ]  # fmt: skip
    return board(
        "camwatch-leaving", "What leaves and why",
        "What the cameras send outside, for which purpose, where to, and by whom.",
        [("Purposes", purposes), ("Cameras", cameras), ("Countries", countries), ("Operators", operators)],
        vlan=True, camera=True, store=True, page="/destinations",
    )  # fmt: skip
