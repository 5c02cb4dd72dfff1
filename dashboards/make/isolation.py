"""Is every VLAN closed, and can that be said at all?"""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.make import words
from dashboards.make.board import board
from dashboards.make.panels import lines, number, rows, states
from dashboards.make.queries import CAMERA, RANGE, RATE, SENSOR, VLAN, listed, now, prom

_FLOWS = "camwatch_camera_egress_flows_total"
_BYTES = "camwatch_camera_egress_bytes_total"


def _one_of(family: str, label: str, *values: str) -> str:
    """Return 1, 2, 3, ... for the first, second, third, ... of the states, one series a VLAN."""
    return " + ".join(
        f'{at} * sum by (instance, vlan) ({family}{{{VLAN}, {label}="{value}"}})'
        for at, value in enumerate(values, 1)
    )


_VERDICT = _one_of("camwatch_vlan_isolation_verdict", "verdict", "closed", "cannot-tell", "open")
_COVERAGE = _one_of("camwatch_vlan_coverage_state", "state", "ok", "degraded", "blind")
_NAMED = "VLAN {{vlan}}, {{instance}}"


def isolation() -> Dashboard:
    """Return the board."""
    answered = f'sum(increase({_FLOWS}{{{CAMERA}, outcome="answered"}}{RANGE}))'
    tried = f'sum(increase({_FLOWS}{{{CAMERA}, outcome="attempted"}}{RANGE}))'
    other = f'sum(increase({_FLOWS}{{{SENSOR}, camera="_other"}}{RANGE}))'
    first = [
        number(
            "Verdict",
            "One a VLAN. closed: seen wholly, and nothing outside answered. OPEN: something outside "
            "answered. cannot tell: the mirror did not show enough to say either.",
            now(_VERDICT, _NAMED), unit=words.COUNT, mapped=words.VERDICTS, size=(8, 6),
        ),
        number(
            "Time that was seen wholly",
            "Share of the time shown in which the mirror showed the VLAN wholly and both ways. "
            "Below 100 % nothing can be called closed for the rest.",
            now(f"avg by (instance, vlan) (avg_over_time(camwatch_vlan_coverage_ok{{{VLAN}}}{RANGE}))", _NAMED),
            unit=words.RATIO, steps=words.WHOLE, size=(5, 6), decimals=2, stacked=True,
        ),
        number(
            "Last frame",
            "How long ago the VLAN showed a frame. Minutes mean a cut mirror.",
            now(f"time() - max by (instance, vlan) (camwatch_last_frame_timestamp_seconds{{{VLAN}}})", _NAMED),
            unit=words.SECONDS, steps=words.ages(60, 300), size=(5, 6), stacked=True,
        ),
        number(
            "Got through",
            "Flows of the chosen cameras that somebody outside answered, in the time shown.",
            now(answered, "answered"), unit=words.COUNT, steps=words.NEVER, size=(3, 6), decimals=0,
        ),
        number(
            "Tried",
            "Flows of the chosen cameras that nobody outside answered, in the time shown. They are "
            "what a firewall is there for: no fault of the isolation.",
            now(tried, "attempted"), unit=words.COUNT, steps=words.FEW, size=(3, 6), decimals=0,
        ),
    ]  # fmt: skip
    time = [
        states("Verdict over time", "See Verdict.", prom(_VERDICT, _NAMED), mapped=words.VERDICTS, size=(12, 6)),
        states(
            "Coverage over time",
            "ok: seen wholly and both ways. degraded: something was missed. blind: nothing was seen. "
            "The reasons stand in the page under Sensor.",
            prom(_COVERAGE, _NAMED), mapped=words.COVERAGES, size=(12, 6),
        ),
        lines(
            "Attempts and answers",
            "Flows a second between the chosen cameras and the outside.",
            prom(f"sum by (outcome) (rate({_FLOWS}{{{CAMERA}}}{RATE}))", "{{outcome}}"),
            unit=words.RATE, by_name={"answered": words.BAD, "attempted": words.CALM},
        ),
        lines(
            "Bytes towards the outside",
            "Bytes a second that the chosen cameras sent out; attempted: nobody answered.",
            prom(f"sum by (outcome) (rate({_BYTES}{{{CAMERA}}}{RATE}))", "{{outcome}}"),
            unit=words.BYTE_RATE, by_name={"answered": words.BAD, "attempted": words.CALM},
        ),
    ]  # fmt: skip
    cameras = [
        rows(
            "By camera",
            "Flows and bytes of the time shown; last frame by the sensor's clock (1970: none since it began).",
            listed(f'sum by (camera) (increase({_FLOWS}{{{CAMERA}, outcome="answered"}}{RANGE}))'),
            listed(f'sum by (camera) (increase({_BYTES}{{{CAMERA}, outcome="answered"}}{RANGE}))'),
            listed(f'sum by (camera) (increase({_FLOWS}{{{CAMERA}, outcome="attempted"}}{RANGE}))'),
            listed(f"max by (camera) (camwatch_camera_last_frame_timestamp_seconds{{{CAMERA}}}) * 1000"),
            names={"camera": "Camera", "Value #A": "Answered", "Value #B": "Bytes out",
                   "Value #C": "Attempted", "Value #D": "Last frame"},
            units={"Bytes out": words.BYTES, "Last frame": words.MOMENT},
            links={"Camera": "/d/camwatch-camera?var-camera=${__value.raw}&${metrics:queryparam}&${job:queryparam}"
                             "&${instance:queryparam}&from=${__from}&to=${__to}"},
            most="Answered", size=(18, 9),
        ),
        number(
            "Not in the inventory",
            "Flows to the outside of addresses that are no camera of the inventory. They count in "
            "no number above; the verdict of the VLAN does count them.",
            now(other, "flows"), unit=words.COUNT, steps=words.FEW, size=(6, 9), decimals=0,
        ),
    ]  # fmt: skip
    mirror = [
        lines(
            "Proof frames",
            "Marked frames a second that the sensor sent into the VLAN, and those that the mirror gave "
            "back. Stays empty where none are sent.",
            prom(f"sum by (vlan) (rate(camwatch_canaries_sent_total{{{VLAN}}}{RATE}))", "VLAN {{vlan}} sent"),
            prom(f"sum by (vlan) (rate(camwatch_canaries_returned_total{{{VLAN}}}{RATE}))", "VLAN {{vlan}} returned"),
            unit=words.FRAME_RATE,
        ),
        lines(
            "Segments that the mirror lost",
            "TCP segments a second that reached their receiver and not the sensor: the switch drops "
            "mirrored frames.",
            prom(f"sum by (vlan) (rate(camwatch_mirror_lost_segments_total{{{VLAN}}}{RATE}))", "VLAN {{vlan}}"),
            unit=words.FRAME_RATE, steps=words.FEW,
        ),
    ]  # fmt: skip
    return board(
        "camwatch-isolation", "Isolation",
        "Whether each VLAN is closed, what tried to leave, and how well that was seen.",
        [("Now", first), ("Over time", time), ("Cameras", cameras), ("The mirror", mirror)],
        vlan=True, camera=True,
    )  # fmt: skip
