"""Settings of rules and alerts."""

from pydantic import Field

from monitor.config.section import OptionalPath, Section


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
        "rule in (plain-update, firmware-fetched)'; days 'daily' or 'Mon,Thu'.",
    )
    timezone: str = Field(
        default="UTC", description="Time zone of windows, such as Europe/Amsterdam."
    )
