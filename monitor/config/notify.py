"""Settings of who is told of alerts. Targets stand in the file only: no other way adds one."""

from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from monitor.config.section import OptionalPath, Section
from monitor.model.words import Severity


class Kind(StrEnum):
    """How a target is told."""

    WEBHOOK = "webhook"
    ALERTMANAGER = "alertmanager"
    SYSLOG = "syslog"
    FILE = "file"
    EMAIL = "email"


FORMATS = {
    Kind.WEBHOOK: ("ecs", "ocsf"),
    Kind.ALERTMANAGER: ("alertmanager",),
    Kind.SYSLOG: ("rfc5424", "cef"),
    Kind.FILE: ("eve", "ecs", "ocsf"),
    Kind.EMAIL: ("text",),
}
"""Formats of each kind; the first is what it gets without being asked."""

SCHEMES = {
    Kind.WEBHOOK: ("https", "http"),
    Kind.ALERTMANAGER: ("https", "http"),
    Kind.SYSLOG: ("tls",),
    Kind.EMAIL: ("smtp", "smtps"),
}

NEEDS = {
    Kind.WEBHOOK: ("secret_files",),
    Kind.FILE: ("path",),
    Kind.EMAIL: ("sender", "to"),
}
TAKES = {
    "secret_files": (Kind.WEBHOOK,),
    "authorization_file": (Kind.WEBHOOK, Kind.ALERTMANAGER),
    "ca_file": (Kind.WEBHOOK, Kind.ALERTMANAGER, Kind.SYSLOG, Kind.EMAIL),
    "enterprise": (Kind.SYSLOG,),
    "allow_plain": (Kind.WEBHOOK, Kind.ALERTMANAGER, Kind.EMAIL),
    "url_file": (Kind.WEBHOOK, Kind.ALERTMANAGER),
    "path": (Kind.FILE,),
    "sender": (Kind.EMAIL,),
    "to": (Kind.EMAIL,),
    "user": (Kind.EMAIL,),
    "password_file": (Kind.EMAIL,),
    "digest_s": (Kind.EMAIL,),
}

LOOPBACK = ("localhost", "127.0.0.1", "::1")
HEARTBEAT_S, MAIL_HEARTBEAT_S = 300.0, 86_400.0


class TargetSettings(Section):
    """One place that alerts are sent to."""

    name: str = Field(
        max_length=64,
        description="Name of the target: letters, digits, hyphens. Deliveries are kept under it.",
    )
    kind: Kind = Field(description="webhook, alertmanager, syslog, file or email.")
    format: str = Field(
        default="",
        description="Empty: the first of webhook `ecs`, `ocsf`; syslog `rfc5424`, `cef`; "
        "file `eve`, `ecs`, `ocsf`.",
    )
    url: str = Field(
        default="",
        description="`https://HOST/PATH`, `tls://HOST:6514` (syslog), `smtp://HOST:587` or "
        "`smtps://HOST:465` (email).",
    )
    url_file: OptionalPath = Field(
        default=None, description="File that holds the address, where the address is a secret."
    )
    secret_files: tuple[Path, ...] = Field(
        default=(),
        description="Webhook: files of the signing keys. All of them sign, so that keys can be changed.",
    )
    authorization_file: OptionalPath = Field(
        default=None, description="File with the value of the header Authorization."
    )
    ca_file: OptionalPath = Field(
        default=None, description="CAs that may have signed its certificate. Empty: the system's."
    )
    enterprise: int = Field(
        default=32473,
        ge=1,
        lt=1 << 32,
        description="Syslog: the private enterprise number in the structured data `camwatch@NUMBER`. "
        "The default is the number for examples (RFC 5612); give your organisation's.",
    )
    allow_plain: bool = Field(
        default=False, description="Whether it may be reached without TLS beyond this machine."
    )
    severity: Severity = Field(
        default=Severity.INFO, description="Alerts of this severity and worse are sent."
    )
    rules: tuple[str, ...] = Field(
        default=("*",), description="Rules whose alerts are sent; `*` stands for any letters."
    )
    heartbeat_s: float | None = Field(
        default=None,
        ge=0,
        le=604_800,
        description="Seconds between signs of life; 0: none. Empty: 300, and a day for email.",
    )
    path: OptionalPath = Field(default=None, description="File that lines are appended to.")
    sender: str = Field(default="", description="Address that mail comes from.")
    to: tuple[str, ...] = Field(default=(), description="Addresses that mail goes to.")
    user: str = Field(default="", description="Name to sign in with at the mail server.")
    password_file: OptionalPath = Field(default=None, description="File of that name's password.")
    digest_s: float = Field(
        default=900,
        ge=0,
        le=86_400,
        description="Seconds over which alerts are gathered into one mail; 0: each by itself.",
    )

    @field_validator("name")
    @classmethod
    def _is_name(cls, value: str) -> str:
        if not value.replace("-", "").replace("_", "").isalnum() or not value.isascii():
            raise ValueError("give it a name of letters, digits and hyphens")
        return value

    @model_validator(mode="after")
    def _fits_kind(self) -> Self:
        kind = self.kind
        for key, kinds in TAKES.items():
            usual = type(self).model_fields[key].default
            if getattr(self, key) != usual and kind not in kinds:
                raise ValueError(f"'{self.name}': {key} does not go with kind {kind}")
        for key in NEEDS.get(kind, ()):
            if not getattr(self, key):
                raise ValueError(f"'{self.name}': kind {kind} needs {key}")
        if self.format and self.format not in FORMATS[kind]:
            raise ValueError(
                f"'{self.name}': kind {kind} has no format '{self.format}'; "
                f"it has {', '.join(FORMATS[kind])}"
            )
        if bool(self.user) != (self.password_file is not None):
            raise ValueError(f"'{self.name}': user and password_file go together")
        if kind in SCHEMES:
            self._check_url(SCHEMES[kind])
        elif self.url:
            raise ValueError(f"'{self.name}': url does not go with kind {kind}")
        return self

    def _check_url(self, schemes: tuple[str, ...]) -> None:
        if bool(self.url) == (self.url_file is not None):
            raise ValueError(f"'{self.name}': give its address, as url or in url_file")
        if self.url_file is not None:
            return
        try:
            parts = urlsplit(self.url)
            is_address = bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            is_address = False
            parts = urlsplit("")
        if not is_address or parts.scheme not in schemes or not self.url.isascii():
            raise ValueError(f"'{self.name}': url is no address; give {schemes[0]}://HOST...")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError(
                f"'{self.name}': url may hold a secret (what stands before @ or after ?); "
                "use url_file, authorization_file, or user and password_file"
            )
        if parts.scheme == "http" and parts.hostname not in LOOPBACK and not self.allow_plain:
            raise ValueError(
                f"'{self.name}': http to another machine can be read on the way; "
                "use https, or set allow_plain = true"
            )

    @property
    def form(self) -> str:
        """The format in force."""
        return self.format or FORMATS[self.kind][0]

    @property
    def beat_s(self) -> float:
        """Seconds between heartbeats in force; 0: none."""
        if self.heartbeat_s is not None:
            return self.heartbeat_s
        return MAIL_HEARTBEAT_S if self.kind is Kind.EMAIL else HEARTBEAT_S

    @property
    def where(self) -> str:
        """Where it is, without secrets."""
        if self.kind is Kind.FILE:
            return str(self.path)
        return self.url or f"address in {self.url_file}"


class NotifySettings(Section):
    """Who is told of alerts, and how. No target: nobody; alerts stand in the store alone."""

    target: tuple[TargetSettings, ...] = Field(
        default=(), description="Targets, each as a table `[[notify.target]]`."
    )

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [target.name for target in self.target]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two targets are called '{name}'; name each once")
        return self
