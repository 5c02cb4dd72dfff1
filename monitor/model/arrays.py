"""Array types and the column table: what every column means, its unit and its absence."""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

U8: TypeAlias = NDArray[np.uint8]
U16: TypeAlias = NDArray[np.uint16]
U32: TypeAlias = NDArray[np.uint32]
U64: TypeAlias = NDArray[np.uint64]
I32: TypeAlias = NDArray[np.int32]
I64: TypeAlias = NDArray[np.int64]
F64: TypeAlias = NDArray[np.float64]
Bool: TypeAlias = NDArray[np.bool_]

VLAN_NONE = 0xFFFF
"""A frame without an 802.1Q tag. VLAN 0 (a priority tag) is a tag, and is kept apart."""

MAC_NONE = 0xFFFF_FFFF_FFFF_FFFF
"""A frame whose link layer carries no MAC address (raw IP, loopback)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """What one column holds: the text that docs, store and API read."""

    text: str
    unit: str = ""
    absent: str = ""
    source: str = ""


_TABLES: dict[type, Mapping[str, tuple[np.dtype[Any], Column]]] = {}
"""What `columns_of` found: reading type hints costs as much as following thousands of packets."""


def columns_of(batch: type) -> Mapping[str, tuple[np.dtype[Any], Column]]:
    """Return name -> (dtype, meaning) for every array column of a batch class, in order."""
    known = _TABLES.get(batch)
    if known is not None:
        return known
    found: dict[str, tuple[np.dtype[Any], Column]] = {}
    for name, hint in get_type_hints(batch, include_extras=True).items():
        if get_origin(hint) is not Annotated:
            continue
        array, *notes = get_args(hint)
        column = next((note for note in notes if isinstance(note, Column)), None)
        if column is not None:
            dtype = np.dtype(get_args(get_args(array)[1])[0])
            found[name] = (dtype, column)
    _TABLES[batch] = found
    return found


class Columns:
    """Base of the batches: checks on construction that columns agree, and makes them read-only."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Check dtype and length of every column.

        Raises:
            ValueError: A column has another dtype than declared, or another length than the first.
        """
        length = -1
        for name, (dtype, _) in columns_of(type(self)).items():
            array = getattr(self, name)
            if array.dtype != dtype or array.ndim != 1:
                raise ValueError(f"column {name}: {array.dtype}, {array.ndim}-d; want {dtype}, 1-d")
            if length not in (-1, len(array)):
                raise ValueError(f"column {name} has {len(array)} rows, the others {length}")
            length = len(array)
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(getattr(self, next(iter(columns_of(type(self))))))
