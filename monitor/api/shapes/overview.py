"""The overview, operators, and purposes over time."""

from enum import StrEnum

from pydantic import Field

from monitor.api.shapes.common import CameraName, Moment, PurposeSum, Shape


class VlanVerdict(StrEnum):
    """What the flows of a VLAN say of it; the worst that holds. Absence needs `Coverage` to mean something."""

    EXPOSED = "exposed"
    """Somebody outside opened a connection to a camera, and it answered."""

    TALKS_OUTSIDE = "talks-outside"
    """Cameras were answered from outside, for more than names, time and the like."""

    INFRASTRUCTURE_ONLY = "infrastructure-only"
    """Answered from outside were names, time and the like only."""

    STOPPED = "stopped"
    """Cameras tried to reach outside, and nobody answered."""

    CLOSED = "closed"
    """Nothing of it went outside."""


class Coverage(Shape):
    """Whether what is not seen would have been seen."""

    verdict: str | None = Field(
        description="`ok`, `degraded` or `blind`; null: no sensor that is up judges this VLAN"
    )
    text: str | None = Field(description="Why; null: nobody judges it")
    breaks_claim: bool | None = Field(
        description='Whether "nothing left" cannot be said while this holds; null: nobody knows'
    )


class Vlan(Shape):
    """One VLAN in the time asked for."""

    vlan: int | None = Field(description="Null: untagged")
    verdict: VlanVerdict
    text: str = Field(description="The verdict in a sentence, with what it cannot tell")
    coverage: Coverage
    cameras: int = Field(description="Devices with flows")
    cameras_outside: int = Field(description="Those with flows outside the site")
    flows: int
    flows_outside: int
    answered_outside: int
    bytes_out: int = Field(description="Sent outside the site")
    bytes_in: int = Field(description="Received from outside")
    purposes: list[str] = Field(description="Purposes outside, most bytes first")


class Totals(Shape):
    """Everything in the time asked for."""

    cameras: int
    cameras_outside: int
    flows: int
    flows_outside: int
    answered_outside: int
    bytes_out: int
    bytes_in: int


class Talker(Shape):
    """A camera that sends much outside."""

    camera: CameraName
    flows: int
    bytes_out: int
    bytes_in: int
    purposes: list[str]
    operator_countries: list[str]
    last: Moment


class Country(Shape):
    """Flows to one pair of countries: of the server's address block, and of the operator's home."""

    country: str | None
    operator_country: str | None
    flows: int
    answered: int
    cameras: int
    bytes_out: int
    bytes_in: int
    operators: list[str] = Field(description="At most five, most bytes first")
    purposes: list[str]


class OpenAlerts(Shape):
    """Alerts that are open, whatever the time asked for."""

    critical: int
    high: int
    medium: int
    low: int
    info: int


class SensorBrief(Shape):
    """A sensor, in short."""

    name: str
    run: str | None
    version: str
    seen: Moment = Field(description="When it last wrote to the store")
    is_fresh: bool = Field(description="Whether that was within two minutes")


class Operator(Shape):
    """A company behind services that cameras use."""

    operator: str | None = Field(description="Null: unknown")
    operator_country: str | None
    countries: list[str] = Field(description="Of the address blocks, most bytes first")
    purposes: list[str]
    flows: int
    answered: int
    cameras: int
    bytes_out: int
    bytes_in: int
    last: Moment


class Overview(Shape):
    """What leaves, and why, at a glance."""

    from_: Moment = Field(alias="from")
    to: Moment
    runs: list[str] = Field(description="Ids of the runs that are summed")
    vlans: list[Vlan]
    totals: Totals
    purposes: list[PurposeSum] = Field(description="Outside the site, most bytes first")
    talkers: list[Talker] = Field(description="The ten that sent most")
    map: list[Country] = Field(description="Most bytes first")
    operators: list[Operator] = Field(description="The ten that got most")
    alerts: OpenAlerts
    sensors: list[SensorBrief]
    attribution: list[str] = Field(description="Lines that belong beside countries and makers")


class SeriesPoint(Shape):
    """One purpose in one step."""

    at: Moment = Field(description="Begin of the step")
    purpose: str
    group: str
    flows: int
    bytes_out: int
    bytes_in: int
    cameras: int


class Series(Shape):
    """Purposes over time, outside the site. Steps without flows are left out."""

    from_: Moment = Field(alias="from")
    to: Moment
    runs: list[str]
    step_s: int
    points: list[SeriesPoint]
