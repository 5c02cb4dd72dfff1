"""Settings of the store: where it is, and for how long it keeps what."""

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from pydantic import Field, field_validator

from monitor.config.section import OptionalPath, Section
from monitor.errors import ConfigError

DEFAULT_URL = "sqlite:////var/lib/camwatch/camwatch.db"

KEPT = ("flows", "totals", "alerts", "deliveries", "audit", "replays")


def _days(default: float, text: str) -> Any:
    return Field(default=default, gt=0, le=36_500, description=text)


class StoreSettings(Section):
    """Where the sensor keeps what it found, and for how long."""

    url: str = Field(
        default=DEFAULT_URL,
        description="Database: `sqlite:////ABSOLUTE/FILE` or `postgresql://USER@HOST/NAME`, "
        "without a password.",
    )
    password_file: OptionalPath = Field(
        default=None, description="File whose first line is PostgreSQL's password."
    )
    flows_days: float = _days(30, "Days that flows of sensors are kept, some 400 bytes each.")
    totals_days: float = _days(
        800,
        "Days that sums are kept: of each hour, from the ninth day on of each day.",
    )
    alerts_days: float = _days(
        400, "Days that resolved alerts and ended silences are kept, and the ledger of firmware."
    )
    deliveries_days: float = _days(30, "Days that deliveries are kept once they came to an end.")
    audit_days: float = _days(400, "Days that the log of who changed what is kept.")
    replays_days: float = _days(
        400, "Days that replays are kept, with their flows, from their end."
    )
    backlog_flows: int = Field(
        default=250_000,
        ge=1_000,
        le=10_000_000,
        description="Flows kept in memory while the store is locked, full or gone, about 200 B "
        "each. Beyond that the oldest are dropped, and counted.",
    )

    @field_validator("url")
    @classmethod
    def _has_no_password(cls, url: str) -> str:
        if urlsplit(url).password:
            raise ValueError("a password does not belong in the settings; use password_file")
        return url

    def address(self) -> str:
        """Return the URL to open, with the password where there is one; not to be shown.

        Raises:
            ConfigError: The file of the password cannot be read.
        """
        if self.password_file is None:
            return self.url
        password = _first_line(self.password_file)
        parts = urlsplit(self.url)
        user, at, host = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{user}:{quote(password, safe='')}{at}{host}").geturl()

    def kept(self) -> dict[str, float]:
        """Return the days, by the names of `store.retention.Retention`."""
        return {f"{name}_days": getattr(self, f"{name}_days") for name in KEPT}


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(
            f"store.password_file {path}: {why}; name a readable file with the password"
        ) from error
