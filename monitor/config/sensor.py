"""Settings of the live sensor."""

from pathlib import Path

from pydantic import Field

from monitor.config.section import Section


class SensorSettings(Section):
    """The live sensor: what it captures, and as whom it runs."""

    name: str = Field(
        default="sensor",
        pattern=r"^[A-Za-z0-9._-]{1,56}$",
        description="Name of this sensor in the store, in alerts and in metrics.",
    )
    interfaces: tuple[str, ...] = Field(
        default=(), description="Interfaces on which the mirror arrives."
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=16,
        description="Processes that share the frames by camera. One does for most sites.",
    )
    ring_mib: int = Field(
        default=64,
        ge=2,
        le=4096,
        description="Memory in which the kernel keeps frames of one interface for one worker.",
    )
    kernel_filter: bool = Field(
        default=True,
        description="Whether the kernel drops what stays inside the site, but for a sample.",
    )
    sample_every: int = Field(
        default=1000,
        ge=1,
        le=1_000_000,
        description="With the kernel filter, one of so many frames inside the site is let in.",
    )
    user: str = Field(
        default="",
        description="User to become when started by root. Empty: camwatch if there is one, else "
        "nobody.",
    )
    state_directory: Path = Field(
        default=Path("/var/lib/camwatch"),
        description="Where the sensor keeps what it needs over restarts.",
    )
