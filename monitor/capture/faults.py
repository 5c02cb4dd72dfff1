"""The one-line reasons why an input was not read to its end."""

from monitor.capture.kernel_scan import (
    BLOCK_LENGTH,
    BLOCK_SHORT,
    BLOCK_TRAILER,
    LONG_RECORD,
    MAX_BLOCK,
    NO_INTERFACE,
)
from monitor.capture.window import Window

_SCAN_FAULTS = {
    LONG_RECORD: "record of {need} bytes is longer than any packet",
    BLOCK_LENGTH: f"block of {{need}} bytes: not a multiple of 4 from 12 to {MAX_BLOCK}",
    BLOCK_TRAILER: "the block's length is given as {need} at its end, and otherwise at its start",
    BLOCK_SHORT: "the packet block is too short for {need} bytes of packet",
    NO_INTERFACE: "packet of interface {need}, which the section does not describe",
}


def scan_fault(window: Window, status: int, need: int) -> str:
    """Return the reason for a scan's `status` at the place where `window` stands."""
    return f"byte {window.position}: {_SCAN_FAULTS[status].format(need=need)}"


def cut_short(window: Window, need: int, what: str) -> str:
    """Return the reason when a stream ends inside `what`; empty when it ends before it."""
    if window.held == 0:
        return ""
    have = f"have {window.held} of {need} bytes"
    return f"byte {window.position}: the file ends inside {what} ({have})"


def not_a_capture(head: bytes) -> str:
    """Return the reason for a file whose first bytes are those of no capture format."""
    is_text = all(0x20 <= byte < 0x7F for byte in head)
    shown = f'"{head.decode("ascii")}"' if is_text else head.hex(" ")
    return f"not a capture file: starts with {shown}"
