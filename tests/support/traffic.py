"""Plausible flows of many cameras as record batches, any number of them, from a seed."""

import ipaddress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.model.arrays import VLAN_NONE
from monitor.model.facts import Dissection
from monitor.model.records import Device, Evidence, Verdict
from monitor.model.rows import SCOPES, Party, RecordBatch, Vocabulary
from monitor.model.words import OUTCOMES, Confidence, DeviceKind, Outcome, Purpose, Scope

V4 = 0xFFFF << 32


class Habit(NamedTuple):
    """One thing that cameras of a maker do."""

    makers: str
    purpose: Purpose
    name: str
    operator: str
    operator_country: str
    country: str
    asn: int
    protocol: int
    port: int
    service: str
    share: int
    """How often, beside the others."""

    out_bytes: int
    in_bytes: int
    addresses: int
    """How many the name answers with, over time."""

    scope: Scope = Scope.OUTSIDE
    answered: float = 0.98


HABITS = (
    Habit("HDTU", Purpose.NTP, "pool.ntp.org", "NTP Pool", "", "DE", 24940, 17, 123, "ntp", 120, 90, 90, 400),
    Habit("HDTU", Purpose.DNS, "", "Google", "US", "US", 15169, 17, 53, "dns", 220, 75, 190, 4),
    Habit("HDTU", Purpose.DISCOVERY, "", "", "", "", 0, 17, 1900, "ssdp", 60, 900, 0, 1, Scope.MULTICAST, 0),
    Habit("HDTU", Purpose.UNKNOWN, "", "", "", "", 0, 6, 554, "rtsp", 40, 9_000, 4_000, 3, Scope.SITE),
    Habit("H", Purpose.CLOUD_API, "dev.hik-connect.com", "Hikvision", "CN", "IE", 16509, 6, 443, "tls", 60, 2_100, 5_200, 60),
    Habit("H", Purpose.P2P_RENDEZVOUS, "p2p.ezvizlife.com", "Hikvision", "CN", "DE", 16509, 17, 6002, "ezviz", 90, 600, 500, 80),
    Habit("H", Purpose.DIAGNOSTICS, "log.hikvision.com", "Hikvision", "CN", "CN", 37963, 6, 443, "tls", 12, 18_000, 900, 20),
    Habit("H", Purpose.MEDIA_RELAY, "vtmvirginia.ezvizlife.com", "Hikvision", "CN", "US", 14618, 6, 8554, "", 2, 4_000_000, 60_000, 40),
    Habit("D", Purpose.P2P_RENDEZVOUS, "www.easy4ipcloud.com", "Dahua", "CN", "DE", 45102, 17, 8800, "dahua-p2p", 110, 700, 650, 120),
    Habit("D", Purpose.PUSH, "pushproxy.easy4ipcloud.com", "Dahua", "CN", "SG", 45102, 6, 1883, "mqtt", 10, 1_500, 1_400, 25),
    Habit("D", Purpose.UPDATE_CHECK, "upgrade.dahuatech.com", "Dahua", "CN", "CN", 37963, 6, 80, "http", 6, 500, 700, 10, Scope.OUTSIDE, 0.6),
    Habit("T", Purpose.CLOUD_API, "a1.tuyaeu.com", "Tuya", "CN", "DE", 16509, 6, 443, "tls", 80, 2_000, 4_000, 150),
    Habit("T", Purpose.CLOUD_STORAGE, "ty-eu-storage.oss.aliyuncs.com", "Alibaba", "CN", "DE", 45102, 6, 443, "tls", 8, 900_000, 8_000, 90),
    Habit("U", Purpose.UNKNOWN, "", "", "", "RU", 12389, 6, 8443, "", 5, 3_000, 1_500, 600, Scope.OUTSIDE, 0.4),
    Habit("U", Purpose.CONNECTIVITY_CHECK, "www.baidu.com", "Baidu", "CN", "HK", 55967, 1, 0, "icmp", 50, 84, 84, 8),
)  # fmt: skip

MAKERS = {"H": "Hikvision", "D": "Dahua", "T": "Tuya", "U": ""}


class Traffic:
    """Flows of `cameras` cameras in four VLANs."""

    def __init__(self, cameras: int = 500, seed: int = 1) -> None:
        self._random = np.random.default_rng(seed)
        self._maker = self._random.choice(len(MAKERS), cameras, p=(0.45, 0.3, 0.15, 0.1))
        self.words = Vocabulary()
        makers = list(MAKERS.values())
        for number in range(cameras):
            self.words.cameras.append(
                Device(
                    f"10.20.{number >> 8}.{number & 255}",
                    mac=f"44:19:b6:00:{number >> 8:02x}:{number & 255:02x}",
                    maker=makers[self._maker[number]],
                    kind=DeviceKind.CAMERA,
                    confidence=Confidence.HIGH,
                )
            )
        for number, habit in enumerate(HABITS):
            named = bool(habit.name)
            self.words.parties.append(
                Party(habit.name, "sni" if named else "", habit.country, habit.asn,
                      f"AS{habit.asn}" if habit.asn else "", habit.operator, habit.operator_country)
            )  # fmt: skip
            evidence = (
                Evidence(
                    "name" if named else "port", habit.name or str(habit.port), f"habit.{number}"
                ),
            )
            self.words.verdicts.append(Verdict(habit.purpose, Confidence.HIGH, evidence))
            self.words.dissections.append(Dissection(service=habit.service))
        shares = np.array([h.share for h in HABITS], float)
        self._chances = [
            np.array([letter in h.makers for h in HABITS]) * shares for letter in MAKERS
        ]

    def batch(self, count: int, start_ns: int, span_ns: int) -> RecordBatch:
        """Return flows that start within a span of time, in order."""
        draw = self._random
        camera = draw.integers(0, len(self._maker), count)
        habit = np.zeros(count, np.int64)
        for maker, chances in enumerate(self._chances):
            rows = np.flatnonzero(self._maker[camera] == maker)
            habit[rows] = draw.choice(len(HABITS), len(rows), p=chances / chances.sum())
        columns = {
            name: np.array([getattr(h, name) for h in HABITS])[habit]
            for name in ("port", "protocol", "addresses", "out_bytes", "in_bytes", "answered")
        }
        start = np.sort(draw.integers(start_ns, start_ns + span_ns, count))
        noise = draw.gamma(4.0, 0.25, count)
        is_answered = draw.random(count) < columns["answered"]
        scope = np.array([SCOPES.index(h.scope) for h in HABITS])[habit]
        hosts = np.array([_host(n) for n in range(len(HABITS))])[habit]
        ours = V4 | (10 << 24 | 20 << 16) + camera
        theirs = V4 | hosts + draw.integers(0, columns["addresses"])
        zeros = np.zeros(count, np.uint64)
        out_bytes = (columns["out_bytes"] * noise).astype(np.uint64)
        in_bytes = (columns["in_bytes"] * noise * is_answered).astype(np.uint64)
        tags = (100 + camera * 4 // len(self._maker)).astype(np.uint16)
        tags[tags == 103] = VLAN_NONE
        outcomes = (OUTCOMES.index(Outcome.UNANSWERED), OUTCOMES.index(Outcome.ANSWERED))
        return RecordBatch(
            words=self.words,
            community_id=_community_ids(draw, count),
            flow_id=draw.integers(0, 1 << 64, count, np.uint64),
            start_ns=start,
            end_ns=start + draw.integers(10**6, 30 * 10**9, count),
            vlan=tags,
            scope=scope.astype(np.uint8),
            protocol=columns["protocol"].astype(np.uint8),
            outcome=np.where(is_answered, outcomes[1], outcomes[0]).astype(np.uint8),
            is_ours=np.ones(count, np.bool_),
            is_half=np.zeros(count, np.bool_),
            orig_hi=zeros,
            orig_lo=ours.astype(np.uint64),
            resp_hi=zeros,
            resp_lo=theirs.astype(np.uint64),
            orig_port=draw.integers(32768, 61000, count).astype(np.uint16),
            resp_port=columns["port"].astype(np.uint16),
            orig_pkts=out_bytes // np.uint64(400) + np.uint64(1),
            resp_pkts=in_bytes // np.uint64(400),
            orig_bytes=out_bytes,
            resp_bytes=in_bytes,
            camera=camera.astype(np.uint32),
            party=habit.astype(np.uint32),
            verdict=habit.astype(np.uint32),
            dissection=habit.astype(np.uint32),
        )


def _host(habit: int) -> int:
    match HABITS[habit].scope:
        case Scope.MULTICAST:
            return int(ipaddress.IPv4Address("239.255.255.250"))
        case Scope.SITE:
            return int(ipaddress.IPv4Address("10.20.200.10"))
        case _:
            return int(ipaddress.IPv4Address("34.0.0.0")) + (habit << 16)


def _community_ids(draw: np.random.Generator, count: int) -> NDArray[np.bytes_]:
    letters = draw.integers(97, 123, (count, 30), np.uint8)
    letters[:, :2] = (ord("1"), ord(":"))
    letters[:, 29] = ord("=")
    return np.frombuffer(letters.tobytes(), "S30")
