from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, func, select

from monitor.store import access
from monitor.store.access import Role
from monitor.store.access_tables import SESSIONS, TOKENS
from monitor.store.edits import Edits
from monitor.store.engine import parse

NOW_NS = 1_795_852_800_000_000_000


@pytest.fixture
def connection(store_url: str) -> Iterator[Connection]:
    edits = Edits(parse(store_url))
    edits.upgrade()
    with edits.transaction() as opened:
        yield opened
    edits.close()


def _token(connection: Connection, expires_ns: int | None = None) -> access.NewToken:
    return access.create_token(
        connection, name="SOC", role=Role.ANALYST, now_ns=NOW_NS, expires_ns=expires_ns
    )


def test_the_store_does_not_hold_what_opens_the_door(connection: Connection) -> None:
    made = _token(connection)
    row = connection.execute(select(TOKENS)).mappings().one()
    secret = made.secret.split("_", 2)[2]
    assert len(secret) == 43
    assert secret not in str(dict(row))


def test_a_token_opens_until_it_ends_or_is_revoked(connection: Connection) -> None:
    made = _token(connection, expires_ns=NOW_NS + 10)
    principal = access.by_token(connection, made.secret, NOW_NS + 9)
    assert principal == ("SOC", Role.ANALYST, made.id, False, None)
    assert access.by_token(connection, made.secret, NOW_NS + 10) is None
    assert access.revoke_token(connection, made.id, NOW_NS)
    assert access.by_token(connection, made.secret, NOW_NS) is None
    assert not access.revoke_token(connection, made.id, NOW_NS)


@pytest.mark.parametrize("text", ["", "camw", "camw_", "camw__", "x_y_z", "camw_\0_a", "camw_é_a"])
def test_other_words_open_nothing(connection: Connection, text: str) -> None:
    _token(connection)
    assert access.by_token(connection, text, NOW_NS) is None


def test_a_session_ends_by_itself_by_signing_out_and_with_its_token(
    connection: Connection,
) -> None:
    made = _token(connection)
    cookies = [access.begin_session(connection, made.id, NOW_NS, NOW_NS + 100) for _ in range(3)]
    first = access.by_session(connection, cookies[0], NOW_NS + 99)
    assert first is not None
    assert first.is_session
    assert access.by_session(connection, cookies[0], NOW_NS + 100) is None
    access.end_session(connection, cookies[1])
    assert access.by_session(connection, cookies[1], NOW_NS) is None
    access.revoke_token(connection, made.id, NOW_NS)
    assert access.by_session(connection, cookies[2], NOW_NS) is None


def test_sessions_are_bounded_and_the_oldest_go(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "MOST_SESSIONS", 3)
    made = _token(connection)
    cookies = [
        access.begin_session(connection, made.id, NOW_NS + at, NOW_NS + 10**12) for at in range(5)
    ]
    assert connection.execute(select(func.count()).select_from(SESSIONS)).scalar_one() == 3
    assert access.by_session(connection, cookies[0], NOW_NS) is None
    assert access.by_session(connection, cookies[4], NOW_NS) is not None


def test_use_is_noted_to_the_hour(connection: Connection) -> None:
    made = _token(connection)
    before = access.by_token(connection, made.secret, NOW_NS)
    access.note_use(connection, made.id, NOW_NS + 5)
    after = access.by_token(connection, made.secret, NOW_NS)
    assert before is not None
    assert after is not None
    assert before.is_use_due(NOW_NS)
    assert not after.is_use_due(NOW_NS + 60 * 10**9)
    assert after.is_use_due(NOW_NS + access.HOUR_NS)


def test_a_role_may_what_those_below_may() -> None:
    assert [role.rank for role in (Role.READER, Role.ANALYST, Role.ADMIN)] == [0, 1, 2]
