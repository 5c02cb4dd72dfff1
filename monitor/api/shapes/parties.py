"""Cameras and destinations."""

from pydantic import Field

from monitor.api.shapes.common import Moment, PurposeSum, Shape
from monitor.api.shapes.overview import Operator, SeriesPoint


class Label(Shape):
    """What people wrote about a camera."""

    label: str
    note: str
    author: str
    at: Moment


class Camera(Shape):
    """A device of the site."""

    ip: str
    run: str = Field(description="Run that tells it")
    vlan: int | None
    mac: str | None
    oui: str | None = Field(description="Organisation that the IEEE lists for the prefix")
    maker: str | None = Field(description="Maker on the wire")
    brand: str | None = Field(description="Brand on the label")
    model: str | None
    firmware: str | None
    kind: str = Field(description="`camera`, `recorder`, `other`, `unknown`")
    confidence: str = Field(description="How sure maker and kind are")
    label: Label | None
    flows: int = Field(description="In the time asked for")
    flows_outside: int
    answered_outside: int
    bytes_out: int = Field(description="Sent outside the site")
    bytes_in: int
    purposes: list[str] = Field(description="Outside, most bytes first")
    operator_countries: list[str]
    last: Moment | None = Field(description="Last packet; null: no flow in the time asked for")


class SignalItem(Shape):
    """A sign of who made a device or what it is."""

    kind: str
    value: str
    says: str
    weight: float
    source: str


class Firmware(Shape):
    """A firmware file that a camera fetched."""

    at: Moment
    flow_id: str
    name: str | None
    url: str | None = Field(description="Null: encrypted")
    bytes: int
    sha256: str | None = Field(description="Null: not visible")


class Destination(Shape):
    """A service outside the site."""

    ip: str
    port: int
    name: str | None
    name_source: str | None
    country: str | None
    asn: int | None
    as_org: str | None
    operator: str | None
    operator_country: str | None
    purposes: list[str] = Field(description="Most flows first")
    flows: int
    answered: int
    cameras: int
    bytes_out: int
    bytes_in: int
    first: Moment
    last: Moment


class CameraAlert(Shape):
    """An alert that names the camera."""

    id: str
    rule: str
    severity: str
    state: str
    title: str
    opened: Moment


class CameraDetail(Shape):
    """One camera: what it said, to whom, and how we know who made it."""

    from_: Moment = Field(alias="from")
    to: Moment
    camera: Camera
    signals: list[SignalItem]
    purposes: list[PurposeSum]
    operators: list[Operator]
    destinations: list[Destination] = Field(description="The twenty that got most")
    step_s: int
    timeline: list[SeriesPoint]
    firmware: list[Firmware]
    alerts: list[CameraAlert] = Field(description="The newest twenty")
