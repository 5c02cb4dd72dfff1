"""``camwatch serve`` and ``camwatch token``: real processes."""

import json
import re
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support import serving

CAMWATCH = [sys.executable, "-m", "monitor"]


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # our own words
        [*CAMWATCH, *words], capture_output=True, text=True, check=False, timeout=120
    )


def _start(*words: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(  # noqa: S603  # our own words
        [*CAMWATCH, "serve", *words], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.search(r"(https?)://[^/]+:(\d+)/", line)
    assert found is not None, line + process.stderr.read()
    return process, f"{found[1]}://127.0.0.1:{found[2]}"


def _end(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    status = process.wait(30)
    if process.stderr is not None:
        process.stderr.close()
    return status


def test_it_serves_who_has_a_token_until_sigterm(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/store.db"
    made = _run("token", "create", "SOC", "--role", "reader", "--store", store)
    token = made.stdout.strip()
    assert re.fullmatch(r"camw_[0-9a-f]{16}_[\w-]{43}", token)
    assert "not shown again" in made.stderr
    config = tmp_path / "camwatch.toml"
    config.write_text(f'[api]\nuploads = "{tmp_path}/uploads"\n')
    process, url = _start("--store", store, "--listen", "127.0.0.1:0", "--config", str(config))
    try:
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as client:

            def is_up() -> bool:
                try:
                    return client.get("/readyz").status_code == 200
                except httpx.TransportError:
                    return False

            serving.wait(is_up, "the server")
            assert client.get("/api/v1/session").json()["name"] == "SOC"
            # An open stream must not hold the end up.
            with client.stream("GET", "/api/v1/events") as stream:
                assert stream.status_code == 200
                status = _end(process)
    finally:
        process.kill()
    assert status == 0
    listed = json.loads(_run("token", "list", "--json", "--store", store).stdout)["items"]
    assert [one["name"] for one in listed] == ["SOC"]
    assert listed[0]["used"] is not None
    assert token.split("_")[2] not in json.dumps(listed)
    revoked = _run("token", "revoke", listed[0]["id"], "--store", store)
    assert revoked.returncode == 0
    again = _run("token", "revoke", listed[0]["id"], "--store", store)
    assert again.returncode == 2
    assert "see 'camwatch token list'" in again.stderr


def test_it_speaks_tls_by_file(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(  # noqa: S603  # our own words
        ["/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", key, "-out", certificate, "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    config = tmp_path / "camwatch.toml"
    config.write_text(
        f'[api]\nuploads = "{tmp_path}/u"\ntls_certificate = "{certificate}"\ntls_key = "{key}"\n'
    )
    store = f"sqlite:///{tmp_path}/store.db"
    process, url = _start("--store", store, "--listen", "127.0.0.1:0", "--config", str(config))
    try:
        context = ssl.create_default_context(cafile=str(certificate))
        with httpx.Client(base_url=url, verify=context) as client:

            def answer() -> httpx.Response | None:
                try:
                    return client.get("/healthz")
                except httpx.ConnectError:
                    return None

            headers = serving.wait(answer, "the server").headers
        assert url.startswith("https://")
        assert headers["strict-transport-security"] == "max-age=31536000"
    finally:
        assert _end(process) == 0


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--listen", "127.0.0.1:1x"), 3, "api.listen"),
        (("--listen", "203.0.113.7:8465"), 3, "give a free port"),
        (("--store", "sqlite://"), 5, "a database in memory belongs to one process"),
        (("--store", "sqlite:////nowhere/at/all.db"), 5, "there is no directory"),
    ],
)
def test_what_cannot_be_is_one_line(
    tmp_path: Path, words: tuple[str, ...], status: int, said: str
) -> None:
    store = () if "--store" in words else ("--store", f"sqlite:///{tmp_path}/s.db")
    listen = () if "--listen" in words else ("--listen", "127.0.0.1:0")
    done = _run("serve", *words, *store, *listen)
    assert done.returncode == status, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("camwatch: ")
    assert said in done.stderr
