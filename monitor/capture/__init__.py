"""Frames from capture files and standard input: `open_capture` is the door."""

from monitor.capture.files import CHUNK_BYTES, Capture, open_capture

__all__ = ["CHUNK_BYTES", "Capture", "open_capture"]
