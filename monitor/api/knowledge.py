"""What the program knows beside the store: catalogue, data sets, why a flow was answered so."""

import threading
from pathlib import Path
from typing import Any, Final

from sqlalchemy import RowMapping

from monitor.classify.index import Catalog
from monitor.classify.load import load_catalog
from monitor.classify.show import explain, show
from monitor.config import Settings
from monitor.enrich.attribution import IEEE, NATURAL_EARTH, Attribution
from monitor.enrich.geo import Geo
from monitor.enrich.oui import OuiTable
from monitor.forensics import account, account_text
from monitor.forensics.folder import RunFolder
from monitor.model.records import Destination, Device, Evidence, FlowRecord, Side, Verdict
from monitor.model.words import Confidence, DeviceKind, Purpose, Scope

CATALOG: Final = Attribution(
    "camwatch catalogue",
    "What names, paths, protocols and ports are for; each entry names its source",
    "",
    "Apache-2.0",
)


class Knowledge:
    """Loaded when it is first asked for, then kept."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._catalog: Catalog | None = None
        self._data_sets: list[dict[str, Any]] | None = None

    @property
    def catalog(self) -> Catalog:
        """The catalogue of purposes."""
        with self._lock:
            if self._catalog is None:
                self._catalog = load_catalog(self._settings.catalog.directory)
            return self._catalog

    def entries(self, text: str) -> list[dict[str, Any]]:
        """Return entries that hold a text, by id."""
        return sorted(show(self.catalog, text), key=lambda entry: entry["id"])

    def explain(self, name_or_address: str) -> dict[str, Any]:
        """Return what a name or an address alone would be taken for."""
        return explain(self.catalog, name_or_address)

    def data_sets(self) -> list[dict[str, Any]]:
        """Return the data that answers rest on: name, date, licence, attribution."""
        with self._lock:
            if self._data_sets is None:
                self._data_sets = self._look()
            return self._data_sets

    def account(self, row: RowMapping, run: RowMapping) -> tuple[dict[str, Any], list[str]]:
        """Return why a flow was given its answer, as data and as lines of text.

        Args:
            row: As `flows.flow` gives it.
            run: Its row of `runs`.
        """
        directory = self._settings.catalog.directory
        manifest = {
            "camwatch": run["versions"].get("camwatch", ""),
            "settings": {"catalog": {"directory": None if directory is None else str(directory)}},
            "databases": [
                {"kinds": [key], "type": text.rpartition(" ")[0], "date": text.rpartition(" ")[2]}
                for key, text in run["versions"].items()
                if "country" in key or "asn" in key
            ],
        }
        folder = RunFolder(Path(), manifest, ())
        told = account.account(folder, record(row))
        lines = list(account_text.lines(told))
        # What the run lost stands in its own counters; the store has no list of it in words.
        del told["run"]
        return told, lines[: lines.index("The run:") - 1]

    def _look(self) -> list[dict[str, Any]]:
        geo = self._settings.geo
        found = [
            _data_set(
                database.attribution,
                database.build_date,
                f"{' and '.join(sorted(database.kinds))} of address blocks ({database.type})",
                is_bundled=database.is_bundled,
            )
            for database in Geo.open(country=geo.country, asn=geo.asn).databases
        ]
        newest = max((entry.seen for entry in self._entries()), default="")
        found.append(
            _data_set(IEEE, OuiTable.open().date, "makers of network interfaces", is_bundled=True)
        )
        found.append(_data_set(CATALOG, newest, "purposes of flows", is_bundled=True))
        found.append(_data_set(NATURAL_EARTH, "", "outlines of the world map", is_bundled=True))
        return found

    def _entries(self) -> list[Any]:
        if self._catalog is None:
            self._catalog = load_catalog(self._settings.catalog.directory)
        return list(self._catalog.entries.values())


def _data_set(
    attribution: Attribution, date: str, about: str, *, is_bundled: bool
) -> dict[str, Any]:
    return {
        "name": attribution.name,
        "about": about,
        "date": str(date) or None,
        "licence": attribution.licence,
        "attribution": attribution.text,
        "url": attribution.url or None,
        "is_bundled": is_bundled,
    }


def record(row: RowMapping) -> FlowRecord:
    """Return the record that a row of a flow was written from."""
    return FlowRecord(
        flow_id=row["flow_id"],
        community_id=row["community_id"],
        start_ns=row["start_ns"],
        end_ns=row["end_ns"],
        vlan=row["vlan"],
        scope=Scope(row["scope"]),
        protocol=row["protocol"],
        service=row["service"],
        camera=Device(
            ip=row["camera_ip"],
            mac=row["camera_mac"] or "",
            maker=row["camera_maker"] or "",
            brand=row["camera_brand"] or "",
            kind=DeviceKind(row["camera_kind"] or DeviceKind.UNKNOWN),
        ),
        destination=Destination(
            ip=row["destination_ip"],
            port=row["destination_port"],
            name=row["destination_name"],
            name_source=row["name_source"],
            country=row["country"],
            asn=row["asn"],
            as_org=row["as_org"],
            operator=row["operator"],
            operator_country=row["operator_country"],
        ),
        initiated_by=row["initiated_by"],
        outcome=row["outcome"],
        orig=Side(row["orig_ip"], row["orig_port"], row["orig_packets"], row["orig_bytes"]),
        resp=Side(row["resp_ip"], row["resp_port"], row["resp_packets"], row["resp_bytes"]),
        verdict=Verdict(
            Purpose(row["purpose"]),
            Confidence(row["confidence"]),
            tuple(Evidence(e["kind"], e["value"], e["catalog"]) for e in row["evidence"] or ()),
        ),
    )
