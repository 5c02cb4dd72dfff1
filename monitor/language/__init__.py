"""One small language for conditions: of rules, of filters on the page and in the API, of the command line.

``parse`` reads a text into a tree (`tree`), ``write`` gives the text back, `fields` says what can be
asked for. Whoever evaluates a tree does so over what it has: columns, a database, one object.
"""

from monitor.language.fields import FIELDS, Field, Type, Unit, Where
from monitor.language.parse import ExpressionError, parse
from monitor.language.tree import All, AnyOf, Compare, Expression, Not, OneOf, Op, Value
from monitor.language.write import write

__all__ = [
    "FIELDS",
    "All",
    "AnyOf",
    "Compare",
    "Expression",
    "ExpressionError",
    "Field",
    "Not",
    "OneOf",
    "Op",
    "Type",
    "Unit",
    "Value",
    "Where",
    "parse",
    "write",
]
