"""The live sensor: workers that read frames, and the keeper that writes what they find."""

from monitor.daemon.start import run

__all__ = ["run"]
