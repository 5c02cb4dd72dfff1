"""Takes the packets of one flow out of an uploaded capture: ``python -m monitor.api.carved CAPTURE OUT MOST_BYTES``.

A program of its own, since anybody may have chosen the bytes: `confined` starts it, with limits and without a
network. It knows neither the store nor the settings; what it needs of both comes on standard input, as JSON:
``{"flow": a line of flows.jsonl, "input": {"name", "size_bytes", "sha256", "first_ns", "last_ns"}, "flow_settings":
{...}}``. It prints ``{"packets": N, "doubt": null or text}``; what keeps it from that is one line on standard error.
"""

import resource
import signal
import sys
from pathlib import Path
from typing import Final

import orjson

from monitor.errors import MonitorError
from monitor.forensics.carve import Job, carve
from monitor.forensics.folder import Input, RunFolder, record_of
from monitor.forensics.write import write

REFUSED: Final = 4
"""Exit status where the packets cannot be had, as that of a replay that cannot read."""


def main(arguments: list[str]) -> int:
    """Carve, and return the exit status."""
    capture, out = map(Path, arguments[:2])
    most = int(arguments[2])
    # A write beyond the limit is then an error of that write, and not the end of the process.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    asked = orjson.loads(sys.stdin.buffer.read())
    manifest = {"settings": {"flow": asked["flow_settings"]}}
    job = Job(
        run=RunFolder(out.parent, manifest, [Input(**asked["input"])]),
        record=record_of(orjson.dumps(asked["flow"])),
        given=[capture],
    )
    try:
        with carve(job) as carving:
            packets = write(carving, out, job)
            doubt = carving.doubt or None
    except MonitorError as error:
        # `carve` knows the capture by its SHA-256 alone, and tells people how to name another.
        is_other = "--original" in str(error)
        why = "the kept capture is not what was uploaded; upload it again" if is_other else error
        sys.stderr.write(f"{why}\n")
        return REFUSED
    sys.stdout.write(orjson.dumps({"packets": packets, "doubt": doubt}).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
