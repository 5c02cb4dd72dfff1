"""Whether a fetched database may take the place of the one in use."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from maxminddb import InvalidDatabaseError

from monitor.enrich import geo_shapes
from monitor.enrich.geo_database import GeoDatabase, OpenDatabase, open_database
from monitor.enrich.geo_sources import Source
from monitor.enrich.unpack import Workplace
from monitor.errors import ConfigError

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


def check(
    candidate: Path, target: Path, source: Source, url: str, *, is_forced: bool
) -> tuple[float | None, GeoDatabase]:
    """Open a candidate and compare it with the database that it would replace.

    Args:
        candidate: The file that was fetched.
        target: Where it would go.
        source: Where it comes from; its kind must be among the candidate's.
        url: Its address, for messages.
        is_forced: Let countries differ.

    Returns:
        Share of the probes whose country differs (None where there is nothing to compare), and
        what the candidate is.

    Raises:
        ConfigError: It is refused: one line says why and what to do.
    """
    try:
        database = open_database(candidate)
    except ConfigError as error:
        reason = str(error).removeprefix(f"{candidate}: ").partition(";")[0]
        raise ConfigError(
            f"{url}: refused, {reason}; fetch again later, the old database stays in use"
        ) from error
    try:
        if source.kind not in database.info.kinds:
            raise ConfigError(
                f"{url}: refused, holds no {source.kind} data (type '{database.info.type}'); "
                "give the address of another file"
            )
        answers = _answers(database, source.kind)
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
        return drift, database.info
    finally:
        database.reader.close()


def _answers(database: OpenDatabase, kind: str) -> dict[str, str]:
    """Return what a database says of each probe, empty where it says nothing."""
    answers = {}
    for ip in PROBES:
        try:
            record = database.get(ip)
        except (ValueError, InvalidDatabaseError):
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
        with opened(target if target.exists() else workplace.unpacked("country")) as database:
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
def opened(path: Path) -> Iterator[OpenDatabase]:
    """Open a database for the length of a block.

    Raises:
        ConfigError: It cannot be used.
    """
    database = open_database(path)
    try:
        yield database
    finally:
        database.reader.close()
