"""A sensor's snapshot with something in every field, in which every law holds."""

from monitor.metrics.snapshot import CameraLabels, EgressKey, InterfaceCounts, Snapshot
from monitor.model.words import EndReason, Purpose, Stop

MOMENT_NS = 1_764_000_000_000_000_000

FULL = Snapshot(
    version="1.2.3",
    catalog="0123456789ab" * 5 + "cdef",
    started_ns=MOMENT_NS,
    interfaces={
        "eth1": InterfaceCounts(
            received=1100, processed=1000, dropped_kernel=70, dropped_interface=20,
            dropped_queue=10, freezes=3, filtered=5000,
        ),
        "eth2": InterfaceCounts(received=50, processed=50),
    },
    packets=1000,
    stopped={Stop.ARP: 20, Stop.NOT_IP: 10, Stop.IP_CUT: 15, Stop.TUNNEL_CUT: 5},
    flows_active=7,
    flows_opened=107,
    flows_ended={
        EndReason.IDLE: 60, EndReason.END_OF_FLOW: 30, EndReason.FORCED: 4,
        EndReason.NO_RESOURCES: 6,
    },
    pressure_steps=2,
    conversations_cut=1,
    records=90,
    cameras=(
        CameraLabels("gate", 20, "Hikvision", "Annke", "V5.7.15"),
        CameraLabels('yard "north"\\1', None),
    ),
    last_seen_ns={"gate": MOMENT_NS + 5_000_000_000},
    egress_bytes={
        EgressKey("gate", Purpose.DIAGNOSTICS, is_answered=True): 4200,
        EgressKey("gate", Purpose.DNS, is_answered=False): 80,
        EgressKey("10.20.3.99", Purpose.DNS, is_answered=False): 9,
    },
    egress_flows={EgressKey("gate", Purpose.DIAGNOSTICS, is_answered=True): 3},
    country_bytes={("CN", Purpose.DIAGNOSTICS): 4200, ("", Purpose.DNS): 89},
    vlans=(20, None),
    vlan_last_ns={20: MOMENT_NS + 5_000_000_000},
    vlan_coverage={20: "ok", None: "degraded"},
    vlan_lost_segments={None: 12},
    vlan_isolation={20: "open"},
    coverage="degraded",
    canaries_sent={20: 4},
    canaries_returned={20: 3},
    canaries_forged=1,
    rules=(("diagnostics", "medium"), ("media-relay", "high")),
    alerts={("diagnostics", "medium"): 2, ("own-rule-gone", "high"): 1},
    alerts_open={"medium": 1},
    targets=("soc",),
    deliveries={("soc", "delivered"): 5, ("soc", "failed"): 2},
    oldest_pending_ns={"soc": MOMENT_NS},
    geo_build_ns={"country": MOMENT_NS - 86_400_000_000_000},
    store_rows=80,
    store_backlog=7,
    store_lost=3,
    store_last_ns=MOMENT_NS + 1,
    worker_restarts=1,
)  # fmt: skip
