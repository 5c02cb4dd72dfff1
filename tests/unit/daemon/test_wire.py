"""Messages between worker and keeper: what was sent arrives; what lies is refused, never believed."""

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.daemon import wire
from monitor.daemon.wire import Kind, Messages, RecordReceiver, RecordSender, WireError
from monitor.model.arrays import columns_of
from monitor.model.facts import NOTHING, Dissection, Fact
from monitor.model.records import Device, Evidence, Signal, Verdict
from monitor.model.rows import Party, RecordBatch, Vocabulary
from monitor.model.words import Confidence, DeviceKind, Purpose

CAMERA = Device(
    "10.20.3.11", "aa:bb:cc:dd:ee:ff", "Maker Ltd.", "Maker", "Brand", "Model 1", "1.2",
    DeviceKind.CAMERA, Confidence.HIGH, (Signal("oui", "Maker", "maker=Maker", 0.5, "IEEE"),),
)  # fmt: skip
VERDICT = Verdict(Purpose.DIAGNOSTICS, Confidence.HIGH, (Evidence("name", "log.example", "a/b"),))
TLS = Dissection("tls", (Fact("tls.sni", "log.example"),), ("odd",))


def vocabulary() -> Vocabulary:
    words = Vocabulary()
    words.cameras.append(CAMERA)
    words.parties.append(Party("log.example", "sni", "CN", 4134, "Net", "Firm", "CN"))
    words.verdicts.append(VERDICT)
    words.dissections.append(TLS)
    return words


def batch(rows: int, words: Vocabulary | None = None, **changed: Any) -> RecordBatch:
    columns: dict[str, Any] = {
        name: np.zeros(rows, dtype) for name, (dtype, _) in columns_of(RecordBatch).items()
    }
    columns["flow_id"] = np.arange(rows, dtype=np.uint64)
    columns["protocol"] = np.full(rows, 6, np.uint8)
    columns |= changed
    ids = np.array([b"1:%027d=" % row for row in range(rows)], "S30")
    return RecordBatch(words=words or vocabulary(), community_id=ids, **columns)


def through(sender: RecordSender, receiver: RecordReceiver, made: RecordBatch) -> RecordBatch:
    (message,) = Messages().take(b"".join(sender.message(made)))
    assert message.kind is Kind.RECORDS
    return receiver.batch(message.body)


def test_records_arrive_as_they_were() -> None:
    made = batch(3, is_ours=np.array([True, False, True]))
    got = through(RecordSender(), RecordReceiver(), made)
    assert list(got.records()) == list(made.records())
    assert got.words.dissections == [TLS]


def test_only_what_is_new_in_the_vocabulary_is_sent_again() -> None:
    sender, receiver = RecordSender(), RecordReceiver()
    words = vocabulary()
    through(sender, receiver, batch(1, words))
    words.dissections.append(NOTHING)
    second = batch(1, words, dissection=np.array([1], np.uint32))
    again = b"".join(sender.message(second))
    assert len(again) < len(b"".join(RecordSender().message(second)))
    (message,) = Messages().take(again)
    got = receiver.batch(message.body)
    assert (got.words.cameras, got.words.dissections) == ([CAMERA], [TLS, NOTHING])


def test_a_new_vocabulary_begins_anew() -> None:
    sender, receiver = RecordSender(), RecordReceiver()
    first = through(sender, receiver, batch(1))
    second = through(sender, receiver, batch(1))
    assert first.words is not second.words
    assert second.words.cameras == [CAMERA]


@pytest.mark.parametrize(
    ("column", "value"),
    [("camera", 1), ("party", 9), ("verdict", 1), ("dissection", 7), ("scope", 99), ("outcome", 9)],
)
def test_an_index_to_nothing_is_refused(column: str, value: int) -> None:
    dtype = columns_of(RecordBatch)[column][0]
    changed: dict[str, Any] = {column: np.array([value], dtype)}
    made = batch(1, **changed)
    with pytest.raises(WireError, match=column):
        through(RecordSender(), RecordReceiver(), made)


def records_body(told: dict[str, Any], rows: int = 0) -> memoryview:
    words = orjson.dumps(told)
    return memoryview(struct.pack("=II", rows, len(words)) + words)


EMPTY: dict[str, Any] = {
    "new": True, "cameras": [], "parties": [], "verdicts": [], "dissections": [],
}  # fmt: skip


@pytest.mark.parametrize(
    "told",
    [
        {},
        {**EMPTY, "cameras": 7},
        {**EMPTY, "cameras": [["10.0.0.1"]]},
        {**EMPTY, "cameras": [[1, *CAMERA[1:]]]},
        {**EMPTY, "verdicts": [["no-purpose", "high", []]]},
        {**EMPTY, "verdicts": [["dns", "high", [["a", "b", 3]]]]},
        {**EMPTY, "dissections": [["tls", "facts", []]]},
        {**EMPTY, "parties": [["a", "b", "CN", "asn", "", "", "", "", ""]]},
    ],
)
def test_a_vocabulary_of_other_things_is_refused(told: dict[str, Any]) -> None:
    body = wire.as_json(told)
    with pytest.raises(WireError):
        RecordReceiver().batch(memoryview(struct.pack("=II", 0, len(body)) + body))


@pytest.mark.parametrize("body", [b"", b"\x01", struct.pack("=II", 5, 2) + b"{}", b"\0" * 7])
def test_records_that_are_cut_are_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        RecordReceiver().batch(memoryview(body))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_wait(data: bytes) -> None:
    try:
        for message in Messages().take(data):
            if message.kind is Kind.RECORDS:
                RecordReceiver().batch(message.body)
            else:
                wire.plain(message.body)
    except WireError:
        pass


def cut(data: bytes, at: list[int]) -> Iterator[bytes]:
    begin = 0
    for end in [*sorted(at), len(data)]:
        yield data[begin:end]
        begin = max(begin, end)


@given(st.lists(st.integers(0, 400), max_size=6))
def test_messages_do_not_depend_on_how_the_stream_is_cut(at: list[int]) -> None:
    stream = b"".join(
        b"".join(wire.packed(kind, wire.as_json({"number": number})))
        for number, kind in enumerate((Kind.STATUS, Kind.REFUSED, Kind.GOODBYE))
    )
    messages = Messages()
    got = [message for part in cut(stream, at) for message in messages.take(part)]
    assert [(m.kind, wire.plain(m.body)["number"]) for m in got] == [
        (Kind.STATUS, 0),
        (Kind.REFUSED, 1),
        (Kind.GOODBYE, 2),
    ]


def test_a_message_that_cannot_be_is_refused_at_its_header() -> None:
    for header in (struct.pack("=IB", 0, 2), struct.pack("=IB", 1 << 31, 2), b"\x02\0\0\0\x63"):
        with pytest.raises(WireError):
            list(Messages().take(header))


def test_odd_text_is_sent_with_a_mark_instead_of_not_at_all() -> None:
    assert orjson.loads(wire.as_json({"a": ["x\udc80y"]})) == {"a": ["x?y"]}


def test_a_device_arrives_as_it_was() -> None:
    assert wire.device(orjson.loads(wire.as_json(CAMERA))) == CAMERA
    with pytest.raises(WireError):
        wire.device(["10.0.0.1"])
