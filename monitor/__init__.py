"""camwatch: the outbound-traffic monitor for camera VLANs."""

__version__ = "0.1.0"
