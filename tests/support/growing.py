"""A sensor's snapshot whose counters rise, with every law kept."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from monitor.metrics.snapshot import InterfaceCounts, Snapshot


def grown(snapshot: Snapshot, times: int) -> Snapshot:
    """Return the snapshot with every number multiplied; moments, names and states stay."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(snapshot):
        value = getattr(snapshot, field.name)
        if not field.name.endswith("_ns"):
            changes[field.name] = _grown(value, times)
    return dataclasses.replace(snapshot, **changes)


def _grown(value: Any, times: int) -> Any:
    if isinstance(value, InterfaceCounts):
        return InterfaceCounts(*(count * times for count in value))
    if isinstance(value, Mapping):
        return {key: _grown(one, times) for key, one in value.items()}
    return value * times if isinstance(value, int) else value
