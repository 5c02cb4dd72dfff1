"""What hostile callers, names from the wire and captures may try."""

import gzip
import hashlib
import http.client
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import serving
from tests.support.serving import HOSTILE, Served
from tests.support.shared import ROOT

CAPTURE = ROOT / "pcaps" / "a-reolink-camera-registers-for-p2p" / "input.pcap"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("api")
    url = f"sqlite:///{folder}/store.db"
    serving.fill(url, flows=20)
    with serving.serving(
        url,
        folder,
        now_ns=None,
        upload_bytes=3_000_000,
        # Nothing is kept on purpose, so that what lies there was left behind.
        kept_bytes=0,
        receive_s=2,
        requests_per_minute=10**6,
    ) as it:
        yield it


def _upload(served: Served, content: Any, name: str = "a.pcap", **more: str) -> Any:
    headers = {"Content-Type": "application/octet-stream", **more}
    with served.client("analyst") as client:
        return client.post("/api/v1/jobs", params={"name": name}, content=content, headers=headers)


def _ended(served: Served, job_id: str) -> dict[str, Any]:
    with served.client() as client:

        def look() -> dict[str, Any] | None:
            job: dict[str, Any] = client.get(f"/api/v1/jobs/{job_id}").json()
            return job if job["state"] not in ("waiting", "running") else None

        found: dict[str, Any] = serving.wait(look, "the end of the job", 120)
    return found


def _files(served: Served) -> list[Path]:
    folder: Path = served.app.state.context.settings.api.uploads
    return list(folder.glob("*")) if folder.exists() else []


@pytest.mark.parametrize(
    "path",
    [
        "/../../../../etc/passwd", "/..%2f..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
        "/static/../../store.db", "//etc/passwd", "/index.html/../../config/__init__.py",
        "/__init__.py", "/..\\..\\etc\\passwd", "/api/v1/../../../etc/passwd", "/%00",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_page(served: Served, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    assert b"root:" not in body
    assert b"SQLite" not in body
    assert b"import" not in body
    assert answer.status in (200, 404)
    if answer.status == 200:
        # A link into the page.
        assert b"<title>" in body
    connection.close()


def test_every_answer_has_the_headers_that_keep_a_browser_safe(served: Served) -> None:
    with served.client() as client:
        for path in ("/", "/api/v1/flows", "/api/v1/none", "/healthz", "/api/v1/flows?format=csv"):
            headers = client.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert "server" not in headers


def test_a_name_from_the_wire_stays_data(served: Served) -> None:
    with served.client() as client:
        listed = client.get("/api/v1/flows?limit=500")
        table = client.get("/api/v1/flows?format=csv")
        found = client.get("/api/v1/flows", params={"filter": "name ~ '*<script>*'"}).json()
    assert listed.headers["content-type"] == "application/json"
    names = {flow["destination"]["name"] for flow in listed.json()["items"]}
    assert HOSTILE in names
    assert len(found["items"]) == 3
    # In a spreadsheet it is text; in headers it never is.
    assert "\"'=HYPERLINK(" in table.text
    assert "a=b" not in str(table.headers)


def test_a_name_of_a_file_is_a_name_and_nothing_more(served: Served) -> None:
    content = CAPTURE.read_bytes()
    name = "../../../../tmp/x\r\nSet-Cookie: a=b"
    answer = _upload(served, content, name)
    assert answer.status_code == 202
    assert "set-cookie" not in answer.headers
    job = _ended(served, answer.json()["id"])
    assert job["file_name"] == name
    assert job["sha256"] == hashlib.sha256(content).hexdigest()
    assert job["state"] == "finished", job
    assert job["progress"] == 100
    with served.client() as client:
        run = client.get(f"/api/v1/runs/{job['run']}").json()
        flows = client.get("/api/v1/flows", params={"run": job["run"]}).json()["items"]
        overview = client.get("/api/v1/overview", params={"run": job["run"]}).json()
    assert run["run"]["inputs"][0]["name"] == name
    assert run["flows"] == len(flows) > 0
    assert overview["totals"]["flows"] == len(flows)
    serving.wait(lambda: not _files(served), "the end of the file")


@pytest.mark.parametrize(
    "content",
    [
        b"not a capture at all",
        CAPTURE.read_bytes()[:30],
        gzip.compress(b"\0" * 2_000_000),
    ],
    ids=["text", "cut", "zeros"],
)
def test_a_capture_that_is_none_fails_and_says_why(served: Served, content: bytes) -> None:
    job = _ended(served, _upload(served, content).json()["id"])
    assert job["state"] == "failed", job
    assert job["error"]
    assert "/uploads/" not in job["error"]
    assert "Traceback" not in job["error"]
    serving.wait(lambda: not _files(served), "the end of the file")


def test_an_upload_that_is_too_large_is_refused_before_and_while_it_comes(served: Served) -> None:
    told = _upload(served, b"x" * 3_000_001)
    assert told.status_code == 413

    def parts() -> Iterator[bytes]:
        for _ in range(40):
            yield b"x" * 100_000

    # Without a length it is counted as it comes.
    try:
        status = _upload(served, parts()).status_code
    except OSError:
        status = 413  # the server closed the connection while we still sent
    assert status == 413
    serving.wait(lambda: not _files(served), "the end of the file")


def test_other_bodies_are_small(served: Served) -> None:
    with served.client("analyst") as client:
        answer = client.put("/api/v1/cameras/10.20.3.11/label", json={"label": "x" * 70_000})
        deep = client.put(
            "/api/v1/cameras/10.20.3.11/label",
            content=b"[" * 60_000,
            headers={"Content-Type": "application/json"},
        )
    assert answer.status_code == 413
    assert deep.status_code in (400, 422)


def _raw(served: Served, content: bytes) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", served.port), timeout=20)
    made.sendall(content)
    return made


def test_a_head_that_does_not_come_ends_the_connection(served: Served) -> None:
    begin = time.monotonic()
    with _raw(served, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ") as connection:
        assert connection.recv(100) == b""
    assert 1 < time.monotonic() - begin < 15


def test_a_body_that_does_not_come_is_answered_and_ends_the_connection(served: Served) -> None:
    head = (
        "POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
        f"Authorization: Bearer {served.tokens['analyst']}\r\n\r\nsome"
    )
    with _raw(served, head.encode()) as connection:
        answer = connection.recv(10_000)
    assert b" 408 " in answer.splitlines()[0]
    serving.wait(lambda: not _files(served), "the end of the file")


def test_an_upload_that_breaks_off_leaves_nothing(served: Served) -> None:
    head = (
        "POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n"
        f"Authorization: Bearer {served.tokens['analyst']}\r\n\r\n" + "x" * 5000
    )
    with _raw(served, head.encode()) as connection:
        serving.wait(lambda: _files(served), "the file")
        connection.close()
    serving.wait(lambda: not _files(served), "the end of the file")
    with served.client() as client:
        assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"GET /api/v1/flows?x=%0d%0aSet-Cookie:a HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["smuggling", "negative", "split", "large-head", "tls"],
)
def test_a_request_that_lies_is_refused(served: Served, head: bytes) -> None:
    with _raw(served, head) as connection:
        answer = connection.recv(10_000)
    assert answer == b"" or answer.split()[1] in (b"400", b"401", b"413", b"200"), answer
    assert b"Set-Cookie" not in answer
    with served.client() as client:
        assert client.get("/healthz").status_code == 200


def test_the_queue_of_uploads_is_bounded_and_can_be_cancelled(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    with serving.serving(url, tmp_path, waiting_jobs=2, kept_bytes=0) as it:
        content = CAPTURE.read_bytes()
        first = _upload(it, content).json()
        second = _upload(it, content).json()
        third = _upload(it, content)
        assert third.status_code == 429
        with it.client("analyst") as client:
            cancelled = client.post(f"/api/v1/jobs/{second['id']}/cancel").json()
            client.post(f"/api/v1/jobs/{first['id']}/cancel")
        assert cancelled["state"] == "cancelled"
        assert _ended(it, first["id"])["state"] in ("cancelled", "finished")
        serving.wait(lambda: not _files(it), "the end of the files")


def test_a_question_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    serving.fill(url, flows=3000)
    with serving.serving(url, tmp_path, query_s=0.001) as it, it.client() as client:
        answers = [
            client.get(
                "/api/v1/flows", params={"sort": "-bytes_out", "filter": "community_id ~ '*q*z*'"}
            )
            for _ in range(5)
        ]
    slow = [one for one in answers if one.status_code == 503]
    assert slow
    assert slow[0].json()["type"] in (
        "urn:camwatch:problem:slow-question",
        "urn:camwatch:problem:busy",
    )
