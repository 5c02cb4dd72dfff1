"""Queries: of Prometheus, with the variables that every board has, and of PostgreSQL."""

from typing import Any, Final

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from typing_extensions import override

METRICS: Final = DataSourceRef(type_val="prometheus", uid="${metrics}")
STORE: Final = DataSourceRef(type_val="grafana-postgresql-datasource", uid="${store}")

SENSOR: Final = 'job=~"$job", instance=~"$instance"'
VLAN: Final = f'{SENSOR}, vlan=~"$vlan"'
CAMERA: Final = f'{SENSOR}, camera=~"$camera"'

RANGE: Final = "[$__range]"
RATE: Final = "[$__rate_interval]"


def prom(expr: str, legend: str = "__auto") -> prometheus.Dataquery:
    """Return a query of Prometheus over the time that is shown."""
    query = prometheus.Dataquery().expr(expr).legend_format(legend).datasource(METRICS)
    return query.range().format(PromQueryFormat.TIME_SERIES)


def now(expr: str, legend: str = "__auto") -> prometheus.Dataquery:
    """Return a query of Prometheus at the end of the time that is shown."""
    return prom(expr, legend).instant()


def listed(expr: str) -> prometheus.Dataquery:
    """Return a query of Prometheus at the end of the time that is shown, for a table or a map."""
    return prom(expr).instant().format(PromQueryFormat.TABLE)


class SqlQuery(Dataquery):
    """A query of the PostgreSQL data source, which the SDK has no class for."""

    def __init__(self, sql: str, shape: str) -> None:
        self.sql = sql
        self.shape = shape
        self.ref_id = "A"

    def to_json(self) -> dict[str, Any]:
        """Return it as Grafana's query editor writes it."""
        return {
            "refId": self.ref_id,
            "datasource": STORE,
            "editorMode": "code",
            "format": self.shape,
            "rawQuery": True,
            "rawSql": self.sql,
        }


class Sql(Builder[Dataquery]):
    """Builds a `SqlQuery`; `shape` is ``table`` or ``time_series``."""

    def __init__(self, sql: str, shape: str = "table") -> None:
        self._query = SqlQuery(sql, shape)

    @override
    def build(self) -> Dataquery:
        return self._query
