"""Every route without, with a wrong and with a lesser token; sessions; sites elsewhere; loopback."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from monitor.api import app as apps
from monitor.api.document import stated_role
from monitor.store import access
from monitor.store.access import Role
from tests.support import serving
from tests.support.serving import Served

PAGE = {"X-Camwatch-Page": "1"}
LESSER = {Role.READER: None, Role.ANALYST: "reader", Role.ADMIN: "analyst"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("api")
    url = f"sqlite:///{folder}/store.db"
    serving.fill(url, flows=20)
    with serving.serving(
        url, folder, refused_per_minute=100_000, requests_per_minute=100_000
    ) as it:
        yield it


ROUTES = [
    (path, method, stated_role(route))
    for path, route in apps.stated_routes()
    for method in sorted(route.methods or ())
]


def _ask(client: httpx.Client, path: str, method: str, **headers: str) -> httpx.Response:
    for name in ("alert_id", "job_id", "silence_id"):
        path = path.replace(f"{{{name}}}", "0" * 32)
    path = path.replace("{flow_id}", "0" * 16).replace("{ip}", "10.9.9.9").replace("{run_id}", "x")
    query = {"name": "x.example"} if path.endswith("explain") else {}
    return client.request(method, path, params=query, headers=headers)


def test_there_are_routes_of_every_role() -> None:
    assert {role for _, _, (_, role) in ROUTES} == {None, *Role}


@pytest.mark.parametrize(("path", "method", "stated"), ROUTES)
def test_every_route_states_its_role(
    path: str, method: str, stated: tuple[bool, Role | None]
) -> None:
    assert stated[0], f"{method} {path}"


@pytest.mark.parametrize(
    ("path", "method", "role"), [(p, m, r) for p, m, (_, r) in ROUTES if r is not None]
)
def test_a_route_refuses_no_token_a_wrong_one_and_a_lesser_one(
    served: Served, path: str, method: str, role: Role
) -> None:
    good = served.tokens["admin"]
    wrong = (
        "",
        "Bearer",
        "Bearer camw_0000000000000000_" + "A" * 43,
        f"Bearer {good[:-1]}{'A' if good[-1] != 'A' else 'B'}",
        f"Basic {good}",
        "Bearer ' OR 1=1 --",
    )
    with served.client(None) as client:
        bare = _ask(client, path, method)
        assert bare.status_code == 401
        assert bare.headers["www-authenticate"].startswith("Bearer")
        assert bare.headers["content-type"] == "application/problem+json"
        for header in wrong:
            assert _ask(client, path, method, Authorization=header).status_code == 401, header
    lesser = LESSER[role]
    if lesser is not None:
        with served.client(lesser) as client:
            assert _ask(client, path, method).status_code == 403


def test_a_revoked_token_opens_nothing(served: Served) -> None:
    context = served.app.state.context
    with context.edits.transaction() as connection:
        made = access.create_token(
            connection, name="gone", role=Role.ADMIN, now_ns=serving.NOW_NS, expires_ns=None
        )
    header = {"Authorization": f"Bearer {made.secret}"}
    with served.client(None) as client:
        assert client.get("/api/v1/session", headers=header).json()["name"] == "gone"
        with context.edits.transaction() as connection:
            assert access.revoke_token(connection, made.id, serving.NOW_NS)
        assert client.get("/api/v1/session", headers=header).status_code == 401


def test_an_expired_token_opens_nothing(served: Served) -> None:
    with served.app.state.context.edits.transaction() as connection:
        made = access.create_token(
            connection, name="old", role=Role.ADMIN, now_ns=1, expires_ns=serving.NOW_NS
        )
    with served.client(None) as client:
        header = {"Authorization": f"Bearer {made.secret}"}
        assert client.get("/api/v1/session", headers=header).status_code == 401


def _sign_in(client: httpx.Client, token: str) -> httpx.Response:
    return client.post("/api/v1/session", json={"token": token}, headers=PAGE)


def test_the_page_signs_in_reads_writes_and_signs_out(served: Served) -> None:
    with served.client(None) as client:
        told = _sign_in(client, served.tokens["analyst"])
        assert told.json() == {"name": "test analyst", "role": "analyst", "is_session": True}
        cookie = told.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Secure" not in cookie  # plain HTTP on loopback
        assert client.get("/api/v1/alerts").status_code == 200
        path = f"/api/v1/alerts/{serving.ALERT}/notes"
        assert client.post(path, json={"text": "seen"}, headers=PAGE).status_code == 200
        assert client.delete("/api/v1/session", headers=PAGE).status_code == 204
        client.cookies.set("camwatch_session", cookie.partition("=")[2].partition(";")[0])
        assert client.get("/api/v1/alerts").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Camwatch-Page": "1", "Origin": "https://evil.example"},
        {"X-Camwatch-Page": "1", "Sec-Fetch-Site": "cross-site"},
        {"X-Camwatch-Page": "1", "Origin": "null"},
    ],
)
def test_another_site_cannot_write_with_the_cookie(served: Served, headers: dict[str, str]) -> None:
    with served.client(None) as client:
        _sign_in(client, served.tokens["analyst"])
        path = f"/api/v1/alerts/{serving.ALERT}/notes"
        answer = client.post(path, json={"text": "forged"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:camwatch:problem:cross-site"


def test_another_site_cannot_sign_somebody_in(served: Served) -> None:
    with served.client(None) as client:
        answer = client.post("/api/v1/session", json={"token": served.tokens["reader"]})
    assert answer.status_code == 403


def test_no_answer_grants_another_origin_anything(served: Served) -> None:
    with served.client() as client:
        answer = client.options(
            "/api/v1/flows",
            headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"},
        )
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_wrong_tokens_are_slowed_down_and_good_ones_go_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    with serving.serving(url, tmp_path, refused_per_minute=5) as it, it.client(None) as client:
        statuses = [client.get("/api/v1/alerts").status_code for _ in range(7)]
        assert statuses == [401] * 5 + [429] * 2
        with it.client() as good:
            assert good.get("/api/v1/alerts").status_code == 200


def test_a_token_has_so_many_requests_in_a_minute(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    with serving.serving(url, tmp_path, requests_per_minute=3) as it, it.client() as client:
        answers = [client.get("/api/v1/alerts") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[3].headers["retry-after"]) <= 60


def test_loopback_reads_without_a_token_only_where_that_is_set(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    with (
        serving.serving(url, tmp_path, open_on_loopback=True) as it,
        it.client(None) as client,
    ):
        assert client.get("/api/v1/alerts").status_code == 200
        assert client.get("/api/v1/session").json()["role"] == "reader"
        # It reads and nothing more.
        assert client.post("/api/v1/silences", json={}).status_code == 403
        # A page elsewhere whose name was made to lead here.
        rebound = client.get("/api/v1/alerts", headers={"Host": "evil.example"})
        assert rebound.status_code == 401
        proxied = client.get("/api/v1/alerts", headers={"X-Forwarded-For": "203.0.113.9"})
        assert proxied.status_code == 401
        wrong = client.get("/api/v1/alerts", headers={"Authorization": "Bearer nonsense"})
        assert wrong.status_code == 401


def test_what_was_written_stands_in_the_audit_log(served: Served) -> None:
    with served.client("analyst") as client:
        client.put("/api/v1/cameras/10.20.3.11/label", json={"label": "Gate", "note": ""})
    with served.client("admin") as client:
        newest = client.get("/api/v1/audit?limit=1").json()["items"][0]
    assert newest["author"] == "test analyst"
    assert newest["action"] == "camera.label"
    assert newest["subject"] == "10.20.3.11"
    assert newest["detail"] == {"label": "Gate", "note": ""}
