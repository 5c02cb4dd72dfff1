"""One camera."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.make import words
from dashboards.make.board import board
from dashboards.make.panels import lines, number, rows
from dashboards.make.queries import CAMERA, RANGE, RATE, listed, now, prom

_BYTES = "camwatch_camera_egress_bytes_total"
_FLOWS = "camwatch_camera_egress_flows_total"


def camera() -> Dashboard:
    """Return the board."""
    first = [
        rows(
            "What it is",
            "What the inventory and the wire say. Empty fields are not known.",
            listed(f"max by (camera, vlan, maker, brand, firmware) (camwatch_camera_info{{{CAMERA}}})"),
            names={"camera": "Camera", "vlan": "VLAN", "maker": "Maker", "brand": "Brand", "firmware": "Firmware"},
            links={"Camera": "${page}/flows?filter=camera_name%20%3D%20%22${__value.raw:percentencode}%22"
                             "&from=${__from:date:iso}&to=${__to:date:iso}"},
            size=(12, 6),
        ),
        number(
            "Last frame",
            "How long ago it sent a frame. Decades: never since the sensor began.",
            now(f"time() - max by (camera) (camwatch_camera_last_frame_timestamp_seconds{{{CAMERA}}})", "{{camera}}"),
            unit=words.SECONDS, steps=words.ages(3600, 86400), size=(4, 6),
        ),
        number(
            "Bytes that left",
            "In flows that somebody outside answered, in the time shown.",
            now(f'sum(increase({_BYTES}{{{CAMERA}, outcome="answered"}}{RANGE}))', "answered"),
            unit=words.BYTES, steps=words.NEVER, size=(4, 6),
        ),
        number(
            "Attempts",
            "Flows that nobody outside answered, in the time shown.",
            now(f'sum(increase({_FLOWS}{{{CAMERA}, outcome="attempted"}}{RANGE}))', "attempted"),
            unit=words.COUNT, steps=words.FEW, size=(4, 6), decimals=0,
        ),
    ]  # fmt: skip
    time = [
        lines(
            "Bytes out by purpose, answered",
            "Bytes a second. Empty where nothing was answered.",
            prom(f'sum by (purpose) (rate({_BYTES}{{{CAMERA}, outcome="answered"}}{RATE})) > 0', "{{purpose}}"),
            unit=words.BYTE_RATE, stacked=True, by_name=words.PURPOSE_COLOURS, size=(24, 8),
        ),
        lines(
            "Attempts by purpose",
            "Flows a second that nobody answered. Empty where nothing was tried.",
            prom(f'sum by (purpose) (rate({_FLOWS}{{{CAMERA}, outcome="attempted"}}{RATE})) > 0', "{{purpose}}"),
            unit=words.RATE, stacked=True, by_name=words.PURPOSE_COLOURS, size=(24, 8),
        ),
        rows(
            "Purposes",
            "Flows and bytes in the time shown. A click leads to the flows, with the evidence for each.",
            listed(f'sum by (purpose) (increase({_FLOWS}{{{CAMERA}, outcome="answered"}}{RANGE}))'),
            listed(f'sum by (purpose) (increase({_BYTES}{{{CAMERA}, outcome="answered"}}{RANGE}))'),
            listed(f'sum by (purpose) (increase({_FLOWS}{{{CAMERA}, outcome="attempted"}}{RANGE}))'),
            names={"purpose": "Purpose", "Value #A": "Answered", "Value #B": "Bytes out", "Value #C": "Attempted"},
            units={"Bytes out": words.BYTES}, most="Bytes out",
            links={"Purpose": "${page}/flows?filter=purpose%20%3D%20${__value.raw}"
                              "&from=${__from:date:iso}&to=${__to:date:iso}"},
        ),
    ]  # fmt: skip
    return board(
        "camwatch-camera", "Camera",
        "What one camera is, when it was seen, and what it sent outside.",
        [("Now", first), ("Over time", time)],
        vlan=True, one_camera=True, page="/cameras",
    )  # fmt: skip
