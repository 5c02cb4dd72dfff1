"""Country and network of an address, from the best databases at hand."""

import dataclasses
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from maxminddb import InvalidDatabaseError

from monitor.enrich import geo_shapes, special
from monitor.enrich.countries import COUNTRIES
from monitor.enrich.geo_database import (
    SEARCH_FOLDERS,
    GeoDatabase,
    OpenDatabase,
    find_databases,
    open_database,
)
from monitor.enrich.geo_places import BlockKeys
from monitor.enrich.geo_shapes import MAX_ORG
from monitor.enrich.special import SpecialBlocks, load_special
from monitor.enrich.unpack import Workplace, cache_folder
from monitor.errors import ConfigError
from monitor.model.addresses import ip_text
from monitor.model.arrays import U64
from monitor.model.records import NOWHERE, Place

_ASN: Final = "autonomous_system_number"
_ORG: Final = "autonomous_system_organization"
_CODE: Final = "country_code"

MAX_CACHED: Final = 65_536
"""Addresses remembered, twice over: a full generation becomes the old one."""

MAX_BLOCKS: Final = 65_536
"""Pairs of a country and a network remembered for whole batches; all are forgotten when full."""

UPDATES: Final = "geo"
"""Folder below the cache folder where fetched databases lie."""


@dataclasses.dataclass(slots=True)
class GeoCounts:
    """Running totals of look-ups that were not answered from memory."""

    asked: int = 0
    not_addresses: int = 0
    """Texts that are no address: they are nowhere."""

    damaged: int = 0
    """Look-ups that a database failed, because its bytes contradict themselves."""


class Geo:
    """Answers where the block of an address is and whose network it is.

    Says nothing of hosts: the answer is what a database says of the block, at its date.
    """

    def __init__(
        self,
        country: OpenDatabase | None,
        asn: OpenDatabase | None,
        blocks: SpecialBlocks,
        *,
        faults: tuple[str, ...] = (),
        workplace: Workplace | None = None,
    ) -> None:
        self.counts = GeoCounts()
        self.faults = faults
        """Databases that were found and could not be used: one line each."""

        self._country = country
        self._asn = asn
        self._block = blocks.of
        self._country_of = _nothing if country is None else country.get
        self._asn_of = _nothing if asn is None else asn.get
        self._workplace = workplace
        self._new: dict[str, Place] = {}
        self._old: dict[str, Place] = {}
        self._keys = BlockKeys.of(country, asn, blocks)
        self._of_key: dict[int, Place] = {}

    @classmethod
    def open(
        cls,
        *,
        country: Path | None = None,
        asn: Path | None = None,
        folders: tuple[Path, ...] | None = None,
        cache: Path | None = None,
    ) -> Self:
        """Open the databases that are named, else the newest of each kind that are found.

        Args:
            country: Country database; None to look for one.
            asn: ASN database; None to look for one.
            folders: Where to look, else in `SEARCH_FOLDERS`. The folder of updates and the shipped
                databases are always among the candidates.
            cache: Where shipped databases are unpacked, else the user's cache folder.

        Raises:
            ConfigError: A named file cannot be used, or a shipped one is damaged.
        """
        cache = cache or cache_folder()
        workplace = Workplace(cache)
        found: list[OpenDatabase] = []
        faults: list[str] = []
        if country is None or asn is None:
            look = SEARCH_FOLDERS if folders is None else folders
            found, faults = find_databases((*look, cache / UPDATES))
        chosen = {
            kind: _named(path, kind) if path else _newest(found, kind, workplace)
            for kind, path in (("country", country), ("asn", asn))
        }
        for database in found:
            if not any(database is used for used in chosen.values()):
                database.reader.close()
        return cls(
            chosen["country"],
            chosen["asn"],
            load_special(),
            faults=tuple(faults),
            workplace=workplace,
        )

    @property
    def databases(self) -> tuple[GeoDatabase, ...]:
        """The databases in use, country first; what they are must stand beside every result."""
        used = [db.info for db in (self._country, self._asn) if db is not None]
        return tuple(dict.fromkeys(used))

    def place(self, ip: str) -> Place:
        """Return what the databases say of the block of `ip`.

        Private, reserved and multicast addresses are `NOWHERE`, and so is what is no address.
        Anycast has no country. Never raises.
        """
        place = self._new.get(ip)
        if place is not None:
            return place
        place = self._old.get(ip)
        if place is None:
            place = self._ask(ip)
        if len(self._new) >= MAX_CACHED:
            self._old = self._new
            self._new = {}
        self._new[ip] = place
        return place

    def places(self, hi: U64, lo: U64) -> list[Place]:
        """Return what `place` says of many addresses, in a twentieth of its time.

        Only the first address of a block with new data is asked of the databases, and counted.

        Args:
            hi: Upper words of the addresses, in host order, shape (n,).
            lo: Lower words, shape (n,). IPv4 is mapped into ::ffff:0:0/96.

        Returns:
            A place for each address, in order.

        Raises:
            ValueError: The words are not two columns of one length.
        """
        keys = None if self._keys is None else self._keys.keys(hi, lo)
        if keys is None:
            return [
                self.place(ip_text(*words)) for words in zip(hi.tolist(), lo.tolist(), strict=True)
            ]
        try:
            return list(map(self._of_key.__getitem__, keys))
        except KeyError:
            return self._learn(keys, hi, lo)

    def close(self) -> None:
        """Close the databases and remove what was unpacked to a temporary folder."""
        self._keys = None
        for database in (self._country, self._asn):
            if database is not None:
                database.reader.close()
        if self._workplace is not None:
            self._workplace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _learn(self, keys: list[int], hi: U64, lo: U64) -> list[Place]:
        """Return the places of keys of which some are new, and remember those."""
        known = self._of_key
        places = []
        for row, key in enumerate(keys):
            place = known.get(key)
            if place is None:
                damaged = self.counts.damaged
                place = self._ask(ip_text(int(hi[row]), int(lo[row])))
                # What a database failed is not remembered, so that each failure is counted.
                if self.counts.damaged == damaged:
                    if len(known) >= MAX_BLOCKS:
                        known.clear()
                    known[key] = place
            places.append(place)
        return places

    def _ask(self, ip: str) -> Place:
        self.counts.asked += 1
        try:
            block = self._block(ip)
            if block == special.NOWHERE:
                return NOWHERE
            network = self._asn_of(ip)
            where = None if block else self._country_of(ip)
        except InvalidDatabaseError:
            self.counts.damaged += 1
            return NOWHERE
        except (OSError, ValueError):
            # ValueError: a NUL character, or an IPv6 address and a database of IPv4 alone.
            self.counts.not_addresses += 1
            return NOWHERE
        if not block and network.__class__ is dict is where.__class__:
            # The commonest shapes (a number with or without a name), read in place: this saves
            # a microsecond. The lengths agree only where there is no third key, such as anycast.
            asn, org, code = network.get(_ASN), network.get(_ORG, ""), where.get(_CODE)
            if (
                asn.__class__ is int
                and org.__class__ is str is code.__class__
                and len(network) == (2 if org else 1)
            ):
                return Place(code if code in COUNTRIES else "", asn, org[:MAX_ORG])
        is_anycast = (
            block == special.ANYCAST
            or geo_shapes.is_anycast(network)
            or geo_shapes.is_anycast(where)
        )
        asn, org = geo_shapes.network_of(network)
        country = "" if is_anycast else geo_shapes.country_of(where)
        if not (country or asn or is_anycast):
            return NOWHERE
        return Place(country, asn, org, is_anycast)


def _nothing(_ip: str) -> None:
    """Answer for a database that is not there."""


def _newest(found: list[OpenDatabase], kind: str, workplace: Workplace) -> OpenDatabase | None:
    """Return the newest database that tells `kind`; the shipped one where none is newer."""
    able = [database for database in found if kind in database.info.kinds]
    best = max(able, key=lambda database: database.info.build_epoch, default=None)
    shipped_epoch = workplace.epoch(kind)
    if shipped_epoch is None or (best is not None and best.info.build_epoch > shipped_epoch):
        return best
    return open_database(workplace.unpacked(kind), is_bundled=True)


def _named(path: Path, kind: str) -> OpenDatabase:
    database = open_database(path)
    if kind not in database.info.kinds:
        database.reader.close()
        raise ConfigError(
            f"{path}: holds no {kind} data (its type is '{database.info.type}'); "
            f"name another file for geo.{kind}"
        )
    return database
