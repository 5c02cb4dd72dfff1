"""MQTT 3.1, 3.1.1 and 5: the message channel of very many cameras."""

from collections.abc import Iterator
from itertools import islice

from monitor.dissect.base import TCP, Dissector, FactKind
from monitor.dissect.wire import MOST_VALUES, distinct, text
from monitor.model.facts import Conversation, Dissection, Fact

_LEVELS = {(b"MQTT", 4): "3.1.1", (b"MQTT", 5): "5", (b"MQIsdp", 3): "3.1"}
_MOST_PACKETS = 32


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a variable byte integer and the offset after it; -1 when it is cut or too long."""
    value = 0
    for step in range(4):
        if at + step >= len(data):
            break
        byte = data[at + step]
        value |= (byte & 0x7F) << 7 * step
        if byte < 0x80:
            return value, at + step + 1
    return -1, at


def _field(data: bytes, at: int) -> tuple[bytes, int]:
    """Return a length-prefixed field and the offset after it; -1 when it does not fit."""
    end = at + 2 + int.from_bytes(data[at : at + 2])
    return (data[at + 2 : end], end) if at >= 0 and at + 2 <= end <= len(data) else (b"", -1)


def packets(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield first byte and body of the whole control packets at the start of a stream."""
    at = 0
    while at < len(stream):
        size, body_at = _varint(stream, at + 1)
        if size < 0 or body_at + size > len(stream):
            return
        yield stream[at], stream[body_at : body_at + size]
        at = body_at + size


def _skip_properties(body: bytes, at: int, *, is_5: bool) -> int:
    if not is_5 or at < 0:
        return at
    size, after = _varint(body, at)
    return after + size if 0 <= size <= len(body) - after else -1


def _connect(body: bytes) -> list[Fact] | None:
    """Read a CONNECT (MQTT 3.1.1 §3.1); None unless all its parts fit and fill it."""
    name, at = _field(body, 0)
    if at < 0 or at + 4 > len(body):
        return None
    level, flags = body[at], body[at + 1]
    version = _LEVELS.get((name, level & 0x7F))
    if version is None or flags & 1 or flags >> 3 & 3 == 3:
        return None
    keep_alive = int.from_bytes(body[at + 2 : at + 4])
    at = _skip_properties(body, at + 4, is_5=level == 5)
    client, at = _field(body, at)
    if flags & 0x04:
        at = _skip_properties(body, at, is_5=level == 5)
        _, at = _field(body, at)
        _, at = _field(body, at)
    user = b""
    if flags & 0x80:
        user, at = _field(body, at)
    if flags & 0x40:
        _, at = _field(body, at)
    if at != len(body):
        return None
    facts = [Fact("mqtt.version", version), Fact("mqtt.keep_alive", str(keep_alive))]
    if client:
        facts.append(Fact("mqtt.client", text(client)))
    if user:
        facts.append(Fact("credential", f"mqtt user={text(user)}"))
    return facts


def _subscribed(body: bytes, *, is_5: bool) -> Iterator[str]:
    at = _skip_properties(body, 2, is_5=is_5)
    while 0 <= at < len(body):
        topic, at = _field(body, at)
        if at < 0 or at >= len(body) or body[at] & 0xC0:
            return
        yield text(topic, 96)
        at += 1


def _published(kind: int, body: bytes) -> str:
    topic, at = _field(body, 0)
    return text(topic, 96) if at > 0 and kind & 0x06 != 0x06 else ""


def _dissect(conversation: Conversation) -> Dissection | None:
    stream = conversation.orig_first
    if stream[:1] != b"\x10":
        return None
    found = list(islice(packets(stream), _MOST_PACKETS))
    if not found:
        return None
    facts = _connect(found[0][1])
    if facts is None:
        return None
    is_5 = facts[0].value == "5"
    answers = list(islice(packets(conversation.resp_first), _MOST_PACKETS))
    if answers and answers[0][0] == 0x20 and len(answers[0][1]) >= 2:
        facts.append(Fact("mqtt.answer", str(answers[0][1][1])))
    client = next((fact.value for fact in facts if fact.kind == "mqtt.client"), "")
    topics = (t for k, body in found if k == 0x82 for t in _subscribed(body, is_5=is_5))
    facts += _topics("mqtt.subscribe", islice(topics, 2 * MOST_VALUES), client)
    published = (_published(k, body) for k, body in (*found, *answers) if k >> 4 == 3)
    facts += _topics("mqtt.publish", published, client)
    return Dissection("mqtt", tuple(facts))


def _topics(kind: str, topics: Iterator[str], client: str) -> list[Fact]:
    """Return topics as facts; the client's own identifier in them says nothing about purpose."""
    if len(client) >= 6:
        topics = (topic.replace(client, "<client>") for topic in topics)
    return distinct(kind, topics)


DISSECTOR = Dissector(
    service="mqtt",
    title="MQTT",
    transports=frozenset({TCP}),
    first_bytes=frozenset({0x10}),
    dissect=_dissect,
    ports=frozenset({1883}),
    rank=20,
    how="CONNECT with the protocol name MQTT or MQIsdp and its level, all of whose fields fit and "
    "fill it",
    facts=(
        FactKind("mqtt.version", "3.1, 3.1.1 or 5"),
        FactKind("mqtt.keep_alive", "Keep-alive time in seconds"),
        FactKind("mqtt.client", "Client identifier"),
        FactKind("mqtt.answer", "Return or reason code of the CONNACK; 0: accepted"),
        FactKind("mqtt.subscribe", "First topic filters subscribed to"),
        FactKind("mqtt.publish", "First topics published to, by either side"),
        FactKind("credential", "User name of the CONNECT"),
    ),
    source="OASIS MQTT 3.1.1 §3.1, MQTT 5.0 §3.1, MQTT 3.1",
)
