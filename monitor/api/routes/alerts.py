"""Alerts and silences."""

import ipaddress
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection
from starlette.responses import Response

from monitor.api import listing
from monitor.api.access import Analyst, AnyReader
from monitor.api.context import Context, Ctx
from monitor.api.listing import Part, answer
from monitor.api.params import AlertFilter, Id32, InPages, InScope, Time, compiled
from monitor.api.problems import not_found, refused
from monitor.api.shapes.alerts import Alert, AlertDetail, Silence
from monitor.api.shapes.alerts import alert as shape
from monitor.api.shapes.alerts import event as event_shape
from monitor.api.shapes.alerts import silence as silence_shape
from monitor.language import Where
from monitor.model.alerts import AlertState
from monitor.model.words import Severity
from monitor.store import edits
from monitor.store.reading import alerts, state

router = APIRouter(tags=["alerts"])

STRICT = ConfigDict(extra="forbid", strict=True)


class Remark(BaseModel):
    """Words to keep beside an alert."""

    model_config = STRICT

    text: str = Field(min_length=1, max_length=2000, examples=["Known; the maker was asked."])


class Seen(BaseModel):
    """Words to keep with the acknowledgement."""

    model_config = STRICT

    text: str = Field(default="", max_length=2000, examples=["Looking at it."])


class Snooze(BaseModel):
    """Why to keep quiet, and until when."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500, strict=True, examples=["Firmware is due."])
    until: Time = Field(description="End, RFC 3339")


class Matches(BaseModel):
    """What a silence covers: everything that has all of these."""

    model_config = STRICT

    rule: str | None = Field(default=None, min_length=1, max_length=64, examples=["cloud-p2p"])
    camera: str | None = Field(
        default=None,
        max_length=49,
        pattern=r"^[0-9a-f.:]+(/[0-9]{1,3})?$",
        description="Address or network",
        examples=["10.20.3.0/24"],
    )
    operator: str | None = Field(default=None, min_length=1, max_length=200)
    fingerprint: str | None = Field(default=None, pattern=r"^[0-9a-f]{32}$")
    when: str | None = Field(
        default=None, min_length=1, max_length=4000, description="Condition on alerts"
    )


class NewSilence(Snooze):
    """A silence to be made."""

    matches: Matches


class HowOpen(StrEnum):
    """Which silences."""

    IN_FORCE = "in-force"
    ALL = "all"


@router.get("/alerts", summary="Alerts", **listing.documented(Alert))
def list_alerts(
    context: Ctx,
    _: AnyReader,
    wanted: InScope,
    paging: InPages,
    filter_: AlertFilter = None,
    state_: Annotated[AlertState | None, Query(alias="state", description="Only such.")] = None,
    severity: Annotated[Severity | None, Query(description="This one and worse.")] = None,
    acknowledged: Annotated[bool | None, Query(description="Whether somebody has seen it.")] = None,
) -> Response:
    """List alerts that were open in a time, the newest first."""
    where = compiled(filter_, Where.ALERT)

    def fetch(connection: Connection, after: str | None, limit: int) -> Part:
        found = alerts.alerts(
            connection, wanted.resolve(connection), where=where,
            state=None if state_ is None else str(state_),
            severity=None if severity is None else str(severity),
            is_acknowledged=acknowledged, after=after, limit=limit,
        )  # fmt: skip
        return Part([shape(row) for row in found.rows], found.next)

    return answer(context, paging, "alerts", Alert, fetch)


@router.get("/alerts/{alert_id}", summary="One alert with its history")
def get_alert(context: Ctx, _: AnyReader, alert_id: Id32) -> AlertDetail:
    """Return an alert and what happened to it."""
    return _detail(context, alert_id)


@router.post("/alerts/{alert_id}/acknowledge", summary="Say that somebody has seen it")
def acknowledge_alert(context: Ctx, who: Analyst, alert_id: Id32, seen: Seen) -> AlertDetail:
    """Mark an alert as seen. The first who has seen it stays; doing it again changes nothing."""
    with context.edits.transaction() as connection:
        if not edits.acknowledge(
            connection, alert_id, author=who.name, text=seen.text, now_ns=context.now_ns()
        ):
            raise not_found(f"alert {alert_id}")
    return _detail(context, alert_id)


@router.post("/alerts/{alert_id}/notes", summary="Add a remark")
def note_alert(context: Ctx, who: Analyst, alert_id: Id32, remark: Remark) -> AlertDetail:
    """Add a remark to the history of an alert."""
    with context.edits.transaction() as connection:
        if not edits.note(
            connection, alert_id, author=who.name, text=remark.text, now_ns=context.now_ns()
        ):
            raise not_found(f"alert {alert_id}")
    return _detail(context, alert_id)


@router.post("/alerts/{alert_id}/snooze", summary="Keep quiet about it for a while")
def snooze_alert(context: Ctx, who: Analyst, alert_id: Id32, snooze: Snooze) -> Silence:
    """Send no messages about what this alert is about until a time; it stays in the list."""
    now_ns = context.now_ns()
    _check_end(snooze.until, now_ns)
    with context.edits.transaction() as connection:
        made = edits.snooze(
            connection, alert_id, author=who.name, reason=snooze.reason,
            until_ns=snooze.until, now_ns=now_ns,
        )  # fmt: skip
    if made is None:
        raise not_found(f"alert {alert_id}")
    return _silence(context, made)


@router.get("/silences", summary="What is kept quiet", **listing.documented(Silence))
def list_silences(
    context: Ctx,
    _: AnyReader,
    paging: InPages,
    which: Annotated[
        HowOpen, Query(description="Those in force, or also those that ended.")
    ] = HowOpen.IN_FORCE,
) -> Response:
    """List silences, the newest first."""

    def fetch(connection: Connection, after: str | None, limit: int) -> Part:
        now_ns = context.now_ns()
        found = alerts.silences(
            connection, now_ns=now_ns, with_ended=which is HowOpen.ALL, after=after, limit=limit
        )
        return Part([silence_shape(row, now_ns) for row in found.rows], found.next)

    return answer(context, paging, "silences", Silence, fetch)


@router.post("/silences", summary="Keep quiet about something", status_code=201)
def create_silence(context: Ctx, who: Analyst, new: NewSilence) -> Silence:
    """Send no messages about what matches until a time."""
    now_ns = context.now_ns()
    _check_end(new.until, now_ns)
    matches = {key: value for key, value in new.matches.model_dump().items() if value is not None}
    _check_matches(new.matches, matches)
    with context.edits.transaction() as connection:
        made = edits.silence(
            connection, matches, author=who.name, reason=new.reason,
            until_ns=new.until, now_ns=now_ns,
        )  # fmt: skip
    return _silence(context, made)


@router.post("/silences/{silence_id}/end", summary="End a silence now")
def end_silence(context: Ctx, who: Analyst, silence_id: Id32) -> Silence:
    """End a silence; one that ended already stays as it is."""
    with context.edits.transaction() as connection:
        edits.end_silence(connection, silence_id, author=who.name, now_ns=context.now_ns())
    return _silence(context, silence_id)


def _check_end(until_ns: int, now_ns: int) -> None:
    if until_ns <= now_ns:
        raise refused("until", "it is past; give a time to come")


def _check_matches(given: Matches, matches: dict[str, str]) -> None:
    if not matches:
        raise refused("matches", "it covers everything; give a rule, camera, operator or condition")
    if given.when is not None:
        compiled(given.when, Where.ALERT, "matches.when")
    if given.camera is not None:
        try:
            ipaddress.ip_network(given.camera, strict=False)
        except ValueError as error:
            raise refused("matches.camera", "no address or network; write 10.20.3.0/24") from error


def _silence(context: Context, silence_id: str) -> Silence:
    with context.reader.connect() as connection:
        row = alerts.silence(connection, silence_id)
    if row is None:
        raise not_found(f"silence {silence_id}")
    return silence_shape(row, context.now_ns())


def _detail(context: Context, alert_id: str) -> AlertDetail:
    with context.reader.connect() as connection:
        row = alerts.alert(connection, alert_id)
        if row is None:
            raise not_found(f"alert {alert_id}")
        events = alerts.events(connection, alert_id)
        run = state.run_id(connection, row["run_no"])
    return AlertDetail(alert=shape(row), run=run, events=[event_shape(one) for one in events])
