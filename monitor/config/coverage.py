"""Settings of coverage and of the metrics listener."""

from pydantic import Field

from monitor.config.section import Section


class CoverageSettings(Section):
    """How it is told that the mirror shows everything; see docs/coverage.md."""

    interval_s: float = Field(
        default=60,
        ge=1,
        le=86_400,
        allow_inf_nan=False,
        description="Seconds of one verdict. A VLAN without a frame for so long is blind; raise it "
        "for VLANs that are quieter, or send canaries.",
    )
    canaries: tuple[str, ...] = Field(
        default=(),
        description="Where a marked frame is sent once an interval: an interface in the VLAN and "
        "the VLAN id that the mirror shows it with, such as 'eth2:20', or 'eth2' where frames come "
        "without a tag. 'eth2+tag:20' sends it tagged, into a trunk.",
    )


class MetricsSettings(Section):
    """Where Prometheus finds the metrics; see docs/metrics.md."""

    listen: str = Field(
        default="127.0.0.1:9465",
        description="Address and port of /metrics. Empty: none. They name cameras: leave the "
        "address on this host, or behind a firewall.",
    )
