"""Fetching databases from a server of our own on the loopback interface."""

import gzip
import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typing_extensions import override

from monitor.enrich import geo_update
from monitor.enrich.geo import Geo
from monitor.enrich.geo_check import PROBES
from monitor.enrich.geo_sources import Source
from monitor.enrich.geo_update import update
from monitor.errors import ConfigError, FetchError, MonitorError
from tests.support.mmdb import write_mmdb

MONTH = (2026, 11)

# What the shipped database says of the probes, by the rows of its CSV source.
HOME = dict(
    zip(
        PROBES,
        ("NL", "NL", "CN", "JP", "BR", "ZA", "AU", "US", "DE", "US", "NL", "JP"),
        strict=True,
    )
)


class Server:
    """Serves bytes by path; what is not there is 404."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.promised: dict[str, int] = {}
        """Content-Length to state instead of the true one."""

        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that http.server calls
                body = served.files.get(self.path)
                if body is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(served.promised.get(self.path, len(body))))
                self.end_headers()
                self.wfile.write(body)

            @override
            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}{path}"

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def country_bytes(folder: Path, homes: dict[str, str], epoch: int = 1_795_000_000) -> bytes:
    networks = {
        f"{ip}/{128 if ':' in ip else 32}": {"country_code": code} for ip, code in homes.items()
    }
    path = folder / "made" / "country.mmdb"
    return write_mmdb(path, networks, database_type="made", epoch=epoch).read_bytes()


def source(server: Server, path: str, kind: str = "country") -> Source:
    return Source("server-country", kind, server.url(path), "PDDL-1.0")


def test_a_good_database_is_put_in_place_and_used(server: Server, tmp_path: Path) -> None:
    server.files["/c.mmdb"] = country_bytes(tmp_path, HOME)
    result = update(source(server, "/c.mmdb"), month=MONTH)
    assert (result.is_new, result.is_checked, result.drift) == (True, False, 0.0)
    with Geo.open(folders=()) as geo:
        assert geo.databases[0].path == result.database.path
        assert geo.place("193.0.6.139").country == "NL"


def test_the_database_before_is_kept(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "geo"
    first, second = (
        country_bytes(tmp_path, HOME, epoch) for epoch in (1_795_000_000, 1_796_000_000)
    )
    for raw in (first, second):
        server.files["/c.mmdb"] = raw
        update(source(server, "/c.mmdb"), month=MONTH, folder=folder)
    assert (folder / "server-country.mmdb").read_bytes() == second
    assert (folder / "server-country.mmdb.previous").read_bytes() == first
    assert sorted(path.name for path in folder.iterdir()) == [
        "server-country.mmdb",
        "server-country.mmdb.previous",
    ]


def test_the_same_bytes_again_change_nothing(server: Server, tmp_path: Path) -> None:
    server.files["/c.mmdb"] = country_bytes(tmp_path, HOME)
    update(source(server, "/c.mmdb"), month=MONTH, folder=tmp_path / "geo")
    again = update(source(server, "/c.mmdb"), month=MONTH, folder=tmp_path / "geo")
    assert not again.is_new
    assert not (tmp_path / "geo" / "server-country.mmdb.previous").exists()


def test_a_published_checksum_is_compared(server: Server, tmp_path: Path) -> None:
    raw = country_bytes(tmp_path, HOME)
    server.files["/c.mmdb"] = raw
    server.files["/c.mmdb.sha256"] = f"{hashlib.sha256(raw).hexdigest()}  c.mmdb\n".encode()
    assert update(source(server, "/c.mmdb"), month=MONTH).is_checked
    server.files["/c.mmdb.sha256"] = b"0" * 64
    with pytest.raises(ConfigError, match="checksum is not the published one"):
        update(source(server, "/c.mmdb"), month=MONTH)


def test_a_packed_database_named_by_month_is_unpacked(server: Server, tmp_path: Path) -> None:
    raw = country_bytes(tmp_path, HOME)
    server.files["/c-2026-11.mmdb.gz"] = gzip.compress(raw)
    wanted = source(server, "/c-{year:04}-{month:02}.mmdb.gz")
    update(wanted, month=MONTH, folder=tmp_path / "geo")
    assert (tmp_path / "geo" / "server-country.mmdb").read_bytes() == raw


def test_an_asn_database_is_probed_without_a_drift(server: Server, tmp_path: Path) -> None:
    networks = {f"{ip}/32": {"asn": 64_496 + i} for i, ip in enumerate(PROBES) if ":" not in ip}
    server.files["/a.mmdb"] = write_mmdb(tmp_path / "a.mmdb", networks).read_bytes()
    result = update(source(server, "/a.mmdb", "asn"), month=MONTH, folder=tmp_path / "geo")
    assert result.drift is None
    assert result.database.kinds == frozenset({"asn"})


def refused(server: Server, tmp_path: Path, path: str = "/c.mmdb", kind: str = "country") -> str:
    """Update over a good database, and return the error after checking that it stayed."""
    folder = tmp_path / "geo"
    good = server.files.get("/good") or country_bytes(tmp_path, HOME, 1_790_000_000)
    server.files["/good"] = good
    update(source(server, "/good"), month=MONTH, folder=folder)
    with pytest.raises(MonitorError) as caught:
        update(source(server, path, kind), month=MONTH, folder=folder)
    assert (folder / "server-country.mmdb").read_bytes() == good
    assert [entry.name for entry in folder.iterdir()] == ["server-country.mmdb"]
    message = str(caught.value)
    assert "\n" not in message
    assert ";" in message
    return message


def test_a_file_that_is_not_there_is_one_clear_line(server: Server, tmp_path: Path) -> None:
    assert "the server answered 404 Not Found" in refused(server, tmp_path, "/none.mmdb")


def test_a_file_that_arrives_cut_is_refused(server: Server, tmp_path: Path) -> None:
    server.files["/c.mmdb"] = country_bytes(tmp_path, HOME)[:-200]
    server.promised["/c.mmdb"] = len(server.files["/c.mmdb"]) + 200
    assert "cannot be fetched" in refused(server, tmp_path)


def test_a_file_that_was_cut_before_it_was_served_is_refused(
    server: Server, tmp_path: Path
) -> None:
    server.files["/c.mmdb"] = country_bytes(tmp_path, HOME)[:-200]
    assert "not a MaxMind DB, or cut" in refused(server, tmp_path)


def test_a_cut_gzip_file_is_refused(server: Server, tmp_path: Path) -> None:
    server.files["/c.mmdb"] = gzip.compress(country_bytes(tmp_path, HOME))[:-20]
    assert "cut" in refused(server, tmp_path)
    server.files["/c.mmdb"] = b"\x1f\x8b" + b"x" * 50
    assert "damaged gzip" in refused(server, tmp_path)


def test_a_page_instead_of_a_database_is_refused(server: Server, tmp_path: Path) -> None:
    server.files["/c.mmdb"] = b"<html>log in first</html>"
    assert "not a MaxMind DB" in refused(server, tmp_path)


def test_a_database_of_another_kind_is_refused(server: Server, tmp_path: Path) -> None:
    networks = {f"{ip}/32": {"asn": 64_496} for ip in PROBES if ":" not in ip}
    server.files["/c.mmdb"] = write_mmdb(tmp_path / "a.mmdb", networks).read_bytes()
    assert "holds no country data" in refused(server, tmp_path)


def test_a_database_that_knows_too_little_is_refused(server: Server, tmp_path: Path) -> None:
    few = dict(list(HOME.items())[:4])
    server.files["/c.mmdb"] = country_bytes(tmp_path, few)
    assert "knows 4 of 12 well-known addresses" in refused(server, tmp_path)


def test_a_drift_beyond_a_fifth_is_refused_unless_forced(server: Server, tmp_path: Path) -> None:
    moved = dict(HOME) | dict.fromkeys(PROBES[:3], "FR")
    server.files["/c.mmdb"] = country_bytes(tmp_path, moved)
    assert "25% of the well-known addresses changed country" in refused(server, tmp_path)
    result = update(source(server, "/c.mmdb"), month=MONTH, folder=tmp_path / "geo", is_forced=True)
    assert result.drift == 0.25


def test_a_first_database_is_compared_with_the_shipped_one(server: Server, tmp_path: Path) -> None:
    server.files["/c.mmdb"] = country_bytes(tmp_path, dict.fromkeys(PROBES, "FR"))
    with pytest.raises(ConfigError, match="100% of the well-known addresses changed country"):
        update(source(server, "/c.mmdb"), month=MONTH, folder=tmp_path / "geo")


def test_a_drift_of_two_in_twelve_is_taken(server: Server, tmp_path: Path) -> None:
    moved = dict(HOME) | dict.fromkeys(PROBES[:2], "FR")
    server.files["/c.mmdb"] = country_bytes(tmp_path, moved)
    result = update(source(server, "/c.mmdb"), month=MONTH, folder=tmp_path / "geo")
    assert result.drift == pytest.approx(2 / 12)


def test_a_file_beyond_the_bound_is_refused(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["/c.mmdb"] = country_bytes(tmp_path, HOME) + b"x" * 100_000
    monkeypatch.setattr(geo_update, "MAX_BYTES", 50_000)
    assert "larger than" in refused(server, tmp_path)


def test_a_server_that_does_not_answer_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    unreachable = Source("server-country", "country", f"http://127.0.0.1:{port}/c", "x")
    with pytest.raises(FetchError, match="cannot be fetched") as caught:
        update(unreachable, month=MONTH, folder=tmp_path / "geo")
    assert caught.value.exit_status == 4
    assert "the old database stays in use" in str(caught.value)


def test_an_address_that_is_none_is_one_clear_line(tmp_path: Path) -> None:
    for url in ("nonsense", "http://", "file:///etc/passwd"):
        with pytest.raises(MonitorError, match="cannot be fetched"):
            update(Source("x", "country", url, "x"), month=MONTH, folder=tmp_path)


def test_a_folder_that_cannot_be_written_is_one_clear_line(server: Server, tmp_path: Path) -> None:
    server.files["/c.mmdb"] = country_bytes(tmp_path, HOME)
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(MonitorError, match="cannot be written"):
        update(source(server, "/c.mmdb"), month=MONTH, folder=blocked / "geo")
