"""Values of fields: from the text of a condition, and back."""

import difflib
import ipaddress
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from monitor.language.fields import Field, Type, Unit
from monitor.language.tokens import is_plain
from monitor.language.tree import Op, Value

UNKNOWN: Final = "unknown"
"""Without quotes: what is not known. In quotes: that text."""

UNITS: Final[dict[Unit, dict[str, int]]] = {
    Unit.NONE: {"": 1},
    Unit.BYTES: {
        "": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
        "KiB": 2**10, "MiB": 2**20, "GiB": 2**30,
    },
    Unit.NANOSECONDS: {
        "ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "min": 60 * 10**9, "h": 3600 * 10**9,
        "d": 86_400 * 10**9,
    },
}  # fmt: skip
"""What one of each unit is in the base unit."""

_WRITTEN: Final = {
    Unit.BYTES: ("TB", "GB", "MB", "kB", "B"),
    Unit.NANOSECONDS: ("d", "h", "min", "s", "ms", "us", "ns"),
}
"""Units that are written, largest first."""

_NUMBER: Final = re.compile(r"(\d+(?:\.\d+)?)([A-Za-z]*)")
_LARGEST: Final = 2**63 - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FLAGS: Final = {"yes": True, "true": True, "no": False, "false": False}


class ValueFault(Exception):  # noqa: N818  # becomes an ExpressionError once the column is known
    """A value does not fit its field: reason, hint."""


def read_value(field: Field, op: Op, text: str, *, is_quoted: bool) -> Value:
    """Return the value that a text stands for.

    Raises:
        ValueFault: It does not fit the field.
    """
    if op in (Op.LIKE, Op.UNLIKE):
        return text if "*" in text or "?" in text else f"*{text}*"
    if text == UNKNOWN and not is_quoted and UNKNOWN not in field.words:
        if op not in (Op.EQ, Op.NE):
            raise ValueFault("'unknown' is neither less nor more than anything", "use = or !=")
        return None
    if field.type is Type.WORD:
        return _word(field, text)
    if field.type is Type.NUMBER:
        return read_number(
            text, field.unit, field.name, field.example.rpartition(" ")[2].strip("()")
        )
    if field.type is Type.TIME:
        return _time(text)
    if field.type is Type.ADDRESS:
        try:
            return ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise ValueFault(
                f"'{text}' is no address or network", "write 10.20.0.0/16 or 10.20.3.11"
            ) from None
    if field.type is Type.FLAG:
        if text.lower() not in _FLAGS:
            raise ValueFault(f"'{text}' is neither yes nor no", f"write {field.name} = yes")
        return _FLAGS[text.lower()]
    return text or None


def _word(field: Field, text: str) -> str:
    word = text.lower()
    if word not in field.words:
        near = difflib.get_close_matches(word, field.words, n=1, cutoff=0.5)
        raise ValueFault(
            f"{field.name} is never '{text}'",
            f"did you mean '{near[0]}'?" if near else f"it is one of {', '.join(field.words)}",
        )
    return word


def read_number(text: str, unit: Unit, name: str, example: str) -> int:
    """Return a number in its base unit.

    Raises:
        ValueFault: It is none, or has another unit.
    """
    units = UNITS[unit]
    match = _NUMBER.fullmatch(text)
    named = "a number" if unit is Unit.NONE else "a number with a unit"
    if match is None:
        raise ValueFault(f"'{text}' is not {named}", f"write one like {example}")
    factor = units.get(match[2])
    if factor is None:
        listed = ", ".join(known for known in units if known)
        reason = f"'{match[2]}' is no unit of {name}" if match[2] else f"'{text}' has no unit"
        raise ValueFault(reason, f"its units are {listed}" if listed else "it has none")
    try:
        value = Decimal(match[1]) * factor
    except InvalidOperation:
        value = Decimal(_LARGEST + 1)
    if value > _LARGEST:
        raise ValueFault(f"'{text}' is too large", "")
    if value != int(value):
        raise ValueFault(f"'{text}' is not a whole number of {unit or name}", "")
    return int(value)


def _time(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueFault(
            f"'{text}' is no time", "write 2026-11-28, 2026-11-28T08:00 or 2026-11-28T08:00:00Z"
        ) from None
    try:
        aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueFault(f"'{text}' is beyond the calendar", "") from None
    return (aware - _EPOCH) // timedelta(microseconds=1) * 1000


def write_value(field: Field, value: Value) -> str:
    """Return the text of a value, so that reading it gives the value again."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return _time_text(value) if field.type is Type.TIME else write_number(value, field.unit)
    if isinstance(value, str):
        if is_plain(value) and (value != UNKNOWN or field.type is Type.WORD):
            return value
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value.network_address if value.prefixlen == value.max_prefixlen else value)


def write_number(value: int, unit: Unit) -> str:
    """Return the text of a number, in the largest unit that divides it."""
    for name in _WRITTEN.get(unit, ("",)):
        factor = UNITS[unit][name]
        if value % factor == 0 and (value or factor == 1):
            return f"{value // factor}{name}"
    raise ValueError(f"no unit divides {value}")


def _time_text(ns: int) -> str:
    return (_EPOCH + timedelta(microseconds=ns // 1000)).isoformat().replace("+00:00", "Z")
