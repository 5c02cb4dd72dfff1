"""Settings of rules and alerts."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from monitor.config.section import OptionalPath, Section
from monitor.errors import ConfigError
from monitor.policy.cover import read_window


class PolicySettings(Section):
    """Which rules are in force, and when alerts are held back."""

    rules: OptionalPath = Field(
        default=None,
        description="File of your own rules (YAML), which add to or override ours; see "
        "docs/alerts.md.",
    )
    runbooks: str = Field(
        default="docs/rules/",
        description="What stands before RULE.md in the link of an alert to its page: a URL where "
        "you serve those pages.",
    )
    windows: tuple[str, ...] = Field(
        default=(),
        description="Times in which alerts are kept but not sent, such as 'Tue 02:00-04:00 "
        "rule in (plain-update, firmware-fetched)'; days 'daily' or 'Mon,Thu'. Those "
        "with a comma, as of several days or rules, can be set in the file only: the environment "
        "takes a comma for the end of a window.",
    )
    timezone: str = Field(
        default="UTC", description="Time zone of windows, such as Europe/Amsterdam."
    )

    @field_validator("windows")
    @classmethod
    def _windows_are_some(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            try:
                read_window(text)
            except ConfigError as error:
                raise ValueError(str(error)) from error
        return value

    @field_validator("timezone")
    @classmethod
    def _zone_is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no time zone '{value}'; write one like Europe/Amsterdam") from error
        return value
