"""Reads, decodes and follows one capture, and prints where the time went as one line of JSON.

For `run.py`, which starts it anew for every measurement: ``inner.py WARM_UP_CAPTURE CAPTURE``.
"""

import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def follow(capture_file: str) -> dict[str, float]:
    """Return packets, flows, and the seconds spent in reading, decoding and following.

    As much is read at a time as by the whole program. Without the SHA-256 of the input, which
    that takes in a process of its own.
    """
    from monitor.capture import open_capture  # noqa: PLC0415  # after the path is set
    from monitor.decode import Decoder  # noqa: PLC0415
    from monitor.flow import FlowSettings, FlowStage  # noqa: PLC0415
    from monitor.follower import CHUNK_BYTES  # noqa: PLC0415

    decoder, flows, clock = Decoder(), FlowStage(FlowSettings()), time.perf_counter
    frames_seen = ended = 0
    read_s = decode_s = flow_s = 0.0
    with open_capture([capture_file], is_hashed=False, chunk_bytes=CHUNK_BYTES) as capture:
        batches, mark = capture.batches(), clock()
        for frames in batches:
            read_s += (now := clock()) - mark
            packets, counts = decoder.decode(frames)
            decode_s += (mark := clock()) - now
            ended += len(flows.step(packets).ended)
            flow_s += (now := clock()) - mark
            frames_seen += counts.frames
            mark = clock()
        read_s += clock() - mark
        mark = clock()
        ended += sum(len(step.ended) for step in flows.finish())
        flow_s += clock() - mark
    return {
        "packets": frames_seen,
        "flows": ended,
        "read_s": read_s,
        "decode_s": decode_s,
        "flow_s": flow_s,
    }


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    follow(sys.argv[1])
    sys.stdout.write(json.dumps(follow(sys.argv[2])) + "\n")
