"""Every Prometheus family in one table. What is not here is not exported."""

from typing import Final

from monitor.metrics import samples as of
from monitor.metrics.family import Family, Type

_COUNTER, _GAUGE = Type.COUNTER, Type.GAUGE
_INTERFACE = "interfaces"
_VLAN = "VLANs with cameras (256 at most)"
_CAMERA = "cameras of the inventory (2000 at most)"
_TARGET = "delivery targets"

FAMILIES: Final = (
    Family(
        "build_info", _GAUGE, ("version",),
        "Always 1. A new version label means that the sensor was updated.",
        "", of.build, "1",
    ),
    Family(
        "catalog_info", _GAUGE, ("digest",),
        "Always 1. A new digest label means that purposes are decided by another catalogue: the "
        "sensor was updated, or entries of your own changed.",
        "", of.catalog, "1",
    ),
    Family(
        "start_timestamp_seconds", _GAUGE, (),
        "When the sensor started. A change means a restart: counters began at 0.",
        "s since 1970", of.started, "1",
    ),
    Family(
        "capture_frames_total", _COUNTER, ("interface",),
        "Frames that the interface had for the sensor, lost ones included. No rise means a dead "
        "mirror. Sum = decode_frames_total + capture_dropped_frames_total.",
        "frames", of.received, _INTERFACE,
    ),
    Family(
        "capture_dropped_frames_total", _COUNTER, ("interface", "cause"),
        "Frames lost before decoding. Any rise means that nothing can be called closed meanwhile: "
        "kernel = ring full, interface = card or driver, queue = a worker died.",
        "frames", of.dropped, f"3 x {_INTERFACE}",
    ),
    Family(
        "capture_ring_freezes_total", _COUNTER, ("interface",),
        "Times that the capture ring was full. A rise means that the sensor is too slow or its "
        "ring too small, shortly before frames are lost.",
        "times", of.freezes, _INTERFACE,
    ),
    Family(
        "capture_filtered_frames_total", _COUNTER, ("interface",),
        "Frames that stay on the site and that the kernel filter left out on purpose. Rises with "
        "video; in no other number.",
        "frames", of.filtered, _INTERFACE,
    ),
    Family(
        "decode_frames_total", _COUNTER, (),
        "Frames that were decoded or stopped. Sum of decode_packets_total, "
        "decode_skipped_frames_total and decode_errors_total.",
        "frames", of.decode_frames, "1",
    ),
    Family(
        "decode_packets_total", _COUNTER, (),
        "Frames that held an IP packet.",
        "packets", of.packets, "1",
    ),
    Family(
        "decode_skipped_frames_total", _COUNTER, ("reason",),
        "Frames that are no IP packet by nature. Rises with ARP, spanning tree and LLDP.",
        "frames", of.skipped, "2",
    ),
    Family(
        "decode_errors_total", _COUNTER, ("reason",),
        "Frames that could not be decoded. A rise means cut frames, an encapsulation that is not "
        "read, or somebody who sends damaged ones.",
        "frames", of.decode_errors, "10",
    ),
    Family(
        "flows", _GAUGE, ("state",),
        "Flows in the table. A steady rise means a scan, a flood, or a leak.",
        "flows", of.flows, "1",
    ),
    Family(
        "flows_opened_total", _COUNTER, (),
        'Flows that began. Sum = flows{state="active"} + flows_ended_total.',
        "flows", of.opened, "1",
    ),
    Family(
        "flows_ended_total", _COUNTER, ("reason",),
        "Flows that ended, by IPFIX reason.",
        "flows", of.ended, "4",
    ),
    Family(
        "flow_evictions_total", _COUNTER, ("cause",),
        "Flows and conversations cut short for lack of room: table = a flow went for another, "
        "payload = first bytes were read in part. A rise means that limits are too low for the "
        "traffic.",
        "flows", of.evictions, "2",
    ),
    Family(
        "flow_pressure_total", _COUNTER, (),
        "Times that the flow table passed its high-water mark, so that shorter timeouts applied.",
        "times", of.pressure, "1",
    ),
    Family(
        "records_total", _COUNTER, (),
        "Flow records of cameras. Sum of store_records_total, store_backlog_records and "
        "store_lost_records_total.",
        "records", of.records, "1",
    ),
    Family(
        "camera_info", _GAUGE, ("camera", "vlan", "maker", "brand", "firmware"),
        "Always 1. A new maker or firmware label means that the device was changed or updated.",
        "", of.cameras, _CAMERA,
    ),
    Family(
        "camera_last_frame_timestamp_seconds", _GAUGE, ("camera",),
        "Last frame that the camera sent; 0: never since the start. Standing still means a camera "
        "that is off, was moved, or is no longer mirrored.",
        "s since 1970", of.camera_last, _CAMERA,
    ),
    Family(
        "camera_egress_bytes_total", _COUNTER, ("camera", "purpose", "outcome"),
        "Bytes that a camera sent towards the outside. answered: somebody outside answered; "
        "attempted: nobody did. A rise of answered means that data leaves.",
        "bytes", of.egress_bytes, f"({_CAMERA} + 1) x 18 purposes x 2",
    ),
    Family(
        "camera_egress_flows_total", _COUNTER, ("camera", "purpose", "outcome"),
        "Flows between a camera and the outside. A rise of attempted behind a firewall means "
        "that the camera keeps trying.",
        "flows", of.egress_flows, f"({_CAMERA} + 1) x 18 purposes x 2",
    ),
    Family(
        "destination_country_bytes_total", _COUNTER, ("country", "purpose"),
        "Bytes that cameras sent towards the outside, by country of the address block at the date "
        "of the database; unknown: anycast, or not listed.",
        "bytes", of.country_bytes, "(100 countries + 2) x purposes seen there",
    ),
    Family(
        "last_frame_timestamp_seconds", _GAUGE, ("vlan",),
        "Last frame in the VLAN; 0: none since the start. Standing still means a cut mirror.",
        "s since 1970", of.vlan_last, _VLAN,
    ),
    Family(
        "coverage_ok", _GAUGE, (),
        "1 while every VLAN with cameras is seen wholly, else 0.",
        "", of.coverage_ok, "1",
    ),
    Family(
        "vlan_coverage_ok", _GAUGE, ("vlan",),
        "1 while the mirror shows the VLAN wholly and both ways. 0 means degraded or blind: see "
        "vlan_coverage_state, and the reasons in the API.",
        "", of.vlan_coverage_ok, _VLAN,
    ),
    Family(
        "vlan_coverage_state", _GAUGE, ("vlan", "state"),
        "1 for the state that holds: ok, degraded or blind.",
        "", of.vlan_coverage, f"3 x {_VLAN}",
    ),
    Family(
        "mirror_lost_segments_total", _COUNTER, ("vlan",),
        "TCP segments that reached their receiver and not the sensor. A rise means that the "
        "switch drops mirrored frames: no counter of the sensor's kernel shows these.",
        "segments", of.lost_segments, _VLAN,
    ),
    Family(
        "vlan_isolation_verdict", _GAUGE, ("vlan", "verdict"),
        "1 for the verdict that holds: closed, open or cannot-tell.",
        "", of.isolation, f"3 x {_VLAN}",
    ),
    Family(
        "canaries_sent_total", _COUNTER, ("vlan",),
        "Marked frames sent into the VLAN to prove the mirror.",
        "frames", of.canaries_sent, _VLAN,
    ),
    Family(
        "canaries_returned_total", _COUNTER, ("vlan",),
        "Of these the ones that came back. Falling behind canaries_sent_total means a cut mirror.",
        "frames", of.canaries_returned, _VLAN,
    ),
    Family(
        "canaries_forged_total", _COUNTER, (),
        "Frames that bear the sensor's name without its seal. Any rise means that somebody in a "
        "VLAN imitates the sensor.",
        "frames", of.canaries_forged, "1",
    ),
    Family(
        "alerts_total", _COUNTER, ("rule", "severity"),
        "Alerts that were opened. A rise means news for a person.",
        "alerts", of.alerts, "rules that are loaded (200 at most)",
    ),
    Family(
        "alerts_open", _GAUGE, ("severity",),
        "Alerts that are open now.",
        "alerts", of.alerts_open, "5",
    ),
    Family(
        "webhook_deliveries_total", _COUNTER, ("target", "result"),
        "Attempts to deliver a message. A rise of failed means that a receiver is away, of dead "
        "that messages were given up.",
        "attempts", of.deliveries, f"3 x {_TARGET}",
    ),
    Family(
        "webhook_oldest_pending_timestamp_seconds", _GAUGE, ("target",),
        "When the oldest message that waits was made; 0: none waits. Standing still above 0 means "
        "that a receiver does not take messages.",
        "s since 1970", of.oldest_pending, _TARGET,
    ),
    Family(
        "geo_database_build_timestamp_seconds", _GAUGE, ("database",),
        "When the database of address blocks was made. Countries are as of this date.",
        "s since 1970", of.geo, "2",
    ),
    Family(
        "store_records_total", _COUNTER, (),
        "Flow records committed to the store.",
        "records", of.stored, "1",
    ),
    Family(
        "store_backlog_records", _GAUGE, (),
        "Flow records that wait for the store. A steady rise means that it is locked, full or away.",
        "records", of.backlog, "1",
    ),
    Family(
        "store_lost_records_total", _COUNTER, (),
        "Flow records given up because the store was away for too long. Any rise is a loss.",
        "records", of.store_lost, "1",
    ),
    Family(
        "store_last_commit_timestamp_seconds", _GAUGE, (),
        "Last transaction that was committed; 0: none since the start.",
        "s since 1970", of.store_last, "1",
    ),
    Family(
        "worker_restarts_total", _COUNTER, (),
        "Times that a worker process died and was started anew. A rise means a bug or hostile "
        "traffic: what the worker held is lost and counted in capture_dropped_frames_total.",
        "times", of.restarts, "1",
    ),
)  # fmt: skip
