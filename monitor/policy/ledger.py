"""The list of updates: which camera fetched what firmware, from where."""

from typing import Final

import numpy as np

from monitor.language import Where, parse
from monitor.model.arrays import I64
from monitor.model.learnt import Update
from monitor.model.rows import RecordBatch
from monitor.policy.hits import other_side

IS_FIRMWARE: Final = parse(
    "purpose = firmware-download and scope = outside and outcome = answered and in_bytes > 100kB",
    Where.RULE,
)


def updates(batch: RecordBatch, rows: I64) -> list[Update]:
    """Return the entries that some flows make. Only the first payload is seen, so no digest."""
    into = np.where(batch.is_ours, batch.resp_bytes, batch.orig_bytes)
    made = []
    for row in rows.tolist():
        facts = batch.words.dissections[batch.dissection[row]]
        host, path = facts.first("http.host"), facts.first("http.path")
        url = path if "://" in path else f"http://{host}{path}" if host and path else ""
        made.append(
            Update(
                flow_id=f"{int(batch.flow_id[row]):016x}",
                camera_ip=batch.words.cameras[batch.camera[row]].ip,
                at_ns=int(batch.start_ns[row]),
                name=other_side(batch, row)[0],
                url=url,
                bytes=int(into[row]),
                sha256="",
            )
        )
    return made
