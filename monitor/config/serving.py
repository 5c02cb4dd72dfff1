"""Settings of the API and of the page that it serves."""

from pathlib import Path
from typing import Self

import pydantic
from pydantic import Field

from monitor.config.section import Network, OptionalPath, Section


class ApiSettings(Section):
    """Who may ask what, over which address, and how much."""

    listen: str = Field(
        default="127.0.0.1:8465",
        pattern=r"^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$",
        description="Address and port. Another address than loopback should have TLS, here or in "
        "a proxy in front.",
    )
    open_on_loopback: bool = Field(
        default=False,
        description="Whether programs and people on this machine may read without a token. Leave "
        "it off where others can sign in to the machine, or a proxy runs on it.",
    )
    tls_certificate: OptionalPath = Field(
        default=None, description="Certificate chain (PEM). Empty: plain HTTP."
    )
    tls_key: OptionalPath = Field(default=None, description="Private key of it (PEM).")
    trusted_proxies: tuple[Network, ...] = Field(
        default=(),
        description="Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are "
        "believed. Empty: nobody's.",
    )
    session_hours: float = Field(
        default=12, gt=0, le=24 * 30, description="Hours until the page asks to sign in again."
    )
    requests_per_minute: int = Field(
        default=600, ge=1, description="Requests of one token, or of one address on loopback."
    )
    refused_per_minute: int = Field(
        default=20,
        ge=1,
        description="Requests of one address without a good token; raising it lets people guess faster.",
    )
    max_connections: int = Field(
        default=200, ge=4, le=10_000, description="Connections at once; more are answered with 503."
    )
    receive_s: float = Field(
        default=20,
        gt=0,
        le=3600,
        description="Seconds in which a request must be there, and an upload must send something.",
    )
    query_s: float = Field(
        default=10, gt=0, le=600, description="Seconds after which a question is given up."
    )
    keep_s: float = Field(
        default=2,
        ge=0,
        le=300,
        description="Seconds for which a page of flows is given again to who asks the same; overview and "
        "purposes over time as long for each day that is asked for, 30 at most. Raising it saves work "
        "when many look. While an answer is made anew, others get the last one for as long again at most.",
    )
    export_rows: int = Field(
        default=1_000_000, ge=1, description="Most rows of one export; it says where to go on."
    )
    event_clients: int = Field(
        default=32, ge=1, le=1000, description="Open streams of live events at once."
    )
    uploads: Path = Field(
        default=Path("/var/lib/camwatch/uploads"),
        description="Directory in which uploaded captures wait, and are kept after their replay.",
    )
    upload_bytes: int = Field(
        default=2_000_000_000, ge=1024, description="Largest capture that is taken, in bytes."
    )
    waiting_jobs: int = Field(
        default=4, ge=1, le=100, description="Uploads that may wait; more are refused."
    )
    job_memory_bytes: int = Field(
        default=6_000_000_000,
        ge=1_000_000_000,
        description="Address space of a replay; one that wants more fails.",
    )
    job_processor_s: int = Field(
        default=3600,
        ge=10,
        description="Processor seconds of a replay; one that wants more is ended.",
    )

    kept_bytes: int = Field(
        default=10_000_000_000,
        ge=0,
        description="Bytes of uploaded captures that are kept after their replay, so that the "
        "packets of a flow can be taken out; the oldest go first. 0: none is kept.",
    )
    kept_days: float = Field(
        default=30, ge=0, le=3650, description="Days that they are kept at most. 0: none is kept."
    )
    carves_per_minute: int = Field(
        default=10, ge=1, description="Flows whose packets one token may take out in a minute."
    )
    carve_s: int = Field(
        default=120,
        ge=5,
        le=3600,
        description="Seconds in which the packets of a flow must be found, by the clock and of "
        "the processor.",
    )

    @pydantic.model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together; give both or none")
        if self.open_on_loopback and self.trusted_proxies:
            raise ValueError(
                "open_on_loopback and trusted_proxies exclude each other: behind a proxy everybody "
                "comes from its address"
            )
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of `listen`."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)
