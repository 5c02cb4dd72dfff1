"""Packets to bidirectional flows: keys, table, timeouts, bounds, and the first payload."""

from monitor.flow.settings import FlowSettings
from monitor.flow.stage import FlowStage

__all__ = ["FlowSettings", "FlowStage"]
