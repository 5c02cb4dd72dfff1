"""docs/metrics.md, from the table."""

from monitor.metrics.families import FAMILIES
from monitor.metrics.family import PREFIX


def metrics_page() -> str:
    """Return the page of metrics."""
    lines = [
        "# Metrics",
        "",
        "`camwatch run` serves these on `[metrics] listen` (127.0.0.1:9465) under `/metrics`, for",
        "Prometheus. Counters are totals since the start of the sensor; times are timestamps, so that",
        "`time() - x` is an age. Every series that is known is exported as 0 until it moves: no series",
        "means no data.",
        "",
        "**How many series.** Labels come from closed sets: cameras of the inventory, purposes, VLANs",
        "with cameras, interfaces, rules, targets. What is in none counts under `_other`. Addresses,",
        "names and ports of the other side never stand in labels; they are in the store and the API.",
        "A camera has 74 series; 100 cameras on two VLANs come to about 7,700.",
        "",
        "**What must always add up**, in every scrape:",
        "",
        "- `capture_frames_total` = `decode_frames_total` + `capture_dropped_frames_total`",
        "- `decode_frames_total` = `decode_packets_total` + `decode_skipped_frames_total` +",
        "  `decode_errors_total`",
        '- `flows_opened_total` = `flows{state="active"}` + `flows_ended_total`',
        "- `records_total` = `store_records_total` + `store_backlog_records` +",
        "  `store_lost_records_total`",
        "",
        "| name | type | labels | unit | series | what it is, and what a rise means |",
        "|---|---|---|---|---|---|",
    ]
    for family in FAMILIES:
        labels = ", ".join(f"`{label}`" for label in family.labels)
        lines.append(
            f"| `{PREFIX}{family.name}` | {family.type} | {labels} | {family.unit} "
            f"| {family.bound} | {family.help} |"
        )
    return "\n".join(lines) + "\n"
