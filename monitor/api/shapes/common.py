"""What several shapes are made of."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from monitor.model.clock import utc_text
from monitor.model.words import PURPOSE_GROUPS, Purpose

Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""RFC 3339 in UTC with nine decimals."""


class Shape(BaseModel):
    """An object of an answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)


class EvidenceItem(Shape):
    """Why something is said."""

    kind: str = Field(description="`name`, `fact`, `service`, `port`, `behaviour`, ...")
    value: str = Field(description="What was seen")
    catalog: str | None = Field(description="Entry of the catalogue that reads it")


class Side(Shape):
    """One end of a flow."""

    ip: str
    port: int
    packets: int
    bytes: int


class PurposeSum(Shape):
    """Flows of one purpose, outside the site."""

    purpose: str
    group: str = Field(description="Group that the purpose is shown under")
    flows: int
    answered: int = Field(description="Flows that were answered")
    cameras: int
    bytes_out: int = Field(description="Bytes that cameras sent")
    bytes_in: int = Field(description="Bytes that they received")
    last: Moment = Field(description="Last packet")


class CameraName(Shape):
    """A camera as other things name it."""

    ip: str
    label: str | None = Field(description="Name that people gave it")
    maker: str | None = Field(description="Maker on the wire")
    brand: str | None = Field(description="Brand on the label")


def moment(ns: int | None) -> str | None:
    """Return a time as text; null where there is none."""
    return None if ns is None else utc_text(ns)


def evidence_items(items: Iterable[Mapping[str, Any]] | None) -> list[EvidenceItem]:
    """Return evidence as the store keeps it."""
    return [
        EvidenceItem(kind=item["kind"], value=item["value"], catalog=item.get("catalog") or None)
        for item in items or ()
    ]


def group_of(purpose: str) -> str:
    """Return the group of a purpose, ``unknown`` for one that this version does not know."""
    try:
        return PURPOSE_GROUPS[Purpose(purpose)]
    except ValueError:
        return "unknown"
