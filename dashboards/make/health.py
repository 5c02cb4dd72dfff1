"""The sensor itself: every way in which it can lose something, and what it is worth."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.make import words
from dashboards.make.board import board
from dashboards.make.panels import Panel, lines, number, rows
from dashboards.make.queries import RANGE, RATE, SENSOR, listed, now, prom

_LOSSES = (
    (
        "Frames dropped",
        "capture_dropped_frames_total",
        "before decoding: ring, card, or a worker that died",
    ),
    ("Ring full", "capture_ring_freezes_total", "times, shortly before frames are dropped"),
    (
        "Lost by the mirror",
        "mirror_lost_segments_total",
        "TCP segments that the switch did not mirror",
    ),
    (
        "Not decoded",
        "decode_errors_total",
        "frames that are cut, damaged, or in an unread encapsulation",
    ),
    (
        "Flows cut short",
        "flow_evictions_total",
        "for lack of room in the flow table or for first bytes",
    ),
    ("Table pressure", "flow_pressure_total", "times that the flow table shortened its timeouts"),
    (
        "Records lost",
        "store_lost_records_total",
        "flow records given up because the store was away",
    ),
    (
        "Worker restarts",
        "worker_restarts_total",
        "a worker died: what it held is in Frames dropped",
    ),
    (
        "Imitated frames",
        "canaries_forged_total",
        "frames that bear the sensor's name without its seal",
    ),
)


def _losses() -> list[Panel]:
    return [
        number(
            title,
            f"In the time shown: {what}. Anything above zero is a loss, or close to one.",
            now(f"sum(increase(camwatch_{family}{{{SENSOR}}}{RANGE}))", title),
            unit=words.COUNT, steps=words.NEVER, size=(4, 4) if at < 6 else (8, 4), decimals=0,
        )
        for at, (title, family, what) in enumerate(_LOSSES)
    ]  # fmt: skip


def _rates(family: str, by: str) -> str:
    return f"sum by (instance, {by}) (rate(camwatch_{family}{{{SENSOR}}}{RATE}))"


def health() -> Dashboard:
    """Return the board."""
    first = [
        rows(
            "Sensors",
            "Which version runs since when, and whether it sees every VLAN wholly.",
            listed(f"max by (instance, version) (camwatch_build_info{{{SENSOR}}})"),
            listed(f"max by (instance) (camwatch_start_timestamp_seconds{{{SENSOR}}}) * 1000"),
            listed(f"min by (instance) (camwatch_coverage_ok{{{SENSOR}}})"),
            listed(f"max by (instance) (camwatch_store_last_commit_timestamp_seconds{{{SENSOR}}}) * 1000"),
            listed(f"max by (instance, digest) (camwatch_catalog_info{{{SENSOR}}})"),
            names={"instance": "Sensor", "version": "Version", "digest": "Catalogue", "Value #B": "Since", "Value #C": "Sees",
                   "Value #D": "Last commit"},
            units={"Since": words.MOMENT, "Last commit": words.MOMENT},
            mapped={"Sees": words.SEEN},
            size=(16, 6),
        ),
        number(
            "Age of the databases",
            "Of address blocks. Countries and networks are as of then.",
            now(f"time() - min by (database) (camwatch_geo_database_build_timestamp_seconds{{{SENSOR}}} > 0)", "{{database}}"),
            unit=words.SECONDS, steps=words.ages(90 * 86400, 180 * 86400), size=(8, 6),
        ),
    ]  # fmt: skip
    capture = [
        lines("Frames captured", "Frames a second that interfaces had for the sensor.",
              prom(_rates("capture_frames_total", "interface"), "{{instance}} {{interface}}"), unit=words.FRAME_RATE),
        lines("Frames dropped", "Frames a second lost before decoding, by cause.",
              prom(_rates("capture_dropped_frames_total", "interface, cause"), "{{instance}} {{interface}} {{cause}}"),
              unit=words.FRAME_RATE, steps=words.NEVER),
        lines("Left out on purpose", "Frames a second that stay on the site: the kernel filter leaves them out. In no other number.",
              prom(_rates("capture_filtered_frames_total", "interface"), "{{instance}} {{interface}}"), unit=words.FRAME_RATE),
        lines("Ring full", "Times a second that the capture ring was full.",
              prom(_rates("capture_ring_freezes_total", "interface"), "{{instance}} {{interface}}"),
              unit=words.RATE, steps=words.NEVER),
    ]  # fmt: skip
    decode = [
        lines("Decoding", "Frames a second: all, IP packets, and frames that are none by nature.",
              prom(f"sum(rate(camwatch_decode_frames_total{{{SENSOR}}}{RATE}))", "all"),
              prom(f"sum(rate(camwatch_decode_packets_total{{{SENSOR}}}{RATE}))", "packets"),
              prom(f"sum by (reason) (rate(camwatch_decode_skipped_frames_total{{{SENSOR}}}{RATE}))", "no IP: {{reason}}"),
              unit=words.FRAME_RATE),
        lines("Not decoded", "Frames a second that could not be decoded, by reason.",
              prom(f"sum by (reason) (rate(camwatch_decode_errors_total{{{SENSOR}}}{RATE}))", "{{reason}}"),
              unit=words.FRAME_RATE, steps=words.NEVER),
    ]  # fmt: skip
    flow = [
        lines("Flows in the table", "A steady rise means a scan, a flood, or a leak.",
              prom(f"sum by (instance) (camwatch_flows{{{SENSOR}}})", "{{instance}}"), unit=words.COUNT, size=(8, 8)),
        lines("Flows", "Flows a second that began, and that ended, by reason.",
              prom(f"sum(rate(camwatch_flows_opened_total{{{SENSOR}}}{RATE}))", "opened"),
              prom(f"sum by (reason) (rate(camwatch_flows_ended_total{{{SENSOR}}}{RATE}))", "ended: {{reason}}"),
              unit=words.RATE, size=(8, 8)),
        lines("Cut short, and pressure", "A second: flows and conversations cut for lack of room; times that timeouts were shortened.",
              prom(f"sum by (cause) (rate(camwatch_flow_evictions_total{{{SENSOR}}}{RATE}))", "cut: {{cause}}"),
              prom(f"sum(rate(camwatch_flow_pressure_total{{{SENSOR}}}{RATE}))", "pressure"),
              unit=words.RATE, steps=words.NEVER, size=(8, 8)),
    ]  # fmt: skip
    store = [
        lines("Records", "Flow records a second: made, committed, and given up.",
              prom(f"sum(rate(camwatch_records_total{{{SENSOR}}}{RATE}))", "made"),
              prom(f"sum(rate(camwatch_store_records_total{{{SENSOR}}}{RATE}))", "committed"),
              prom(f"sum(rate(camwatch_store_lost_records_total{{{SENSOR}}}{RATE}))", "lost"),
              unit=words.RATE, by_name={"lost": words.BAD}, size=(8, 8)),
        lines("Records that wait", "A steady rise means that the store is locked, full or away.",
              prom(f"sum by (instance) (camwatch_store_backlog_records{{{SENSOR}}})", "{{instance}}"),
              unit=words.COUNT, size=(8, 8)),
        lines("Since the last commit", "Seconds. Quiet VLANs commit seldom; with a backlog a rise means trouble.",
              prom(f"time() - (camwatch_store_last_commit_timestamp_seconds{{{SENSOR}}} > 0)", "{{instance}}"),
              unit=words.SECONDS, size=(8, 8)),
    ]  # fmt: skip
    return board(
        "camwatch-health", "Sensor health",
        "Whether the sensor sees, decodes and keeps everything, and where it lost something.",
        [("Sensors", first), ("What was lost", _losses()), ("Capture", capture), ("Decoding", decode),
         ("Flow table", flow), ("Store", store)],
        page="/sensor", since="now-6h",
    )  # fmt: skip
