"""Filters as SQL: a tree of the language becomes a condition that the database evaluates.

It holds for the same rows as `monitor.language.match` does, with one difference: databases know the
case of ASCII letters only, so text beyond ASCII is compared with it.
"""

from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, func, literal, not_, or_, select

from monitor.language import All, AnyOf, Compare, Expression, Not, OneOf, Op, Type, Value, Where
from monitor.language.fields import Field
from monitor.model.words import PURPOSE_GROUPS
from monitor.store.access_tables import LABELS
from monitor.store.alert_tables import ALERTS
from monitor.store.reading.elements import BYTES_IN, BYTES_OUT, InNetwork, elements
from monitor.store.tables import CAMERAS, DESTINATIONS, FLOWS

_f, _d, _c, _a = FLOWS.c, DESTINATIONS.c, CAMERAS.c, ALERTS.c


def _label(ip: ColumnElement[str]) -> ColumnElement[Any]:
    return select(LABELS.c.label).where(LABELS.c.camera_ip == ip).scalar_subquery()


_CAMERA_COLUMNS: Final[dict[str, ColumnElement[Any]]] = {
    "mac": _c.mac,
    "maker": _c.maker,
    "brand": _c.brand,
    "model": _c.model,
    "firmware": _c.firmware,
    "kind": _c.kind,
}

COLUMNS: Final[dict[Where, dict[str, ColumnElement[Any]]]] = {
    Where.FLOW: {
        **_CAMERA_COLUMNS,
        "purpose": _f.purpose,
        "group": _f.purpose,
        "confidence": _f.confidence,
        "scope": _f.scope,
        "outcome": _f.outcome,
        "initiated_by": _f.initiated_by,
        "service": _f.service,
        "protocol": _f.protocol,
        "name": _d.name,
        "name_source": _d.name_source,
        "destination": _d.ip,
        "port": _d.port,
        "country": _d.country,
        "asn": _d.asn,
        "as_org": _d.as_org,
        "operator": _d.operator,
        "operator_country": _d.operator_country,
        "camera": _f.camera_ip,
        "camera_name": _label(_f.camera_ip),
        "vlan": _f.vlan,
        "out_bytes": BYTES_OUT,
        "in_bytes": BYTES_IN,
        "sends_more": BYTES_OUT > BYTES_IN,
        "packets": _f.orig_packets + _f.resp_packets,
        "duration": _f.end_ns - _f.start_ns,
        "time": _f.start_ns,
        "flow_id": _f.flow_id,
        "community_id": _f.community_id,
    },
    Where.CAMERA: {
        **_CAMERA_COLUMNS,
        "camera": _c.ip,
        "camera_name": _label(_c.ip),
        "confidence": _c.confidence,
        "vlan": _c.vlan,
    },
    Where.ALERT: {
        "operator": _a.operator,
        "operator_country": _a.operator_country,
        "rule": _a.rule,
        "severity": _a.severity,
        "state": _a.state,
        "opened": _a.opened_ns,
        "last": _a.last_ns,
        "times": _a.times,
        "acknowledged": _a.acknowledged_ns.is_not(None),
    },
}
"""What each field is in the store, for each kind of thing."""

ALERT_LISTS: Final[dict[str, tuple[ColumnElement[Any], str]]] = {
    "camera": (_a.subjects, "ip"),
    "camera_name": (_a.subjects, "name"),
    "mac": (_a.subjects, "mac"),
    "maker": (_a.subjects, "maker"),
    "brand": (_a.subjects, "brand"),
    "vlan": (_a.subjects, "vlan"),
    "name": (_a.destinations, ""),
}
"""Fields of alerts that have several values: the list, and the member of its objects."""


def condition(tree: Expression, where: Where) -> ColumnElement[bool]:
    """Return the condition of a tree.

    Args:
        tree: As `monitor.language.parse` gives it for `where`.
        where: What is asked about: flows, cameras or alerts.
    """
    if isinstance(tree, All):
        return and_(*(condition(part, where) for part in tree.parts))
    if isinstance(tree, AnyOf):
        return or_(*(condition(part, where) for part in tree.parts))
    if isinstance(tree, Not):
        return not_(condition(tree.part, where))
    if where is Where.ALERT and tree.field.name in ALERT_LISTS:
        return _of_any(tree)
    column = COLUMNS[where][tree.field.name]
    if isinstance(tree, Compare) and tree.op in (Op.NE, Op.UNLIKE):
        return not_(_holds(column, tree))
    return _holds(column, tree)


def _of_any(leaf: Compare | OneOf) -> ColumnElement[bool]:
    column, member = ALERT_LISTS[leaf.field.name]
    listed, value = elements(column, member, is_number=leaf.field.type is Type.NUMBER)
    found = select(literal(1)).select_from(listed).where(_holds(value, leaf)).exists()
    is_denied = isinstance(leaf, Compare) and leaf.op in (Op.NE, Op.UNLIKE)
    return not_(found) if is_denied else found


def _holds(column: ColumnElement[Any], leaf: Compare | OneOf) -> ColumnElement[bool]:
    """Return the condition without its denial: ``!=`` as ``=``, ``!~`` as ``~``."""
    field = leaf.field
    if isinstance(leaf, OneOf):
        return or_(*(_equals(column, field, value) for value in leaf.values))
    if leaf.op in (Op.EQ, Op.NE):
        return _equals(column, field, leaf.value)
    if leaf.op in (Op.LIKE, Op.UNLIKE):
        return _like(column, field, str(leaf.value))
    return _ordered(column, field, leaf.op, leaf.value)


def _equals(column: ColumnElement[Any], field: Field, wanted: Value) -> ColumnElement[bool]:
    if isinstance(wanted, bool):
        return column == wanted
    if field.name == "group":
        return column.in_([str(p) for p, group in PURPOSE_GROUPS.items() if group == wanted])
    if wanted is None:
        is_number = field.type in (Type.NUMBER, Type.TIME)
        return func.coalesce(column, 0 if is_number else "") == (0 if is_number else "")
    if isinstance(wanted, IPv4Network | IPv6Network):
        return _within(func.coalesce(column, ""), wanted)
    if isinstance(wanted, int):
        return func.coalesce(column, -1) == wanted
    if field.type is Type.WORD:
        return func.coalesce(column, "") == wanted
    if field.name in ("country", "operator_country"):
        # Always upper case in the store, so that an index helps.
        return func.coalesce(column, "") == wanted.upper()
    return func.lower(func.coalesce(column, "")) == wanted.lower()


def _like(column: ColumnElement[Any], field: Field, pattern: str) -> ColumnElement[bool]:
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    wanted = escaped.replace("*", "%").replace("?", "_")
    if field.name == "group":
        return or_(
            *(
                and_(column == str(p), literal(group).ilike(wanted, escape="\\"))
                for p, group in PURPOSE_GROUPS.items()
            )
        )
    return func.coalesce(column, "").ilike(wanted, escape="\\")


def _ordered(
    column: ColumnElement[Any], field: Field, op: Op, wanted: Value
) -> ColumnElement[bool]:
    if field.is_ordered:
        limit = field.words.index(str(wanted))
        ranks = {
            Op.LT: range(limit),
            Op.LE: range(limit + 1),
            Op.GT: range(limit + 1, len(field.words)),
            Op.GE: range(limit, len(field.words)),
        }[op]
        return func.coalesce(column, "").in_([field.words[at] for at in ranks])
    compared = {
        Op.LT: column < wanted,
        Op.LE: column <= wanted,
        Op.GT: column > wanted,
        Op.GE: column >= wanted,
    }[op]
    return and_(column.is_not(None), compared)


def _within(column: ColumnElement[Any], network: IPv4Network | IPv6Network) -> ColumnElement[bool]:
    if network.prefixlen == network.max_prefixlen:
        return column == str(network.network_address)
    if isinstance(network, IPv6Network):
        return InNetwork(column, literal(str(network)))
    # Text of IPv4 addresses has one form, so whole bytes of a prefix are a prefix of the text.
    whole = -(-network.prefixlen // 8)
    if whole == 0:
        return and_(column.like("%.%"), not_(column.like("%:%")))
    if whole == 4:
        return column.in_([str(address) for address in network])
    parts = network.subnets(new_prefix=whole * 8)
    heads = [".".join(str(part.network_address).split(".")[:whole]) for part in parts]
    return or_(*(column.like(f"{head}.%") for head in heads)) if heads else false()
