"""What every section of the settings is made of."""

import ipaddress
from pathlib import Path
from typing import Annotated

import pydantic
from pydantic import BaseModel, ConfigDict

Network = Annotated[
    ipaddress.IPv4Network | ipaddress.IPv6Network,
    pydantic.BeforeValidator(lambda value: ipaddress.ip_network(value, strict=False)),
]

OptionalPath = Annotated[
    Path | None, pydantic.BeforeValidator(lambda value: None if value == "" else value)
]


class Section(BaseModel):
    """One table of the settings file: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
