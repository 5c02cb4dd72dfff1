"""A month of forty cameras as flow records: what they usually do, what happens to them, what is planted.

Nothing here is recorded. Names and companies are made up or reserved; volumes are drawn from a
seeded generator. The shape follows what cameras of such makers do: a keep-alive that never ends,
NTP by the hour, an update check a day, diagnostics a day, a burst of everything at each start.
"""

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from monitor.model.arrays import columns_of
from monitor.model.facts import NOTHING, Dissection, Fact
from monitor.model.records import Device, Evidence, Verdict
from monitor.model.rows import Party, RecordBatch, Vocabulary
from monitor.model.words import Confidence, DeviceKind, Purpose

BEGIN_S = 1_793_491_200
"""2026-11-01T00:00:00Z."""

DAY_S = 86_400
SECOND_NS = 10**9
OUTSIDE, SITE = 0, 1
UNANSWERED, ANSWERED = 0, 1

TLS = Dissection("tls")
HTTP = Dissection("http")
NTP = Dissection("ntp")


class Model(NamedTuple):
    """Cameras of one maker and model, and whom they call."""

    maker: str
    model: str
    country: str
    """Of its servers."""

    operator_country: str
    network: str
    cameras: int


MODELS = (
    Model("Hikvision", "DS-2CD2143", "IE", "CN", "AMAZON-02", 15),
    Model("Dahua", "IPC-HFW2831", "DE", "CN", "ALIBABA-CN-NET", 10),
    Model("Reolink", "RLC-810A", "US", "CN", "AMAZON-AES", 10),
    Model("Axis", "M3106", "SE", "SE", "Bahnhof AB", 5),
)


class Row(NamedTuple):
    """One flow, before it is a row of columns."""

    end_s: float
    start_s: float
    device: Device
    party: Party
    verdict: Verdict
    seen: Dissection
    other: int
    """IPv4 address of the other side."""

    port: int
    protocol: int
    is_ours: bool
    outcome: int
    scope: int
    out_bytes: int
    in_bytes: int


def verdict(purpose: Purpose, confidence: Confidence = Confidence.HIGH) -> Verdict:
    """Return a verdict without much evidence."""
    return Verdict(purpose, confidence, (Evidence("name", "made"),))


class Month:
    """Thirty days of a site."""

    def __init__(self, seed: int = 1, days: int = 30) -> None:
        self._random = random.Random(seed)  # noqa: S311  # traffic, no secrets
        self.days = days
        self.rows: list[Row] = []
        self.cameras: list[tuple[Device, Model]] = []
        for model in MODELS:
            for _ in range(model.cameras):
                number = len(self.cameras)
                device = Device(
                    f"10.20.3.{number + 10}", f"02:00:00:00:00:{number:02x}", "", model.maker,
                    "", model.model, "", DeviceKind.CAMERA, Confidence.HIGH,
                )  # fmt: skip
                self.cameras.append((device, model))

    def party(self, model: Model, word: str, **changes: Any) -> Party:
        """Return a server of a maker."""
        name = f"{word}.{model.maker.lower()}.example"
        usual = Party(
            name, "sni", model.country, 64500, model.network, model.maker, model.operator_country
        )
        return usual._replace(**changes)

    def flow(self, number: int, at_s: float, party: Party, purpose: Purpose, **more: Any) -> None:
        """Add a flow of a camera."""
        device, _ = self.cameras[number]
        start = BEGIN_S + at_s
        usual: dict[str, Any] = {
            "seen": TLS, "other": 0xC633_6400 + sum(party.name.encode()) % 250, "port": 443,
            "protocol": 6, "is_ours": True, "outcome": ANSWERED, "scope": OUTSIDE,
            "out_bytes": 1500, "in_bytes": 4000, "lasts_s": 2.0, "confidence": Confidence.HIGH,
        } | more  # fmt: skip
        lasts, confidence = usual.pop("lasts_s"), usual.pop("confidence")
        self.rows.append(
            Row(start + lasts, start, device, party, verdict(purpose, confidence), **usual)
        )

    def usual(self) -> None:
        """Add what every camera does every day, with a clock that drifts."""
        for number, (_, model) in enumerate(self.cameras):
            clock = self._random.uniform(0, DAY_S)
            drift = self._random.uniform(-900, 900)
            for day in range(self.days):
                self.day(number, model, day * DAY_S, clock + drift * day)

    def day(self, number: int, model: Model, at: float, clock: float) -> None:
        """Add one day of one camera."""
        rng = self._random
        moved = model.maker == "Reolink" and at >= 15 * DAY_S
        relay = self.party(model, "p2p", as_org="GOOGLE-CLOUD" if moved else model.network)
        for half_hour in range(48):
            self.flow(
                number, at + half_hour * 1800, relay, Purpose.P2P_RENDEZVOUS, lasts_s=1799.0,
                seen=NOTHING, protocol=17, port=32100, other=0xCB00_7100 + 7 * moved,
                out_bytes=rng.randrange(4000, 6000), in_bytes=rng.randrange(4000, 6000),
            )  # fmt: skip
        pool = Party(
            "pool.ntp.example", "dns", rng.choice(("NL", "DE", "FR")), 64501, "NTP", "", ""
        )
        for hour in range(24):
            self.flow(
                number, at + hour * 3600 + number, pool, Purpose.NTP, seen=NTP, protocol=17,
                port=123, out_bytes=76, in_bytes=76,
            )  # fmt: skip
            self.look_up(
                number, at + hour * 3600 + number - 1, f"p2p.{model.maker.lower()}.example"
            )
        daily = at + clock % DAY_S
        self.flow(number, daily, self.party(model, "update"), Purpose.UPDATE_CHECK)
        self.diagnostics(number, daily + 600, int(rng.lognormvariate(10.2, 0.3)))
        for hour in rng.sample(range(24), 3):
            self.diagnostics(number, at + hour * 3600 + 1800, rng.randrange(1000, 4000))
        for hour in rng.sample(range(24), 6):
            self.flow(number, at + hour * 3600 + 900, self.party(model, "api"), Purpose.CLOUD_API)

    def diagnostics(self, number: int, at_s: float, out_bytes: int) -> None:
        """Add one message of diagnostics."""
        party = self.party(self.cameras[number][1], "log")
        self.flow(number, at_s, party, Purpose.DIAGNOSTICS, out_bytes=out_bytes, in_bytes=700)

    def look_up(self, number: int, at_s: float, name: str) -> None:
        """Add a look-up at the site's own resolver."""
        self.flow(
            number, at_s, Party("", "", "", 0, "", "", ""), Purpose.DNS, protocol=17, port=53,
            seen=Dissection("dns", (Fact("dns.query", name),)), other=0x0A14_0001, scope=SITE,
            out_bytes=80, in_bytes=120,
        )  # fmt: skip

    def start(self, number: int, at_s: float) -> None:
        """Add the burst of a start: everything at once, and names that are asked for at no other time."""
        model = self.cameras[number][1]
        for word, purpose in (
            ("p2p", Purpose.P2P_RENDEZVOUS), ("update", Purpose.UPDATE_CHECK),
            ("api", Purpose.CLOUD_API), ("log", Purpose.DIAGNOSTICS), ("time", Purpose.CLOUD_API),
        ):  # fmt: skip
            size = self._random.randrange(40_000, 80_000) if word == "log" else 2000
            at = at_s + self._random.uniform(0, 60)
            self.flow(number, at, self.party(model, word), purpose, out_bytes=size)
        push = self.party(
            model, "push", operator="Push Service", operator_country="US", country="FI"
        )
        self.flow(number, at_s + 70, push, Purpose.PUSH)

    def firmware(self, number: int, at_s: float) -> None:
        """Add a download of firmware from a company that serves nothing else here, and the start after it."""
        model = self.cameras[number][1]
        cdn = self.party(
            model, "firmware", operator="Content Network", operator_country="US", country="AT"
        )
        self.flow(
            number, at_s, cdn, Purpose.FIRMWARE_DOWNLOAD, out_bytes=600_000,
            in_bytes=32_000_000, lasts_s=90.0,
        )  # fmt: skip
        self.start(number, at_s + 400)
        self.diagnostics(number, at_s + 3600, 400_000)

    def incidents(self) -> None:
        """Add what happens to cameras and is nobody's fault."""
        rng = self._random
        quiet = 7  # It starts for the first time on day 18.
        self.start(quiet, 18.4 * DAY_S)
        for number in range(len(self.cameras)):
            if number == quiet:
                continue
            for _ in range(rng.randrange(1, 4)):
                self.start(number, rng.uniform(0, self.days - 1) * DAY_S)
        for number in range(10):
            self.firmware(number, 20.1 * DAY_S + 700 * number)
        # The line is down for two hours, and all sign in again.
        down, up = 9.5 * DAY_S, 9.5 * DAY_S + 7200
        self.rows = [
            row._replace(outcome=UNANSWERED, in_bytes=0)
            if row.scope == OUTSIDE and down <= row.start_s - BEGIN_S < up
            else row
            for row in self.rows
        ]
        for number in range(len(self.cameras)):
            self.start(number, up + rng.uniform(0, 300))
        self._move()

    def _move(self) -> None:
        """Give some cameras other addresses on day 12; two change places."""
        new = {15: "10.20.3.200", 16: "10.20.3.201", 26: "10.20.3.37", 27: "10.20.3.36"}
        by_mac = {self.cameras[number][0].mac: ip for number, ip in new.items()}
        moment = BEGIN_S + 12 * DAY_S
        self.rows = [
            row._replace(device=row.device._replace(ip=by_mac[row.device.mac]))
            if row.start_s >= moment and row.device.mac in by_mac
            else row
            for row in self.rows
        ]

    def batches(self, step_s: int = 3600) -> Iterator[tuple[int, RecordBatch]]:
        """Yield (end of the step in ns, records that ended in it)."""
        words = Vocabulary()
        index: dict[tuple[str, object], int] = {}

        def at(kind: str, value: Any) -> int:
            key = (kind, value)
            if key not in index:
                entries = getattr(words, kind)
                index[key] = len(entries)
                entries.append(value)
            return index[key]

        rows = sorted(self.rows, key=lambda row: (row.end_s, row.start_s, row.device.mac))
        numbered = 0
        for step in range(self.days * DAY_S // step_s + 2):
            limit = BEGIN_S + (step + 1) * step_s
            begin = numbered
            while numbered < len(rows) and rows[numbered].end_s < limit:
                numbered += 1
            yield limit * SECOND_NS, _columns(words, rows[begin:numbered], begin, at)


def _columns(words: Vocabulary, rows: list[Row], first: int, at: Any) -> RecordBatch:
    mapped = 0xFFFF << 32
    ip = [mapped | int.from_bytes(bytes(map(int, r.device.ip.split(".")))) for r in rows]
    other = [mapped | r.other for r in rows]
    ours = [r.is_ours for r in rows]

    def sides(mine: list[int], theirs: list[int]) -> tuple[list[int], list[int]]:
        pairs = list(zip(mine, theirs, ours, strict=True))
        return [m if o else t for m, t, o in pairs], [t if o else m for m, t, o in pairs]

    orig_lo, resp_lo = sides(ip, other)
    orig_port, resp_port = sides([40000] * len(rows), [r.port for r in rows])
    orig_bytes, resp_bytes = sides([r.out_bytes for r in rows], [r.in_bytes for r in rows])
    packets, answers = sides([8] * len(rows), [8 * (r.in_bytes > 0) for r in rows])
    zeros = [0] * len(rows)
    values: dict[str, list[Any]] = {
        "flow_id": list(range(first, first + len(rows))),
        "start_ns": [int(r.start_s * 1000) * 10**6 for r in rows],
        "end_ns": [int(r.end_s * 1000) * 10**6 for r in rows],
        "vlan": [20] * len(rows),
        "scope": [r.scope for r in rows],
        "protocol": [r.protocol for r in rows],
        "outcome": [r.outcome for r in rows],
        "is_ours": ours,
        "orig_lo": orig_lo, "resp_lo": resp_lo, "orig_port": orig_port, "resp_port": resp_port,
        "orig_pkts": packets, "resp_pkts": answers,
        "orig_bytes": orig_bytes, "resp_bytes": resp_bytes,
        "camera": [at("cameras", r.device) for r in rows],
        "party": [at("parties", r.party) for r in rows],
        "verdict": [at("verdicts", r.verdict) for r in rows],
        "dissection": [at("dissections", r.seen) for r in rows],
    }  # fmt: skip
    columns: dict[str, Any] = {
        name: np.array(values.get(name, zeros), dtype)
        for name, (dtype, _) in columns_of(RecordBatch).items()
    }
    return RecordBatch(words=words, community_id=np.zeros(len(rows), "S30"), **columns)
