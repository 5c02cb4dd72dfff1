"""docs/filters.md, made of the fields table."""

from monitor.language.fields import FIELDS, Type, Unit, Where
from monitor.language.values import UNITS

_ABOUT = """# Conditions

One small language says which flows, alerts or cameras are meant: in the conditions of rules
([alerts.md](alerts.md)), in the filters of the page and the API, and on the command line.

    purpose = diagnostics and operator_country in (CN, RU) and out_bytes > 20kB and not camera = 10.20.3.0/24

A condition compares fields with values and joins comparisons with `and`, `or`, `not` and parentheses; `not`
binds closest, then `and`, then `or`.

| comparison | holds when |
| --- | --- |
| `=` `!=` | the value is, or is not, this one; an address is in the network |
| `in (a, b)` `not in (a, b)` | it is, or is not, one of these |
| `<` `<=` `>` `>=` | for numbers, times, and words that have an order |
| `~` `!~` | text matches, or does not match, a pattern: `*` is any text, `?` is one character; a pattern without either is looked for anywhere in the text |

Text is compared without regard to upper and lower case. A value with spaces or signs stands in quotes:
`as_org = "Hangzhou Alibaba Advertising"`; inside, `\\"` is a quote. `unknown` without quotes is what is not known
or absent: `operator = unknown`, `vlan = unknown` (untagged). `!=`, `!~` and `not in` hold exactly where `=`, `~` and `in`
do not, so they hold for the unknown too; `<` and `>` never do. Where a field has several values, a comparison
holds when it holds for any of them.
"""


def filters_page() -> str:
    """Return the page."""
    lines = [
        _ABOUT,
        f"Units: {_units(Unit.BYTES)} for bytes; {_units(Unit.NANOSECONDS)} for durations. A time is",
        "`2026-11-28`, `2026-11-28T08:00` or `2026-11-28T08:00:00Z`, UTC where it names no zone.",
        "",
        "A condition that cannot be understood is refused with the column, and with the nearest name:",
        "`column 1: no field 'operator_contry'; did you mean 'operator_country'?`",
        "",
        "| field | type | meaning | example | rule | flow | alert | camera |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for field in FIELDS.values():
        kind = field.type.value
        if field.type is Type.NUMBER and field.unit is not Unit.NONE:
            kind = "bytes" if field.unit is Unit.BYTES else "duration"
        marks = ("yes" if where in field.where else "" for where in Where)
        name = f"`{field.name}`"
        cells = (name, kind, field.text, f"`{field.example}`", *marks)
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "`rule`: conditions of rules, on flows as they pass; `flow`: flows in a store.",
        "",
        "## Words",
        "",
    ]
    lines += [
        f"- `{field.name}`{' (in this order)' if field.is_ordered else ''}: "
        + ", ".join(f"`{word}`" for word in field.words)
        for field in FIELDS.values()
        if field.words
    ]
    return "\n".join(lines) + "\n"


def _units(unit: Unit) -> str:
    return ", ".join(f"`{name}`" for name in UNITS[unit] if name)
