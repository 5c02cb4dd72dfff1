"""Machine code of the packet path, loaded (or made, once) before the first frame comes."""

from typing import Any

import numpy as np

from monitor.capture.kernel_ring import scan_block
from monitor.coverage.stage import CoverageStage, Watched
from monitor.decode import Decoder
from monitor.flow import FlowSettings, FlowStage
from monitor.indexing import Stages
from monitor.model.arrays import columns_of
from monitor.model.frames import FrameBatch

_DATAGRAM = bytes.fromhex(
    "020000000002 020000000001 0800"
    "4500001e 00010000 40110000 0a000001 0a000002"
    "9c40c350 000a0000 6162"
)
"""Two bytes of UDP between two private addresses."""


def warm_up(stages: Stages) -> None:
    """Run every kernel of the pipeline, with the types that live frames have."""
    data = np.frombuffer(bytearray(_DATAGRAM), np.uint8)
    columns: dict[str, Any] = {
        name: np.zeros(1, dtype) for name, (dtype, _) in columns_of(FrameBatch).items()
    }
    scan_block(
        data, 0, 0, 0, columns["off"], columns["cap_len"], columns["wire_len"],
        columns["ts_ns"], columns["vlan_tci"],
    )  # fmt: skip
    for name, value in {"cap_len": len(data), "wire_len": len(data), "link_type": 1}.items():
        columns[name][:] = value
    columns["vlan_tci"][:] = -1
    frames = FrameBatch(data=data, **columns)
    packets, _ = Decoder(max_frames=1).decode(frames)
    coverage = CoverageStage(Watched(stages.roles.site))
    coverage.step(frames, packets)
    coverage.finish()
    flows = FlowStage(FlowSettings(max_flows=16))
    flows.step(packets)
    flows.advance(1)
    for step in flows.finish():
        stages.registry.dissect_all(step.conversations, np.arange(len(step.conversations)))
    stages.geo.places(np.ones(1, np.uint64), np.ones(1, np.uint64))
