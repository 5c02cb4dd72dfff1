"""From a snapshot to what prometheus_client writes, at the moment of a scrape."""

from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from monitor.metrics.families import FAMILIES
from monitor.metrics.family import PREFIX, Family, Type
from monitor.metrics.snapshot import Snapshot

_CLASSES: Final = {Type.COUNTER: CounterMetricFamily, Type.GAUGE: GaugeMetricFamily}


class SnapshotCollector(Collector):
    """Gives every family of the table from the latest snapshot."""

    def __init__(self, latest: Callable[[], Snapshot]) -> None:
        self._latest = latest

    @override
    def collect(self) -> Iterator[Metric]:
        """Yield the families, all from one snapshot."""
        snapshot = self._latest()
        for family in FAMILIES:
            yield _metric(family, snapshot)


def _metric(family: Family, snapshot: Snapshot) -> Metric:
    made: CounterMetricFamily | GaugeMetricFamily = _CLASSES[family.type](
        PREFIX + family.name, family.help, labels=family.labels
    )
    for labels, value in family.samples(snapshot):
        made.add_metric(labels, value)
    return made
