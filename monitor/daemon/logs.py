"""Log lines: one JSON object each, on standard error, for journald and the like."""

import sys
from typing import Any

import structlog


def set_up() -> None:
    """Write JSON from now on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def logger() -> Any:
    """Return the logger."""
    return structlog.get_logger()
