"""Who may do what: tokens, sessions of the page, and the log of what was written."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from monitor.store.access_tables import AUDIT, SESSIONS, TOKENS
from monitor.store.rows import clean

PREFIX: Final = "camw"
"""First part of a token, by which programs that look for lost secrets know it."""

HOUR_NS: Final = 3_600_000_000_000
MOST_SESSIONS: Final = 1000
"""Sessions kept; the oldest go first."""


class Role(StrEnum):
    """What the holder of a token may do; each role may do what those before it may."""

    READER = "reader"
    """Read everything but the audit log."""

    ANALYST = "analyst"
    """Also acknowledge, snooze, note, label, and upload captures."""

    ADMIN = "admin"
    """Also read the audit log."""

    @property
    def rank(self) -> int:
        """Order: 0 for reader."""
        return tuple(Role).index(self)


class Principal(NamedTuple):
    """Somebody who asks."""

    name: str
    role: Role
    token_id: str
    """Public part of the token; empty where none was needed."""

    is_session: bool = False
    """Came by the cookie of the page."""

    used_ns: int | None = None
    """When the token was last used, as it is written; None: never."""

    def is_use_due(self, now_ns: int) -> bool:
        """Return whether this use should be written: once an hour."""
        return self.used_ns is None or now_ns - self.used_ns >= HOUR_NS


class NewToken(NamedTuple):
    """A token that was just made."""

    id: str
    secret: str
    """The whole token, which nobody can show again."""


def create_token(
    connection: Connection, *, name: str, role: Role, now_ns: int, expires_ns: int | None
) -> NewToken:
    """Make a token of 256 random bits, and keep its digest.

    A slow hash would protect words that people choose; nobody can try 2^256 values.
    """
    token_id = secrets.token_hex(8)
    secret = secrets.token_urlsafe(32)
    connection.execute(
        insert(TOKENS).values(
            id=token_id,
            name=clean(name),
            role=str(role),
            sha256=digest(secret),
            created_ns=now_ns,
            expires_ns=expires_ns,
        )
    )
    return NewToken(token_id, f"{PREFIX}_{token_id}_{secret}")


def tokens(connection: Connection) -> Sequence[RowMapping]:
    """Return every token, oldest first, without what opens the door."""
    columns = [column for column in TOKENS.columns if column.name != "sha256"]
    query = select(*columns).order_by(TOKENS.c.created_ns, TOKENS.c.id)
    return connection.execute(query).mappings().all()


def revoke_token(connection: Connection, token_id: str, now_ns: int) -> bool:
    """Make a token useless at once, and end its sessions; return whether there was a good one."""
    done = connection.execute(
        update(TOKENS)
        .where(TOKENS.c.id == token_id, TOKENS.c.revoked_ns.is_(None))
        .values(revoked_ns=now_ns)
    )
    connection.execute(delete(SESSIONS).where(SESSIONS.c.token_id == token_id))
    return done.rowcount > 0


def by_token(connection: Connection, token: str, now_ns: int) -> Principal | None:
    """Return whose token it is; None for one that is wrong, revoked or too old."""
    prefix, _, rest = token.partition("_")
    token_id, _, secret = rest.partition("_")
    if prefix != PREFIX or not secret or not token_id.isascii() or "\0" in token:
        return None
    row = connection.execute(select(TOKENS).where(TOKENS.c.id == token_id)).mappings().first()
    if row is None or not hmac.compare_digest(row["sha256"], digest(secret)):
        return None
    return _good(row, now_ns, is_session=False)


def by_session(connection: Connection, cookie: str, now_ns: int) -> Principal | None:
    """Return whose session it is; None for one that is wrong or over."""
    row = (
        connection.execute(
            select(TOKENS)
            .join(SESSIONS, SESSIONS.c.token_id == TOKENS.c.id)
            .where(SESSIONS.c.sha256 == digest(cookie), SESSIONS.c.expires_ns > now_ns)
        )
        .mappings()
        .first()
    )
    return None if row is None else _good(row, now_ns, is_session=True)


def note_use(connection: Connection, token_id: str, now_ns: int) -> None:
    """Write when a token was last used, to the hour."""
    used = now_ns - now_ns % HOUR_NS
    connection.execute(update(TOKENS).where(TOKENS.c.id == token_id).values(used_ns=used))


def begin_session(connection: Connection, token_id: str, now_ns: int, expires_ns: int) -> str:
    """Begin a session and return its cookie; sessions that are over go."""
    cookie = secrets.token_urlsafe(32)
    connection.execute(delete(SESSIONS).where(SESSIONS.c.expires_ns <= now_ns))
    kept = select(SESSIONS.c.sha256).order_by(SESSIONS.c.created_ns.desc()).limit(MOST_SESSIONS - 1)
    connection.execute(delete(SESSIONS).where(SESSIONS.c.sha256.not_in(kept)))
    connection.execute(
        insert(SESSIONS).values(
            sha256=digest(cookie), token_id=token_id, created_ns=now_ns, expires_ns=expires_ns
        )
    )
    return cookie


def end_session(connection: Connection, cookie: str) -> None:
    """End a session."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.sha256 == digest(cookie)))


def log(
    connection: Connection,
    *,
    at_ns: int,
    author: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write what was done, in the transaction that does it."""
    connection.execute(
        insert(AUDIT).values(
            at_ns=at_ns,
            author=clean(author),
            action=action,
            subject=clean(subject),
            detail=dict(detail or {}),
        )
    )


def digest(secret: str) -> str:
    """Return the SHA-256 of a secret, in hex."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _good(row: RowMapping, now_ns: int, *, is_session: bool) -> Principal | None:
    if row["revoked_ns"] is not None:
        return None
    if row["expires_ns"] is not None and row["expires_ns"] <= now_ns:
        return None
    return Principal(row["name"], Role(row["role"]), row["id"], is_session, row["used_ns"])
