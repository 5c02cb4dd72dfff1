"""Keeps runs in a database: SQLite by default, PostgreSQL by URL."""

from monitor.store.queries import PurposeTotal, RunSummary
from monitor.store.writer import RunStart, Store

__all__ = ["PurposeTotal", "RunStart", "RunSummary", "Store"]
