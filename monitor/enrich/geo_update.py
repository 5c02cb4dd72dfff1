"""Fetches better geolocation databases: the only part of this stage that uses the network."""

import contextlib
import hashlib
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.enrich.geo_check import check, opened
from monitor.enrich.geo_database import GeoDatabase
from monitor.enrich.geo_sources import DEFAULT_SOURCES, Source, source_named
from monitor.enrich.unpack import cache_folder, write_atomic
from monitor.errors import ConfigError, FetchError, OutputError

if TYPE_CHECKING:
    import httpx

__all__ = ["DEFAULT_SOURCES", "Source", "Updated", "source_named", "update"]

MAX_BYTES: Final = 256 << 20
"""A database larger than this is refused."""

TIMEOUT_S: Final = 30.0
_SHA256: Final = re.compile(r"\b[0-9a-fA-F]{64}\b")


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
        FetchError: It could not be fetched.
        OutputError: It could not be written.
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
        with opened(target) as database:
            return Updated(source, database.info, False, bool(checksum), None)
    candidate = where / f".{source.name}.candidate"
    try:
        write_atomic(candidate, raw)
        drift, info = check(candidate, target, source, url, is_forced=is_forced)
        if target.exists():
            write_atomic(where / f"{source.name}.mmdb.previous", target.read_bytes())
        candidate.replace(target)
    except OSError as error:
        raise OutputError(
            f"{where}: cannot be written ({error.strerror}); make it writable or name another folder"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            candidate.unlink(missing_ok=True)
    return Updated(source, info._replace(path=str(target)), True, bool(checksum), drift)


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
                raise FetchError(
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
        raise FetchError(
            f"{url}: cannot be fetched ({str(error) or type(error).__name__}); check the "
            "connection, the old database stays in use"
        ) from error
    if wanted.isdigit() and len(body) != int(wanted):
        raise FetchError(
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
