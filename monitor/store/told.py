"""What must be told again to a target that forgets: alerts that are open and that it was told of."""

from sqlalchemy import Connection, func, select

from monitor.model.alerts import AlertState
from monitor.store.alert_tables import ALERTS
from monitor.store.delivery_tables import DELIVERIES
from monitor.store.outbox import DELIVERED

BOUND = 1000
"""The newest; a target that is told of more at once is not helped by it."""


def bodies(connection: Connection, target: str) -> list[str]:
    """Return the last message that was delivered to a target of each alert that is open."""
    row = DELIVERIES.c
    last = (
        select(func.max(row.id))
        .join(ALERTS, ALERTS.c.id == row.alert_id)
        .where(row.target == target, row.state == DELIVERED, ALERTS.c.state == AlertState.OPEN)
        .group_by(row.alert_id)
    )
    query = select(row.body).where(row.id.in_(last)).order_by(row.id.desc()).limit(BOUND)
    return list(connection.execute(query).scalars())
