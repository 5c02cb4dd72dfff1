"""Fetches better geolocation databases: the only part of this stage that uses the network."""

import contextlib
import hashlib
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.enrich import geo_shapes
from monitor.enrich.geo_database import GeoDatabase, OpenDatabase, open_database
from monitor.enrich.unpack import Workplace, cache_folder, write_atomic
from monitor.errors import ConfigError, MonitorError

if TYPE_CHECKING:
    import httpx

MAX_BYTES: Final = 256 << 20
"""A database larger than this is refused."""

TIMEOUT_S: Final = 30.0
MAX_DRIFT: Final = 0.20
"""Largest share of the probes whose country may differ from the database in use. Two honest
databases differ on some 4 % of random addresses (measured), so 20 % of well-known ones is wrong."""

PROBES: Final = (
    "193.0.6.139",
    "130.89.148.77",
    "101.132.0.1",
    "133.11.0.1",
    "200.160.2.3",
    "196.216.2.6",
    "139.130.4.5",
    "18.7.21.1",
    "134.130.4.1",
    "128.101.101.101",
    "2001:67c:2e8::1",
    "2001:200::1",
)
"""Unicast addresses on all continents, of registries, universities and carriers."""

MIN_PROBES: Final = 5
"""Probes that a database must know at least."""

_SHA256: Final = re.compile(r"\b[0-9a-fA-F]{64}\b")
_SAPICS: Final = "https://github.com/sapics/ip-location-db/releases/download/latest"


class Source(NamedTuple):
    """Where a database is fetched from."""

    name: str
    kind: str
    """``country`` or ``asn``."""

    url: str
    """``{year}`` and ``{month}`` are filled in."""

    licence: str
    checksum_url: str = ""
    """Empty: ``url`` with ``.sha256`` appended is tried."""


SOURCES: Final = {
    source.name: source
    for source in (
        Source(
            "server-country",
            "country",
            f"{_SAPICS}/server-country.mmdb",
            "PDDL-1.0",
            "https://github.com/sapics/ip-location-db/releases/download/checksum/"
            "server-country.mmdb.sha256",
        ),
        Source(
            "origin-asn",
            "asn",
            f"{_SAPICS}/origin-asn.mmdb",
            "PDDL-1.0",
            "https://github.com/sapics/ip-location-db/releases/download/checksum/"
            "origin-asn.mmdb.sha256",
        ),
        Source(
            "dbip-lite",
            "country",
            "https://download.db-ip.com/free/dbip-country-lite-{year:04}-{month:02}.mmdb.gz",
            "CC-BY-4.0",
        ),
        Source(
            "dbip-asn-lite",
            "asn",
            "https://download.db-ip.com/free/dbip-asn-lite-{year:04}-{month:02}.mmdb.gz",
            "CC-BY-4.0",
        ),
    )
}
"""Sources that need no key. Source of the addresses: the projects' own pages, 2026."""

DEFAULT_SOURCES: Final = ("server-country", "origin-asn")


class Updated(NamedTuple):
    """What one update did."""

    source: Source
    database: GeoDatabase
    is_new: bool
    """False: the file that is there already has the same bytes."""

    is_checked: bool
    """A published checksum was found, and agreed."""

    drift: float | None
    """Share of the probes whose country changed; None where there was nothing to compare."""


def source_named(name: str, url: str = "") -> Source:
    """Return the source called `name`, with another address where `url` is given.

    Raises:
        ConfigError: There is no such source.
    """
    source = SOURCES.get(name)
    if source is None:
        raise ConfigError(f"geo source '{name}': unknown; known are {', '.join(sorted(SOURCES))}")
    return source._replace(url=url, checksum_url="") if url else source


def update(
    source: Source,
    *,
    month: tuple[int, int],
    folder: Path | None = None,
    is_forced: bool = False,
    client: "httpx.Client | None" = None,
) -> Updated:
    """Fetch a database, check it, and put it in place; the one before is kept as ``.previous``.

    Args:
        source: Where from.
        month: Year and month for addresses that name them.
        folder: Where to, else the ``geo`` folder of the cache folder, where `Geo.open` looks.
        is_forced: Take it although countries drifted.
        client: HTTP client, else one of our own.

    Raises:
        ConfigError: It was refused: not a database, of another kind, drifted, or a wrong checksum.
        MonitorError: It could not be fetched or written.
    """
    where = folder or cache_folder() / "geo"
    target = where / f"{source.name}.mmdb"
    url = source.url.format(year=month[0], month=month[1])
    with _client(client) as http:
        raw = _fetch(http, url)
        checksum = _checksum(http, source.checksum_url or f"{url}.sha256")
    if checksum and hashlib.sha256(raw).hexdigest() != checksum:
        raise ConfigError(
            f"{url}: its checksum is not the published one; fetch again later, the old "
            "database stays in use"
        )
    if raw[:2] == b"\x1f\x8b":
        raw = _gunzip(url, raw)
    if _same(target, raw):
        with _opened(target) as database:
            return Updated(source, database.info, False, bool(checksum), None)
    candidate = where / f".{source.name}.candidate"
    try:
        write_atomic(candidate, raw)
        drift, info = _check(candidate, target, source, url, is_forced=is_forced)
        if target.exists():
            write_atomic(where / f"{source.name}.mmdb.previous", target.read_bytes())
        candidate.replace(target)
    except OSError as error:
        raise MonitorError(
            f"{where}: cannot be written ({error.strerror}); make it writable or name another folder"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            candidate.unlink(missing_ok=True)
    return Updated(source, info._replace(path=str(target)), True, bool(checksum), drift)


def _check(
    candidate: Path, target: Path, source: Source, url: str, *, is_forced: bool
) -> tuple[float | None, GeoDatabase]:
    """Open the candidate and compare it with what is there; return the drift and what it is."""
    try:
        opened = open_database(candidate)
    except ConfigError as error:
        reason = str(error).removeprefix(f"{candidate}: ").partition(";")[0]
        raise ConfigError(
            f"{url}: refused, {reason}; fetch again later, the old database stays in use"
        ) from error
    try:
        if source.kind not in opened.info.kinds:
            raise ConfigError(
                f"{url}: refused, holds no {source.kind} data (type '{opened.info.type}'); "
                "give the address of another file"
            )
        answers = _answers(opened, source.kind)
        known = sum(1 for answer in answers.values() if answer)
        if known < MIN_PROBES:
            raise ConfigError(
                f"{url}: refused, knows {known} of {len(PROBES)} well-known addresses; "
                "fetch again later, the old database stays in use"
            )
        drift = _drift(answers, target) if source.kind == "country" else None
        if drift is not None and drift > MAX_DRIFT and not is_forced:
            raise ConfigError(
                f"{url}: refused, {drift:.0%} of the well-known addresses changed country; look "
                "at both files, then use --force, the old database stays in use"
            )
        return drift, opened.info
    finally:
        opened.reader.close()


def _answers(database: OpenDatabase, kind: str) -> dict[str, str]:
    """Return what a database says of each probe, empty where it says nothing."""
    answers = {}
    for ip in PROBES:
        try:
            record = database.get(ip)
        except ValueError:
            record = None
        if kind == "country":
            answers[ip] = geo_shapes.country_of(record)
        else:
            asn = geo_shapes.network_of(record)[0]
            answers[ip] = str(asn) if asn else ""
    return answers


def _drift(answers: dict[str, str], target: Path) -> float | None:
    """Return the share of probes whose country differs from the file in place, else the shipped.

    Only probes that both know count; None where there is nothing to compare with.
    """
    workplace = Workplace()
    try:
        with _opened(target if target.exists() else workplace.unpacked("country")) as database:
            before = _answers(database, "country")
    except ConfigError:
        return None
    finally:
        workplace.close()
    both = [ip for ip in PROBES if before[ip] and answers[ip]]
    if not both:
        return None
    return sum(before[ip] != answers[ip] for ip in both) / len(both)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[OpenDatabase]:
    database = open_database(path)
    try:
        yield database
    finally:
        database.reader.close()


def _same(path: Path, raw: bytes) -> bool:
    try:
        return path.stat().st_size == len(raw) and path.read_bytes() == raw
    except OSError:
        return False


@contextlib.contextmanager
def _client(given: "httpx.Client | None") -> Iterator["httpx.Client"]:
    # Only an update needs HTTP: the import costs every other command 0.1 s.
    import httpx  # noqa: PLC0415  # see above

    if given is not None:
        yield given
        return
    with httpx.Client(follow_redirects=True, timeout=TIMEOUT_S) as client:
        yield client


def _fetch(client: "httpx.Client", url: str) -> bytes:
    import httpx  # noqa: PLC0415  # see `_client`

    body = bytearray()
    try:
        # Bytes as sent: a .gz file is unpacked here, not by the transport.
        with client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
            if response.status_code != httpx.codes.OK:
                raise MonitorError(
                    f"{url}: the server answered {response.status_code} "
                    f"{response.reason_phrase}; check the address, the old database stays in use"
                )
            wanted = response.headers.get("Content-Length", "")
            for piece in response.iter_raw():
                body += piece
                if len(body) > MAX_BYTES:
                    raise ConfigError(
                        f"{url}: larger than {MAX_BYTES >> 20} MiB; give the address of a "
                        "country or ASN database"
                    )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise MonitorError(
            f"{url}: cannot be fetched ({str(error) or type(error).__name__}); check the "
            "connection, the old database stays in use"
        ) from error
    if wanted.isdigit() and len(body) != int(wanted):
        raise MonitorError(
            f"{url}: cut, {len(body)} of {wanted} bytes came; fetch again, the old database "
            "stays in use"
        )
    return bytes(body)


def _checksum(client: "httpx.Client", url: str) -> str:
    """Return the published SHA-256 in lower case, empty where none is offered."""
    import httpx  # noqa: PLC0415  # see `_client`

    try:
        response = client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL):
        return ""
    if response.status_code != httpx.codes.OK or len(response.content) > 1 << 16:
        return ""
    match = _SHA256.search(response.text)
    return match[0].lower() if match else ""


def _gunzip(url: str, raw: bytes) -> bytes:
    try:
        unpacker = zlib.decompressobj(wbits=31)
        unpacked = unpacker.decompress(raw, MAX_BYTES)
    except zlib.error as error:
        raise ConfigError(f"{url}: damaged gzip ({error}); fetch again later") from error
    if not unpacker.eof:
        raise ConfigError(f"{url}: cut, or larger than {MAX_BYTES >> 20} MiB; fetch again later")
    return unpacked
