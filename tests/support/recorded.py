"""Recorded captures replayed as a user would, in this process, each once."""

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from monitor import pipeline
from monitor.capture import open_capture
from monitor.classify import Classifier
from monitor.config import Settings
from monitor.dissect import dhcp, dns
from monitor.enrich.devices import Devices, Readers
from monitor.enrich.names import NameTable
from monitor.indexing import Stages
from monitor.model.records import Device
from monitor.model.words import Protocol
from tests.support.shared import shared_path

WITH_PORTS = {protocol.name.lower() for protocol in (Protocol.TCP, Protocol.UDP)}


class Answer(NamedTuple):
    """What was said of one flow."""

    port: int
    """Port of the responder; 0 where the protocol has none."""

    purpose: str
    camera: str
    name: str


class Replayed(NamedTuple):
    """What a replay said."""

    devices: Mapping[str, Device]
    answers: Mapping[tuple[str, str, str], Sequence[Answer]]
    """By originator, responder and protocol."""


@lru_cache(maxsize=1)
def stages() -> Stages:
    """Return what replays share: what they rest on is read once."""
    return pipeline.open_stages(Settings())


@lru_cache(maxsize=128)
def replayed(capture: str, kind: type[Devices] = Devices) -> Replayed:
    """Replay a capture of ``../shared/pcaps``, or skip the test."""
    return replay(shared_path("pcaps", capture), kind)


def replay(path: Path, kind: type[Devices] = Devices) -> Replayed:
    """Replay a capture with the knowledge that is shipped and no memory of others."""
    devices = kind(stages().ouis, Readers(dhcp.parse, dns.parse))
    fresh = dataclasses.replace(
        stages(),
        devices=devices,
        names=NameTable(),
        classifier=Classifier(stages().classifier.catalog),
    )
    line = pipeline.Pipeline(Settings(), fresh)
    answers = defaultdict(list)
    with open_capture([str(path)]) as source:
        for batch in line.run(source):
            for record in batch.records():
                port = record.resp.port if record.protocol in WITH_PORTS else 0
                key = (record.orig.ip, record.resp.ip, record.protocol)
                purpose, to = str(record.verdict.purpose), record.destination
                answers[key].append(Answer(port, purpose, record.camera.ip, to.name))
    return Replayed(devices.final(), answers)
