"""RTSP: video asked of a camera, or pushed out by one."""

import base64
import binascii
import re
from collections.abc import Iterator

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.secrets import hide_secrets, user_in_path
from monitor.dissect.wire import distinct, first_piece, header_lines, text
from monitor.model.facts import Conversation, Dissection, Fact

_REQUEST = re.compile(
    rb"(OPTIONS|DESCRIBE|SETUP|PLAY|PAUSE|TEARDOWN|ANNOUNCE|RECORD|GET_PARAMETER|SET_PARAMETER|"
    rb"REDIRECT) (rtsps?://[\x21-\x7e]{1,512}|\*|[/\x21-\x7e]{1,512}) RTSP/[12]\.\d\r?\n"
)
_ANSWER = re.compile(rb"RTSP/[12]\.\d (\d{3}) [^\r\n]{0,64}\r?\n")
_URL = re.compile(
    r"rtsps?://(?:([^:@/]{1,64})(?::[^/]*)?@)?([^@:/?]{1,96}(?::\d{1,5})?)(/[^?@]*)?(?:\?|$)"
)
"""Of a password with a slash nothing is told: what follows the slash would be taken for a path."""
_QUOTED = re.compile(r'(\w+)="([^"]{0,128})"')
_PUSH = frozenset({"ANNOUNCE", "RECORD"})
_MOST_STREAM = 16384


def user_of(authorization: str) -> str:
    """Return the user name of an Authorization header (Basic or Digest), never the secret."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            plain = base64.b64decode(rest[: len(rest) // 4 * 4], validate=True)
        except (binascii.Error, ValueError):
            return ""
        return text(plain.split(b":", 1)[0])
    quoted = dict(_QUOTED.findall(authorization))
    return str(quoted.get("username", ""))[:64] if scheme.lower() == "digest" else ""


def _heads(stream: bytes) -> Iterator[bytes]:
    """Yield every request of the stream, from its request line on; interleaved media is passed."""
    for match in _REQUEST.finditer(stream[:_MOST_STREAM]):
        yield stream[match.start() : match.start() + 4096]


def _facts(requests: list[bytes], answer: bytes) -> list[Fact]:
    lines = [m for m in map(_REQUEST.match, requests) if m]
    methods = [text(m[1]) for m in lines]
    headers = [header_lines(head) for head in requests[:16]]
    urls = [u for u in (_URL.match(text(m[2], 512)) for m in lines) if u]
    facts = distinct("rtsp.method", methods)
    if _PUSH & set(methods):
        facts.append(Fact("rtsp.direction", "push"))
    facts += distinct("rtsp.host", (u[2] for u in urls))
    facts += distinct("rtsp.path", (hide_secrets(u[3] or "/")[:128] for u in urls))
    facts += distinct("rtsp.agent", (h.get("user-agent", "") for h in headers))
    answered = header_lines(answer)
    status = _ANSWER.match(answer)
    if status:
        facts.append(Fact("rtsp.status", text(status[1])))
    facts += distinct("rtsp.server", [answered.get("server", "")])
    challenge = dict(_QUOTED.findall(_challenge(answer)))
    facts += distinct("rtsp.realm", [challenge.get("realm", "")])
    users = [
        *(user_of(h.get("authorization", "")) for h in headers),
        *(u[1] or user_in_path(u[3] or "") for u in urls),
    ]
    facts += distinct("credential", (f"rtsp user={user}" for user in users if user))
    return facts


def _challenge(stream: bytes) -> str:
    at = stream[:_MOST_STREAM].find(b"WWW-Authenticate:")
    return text(stream[at : at + 400].split(b"\r", 1)[0], 300) if at >= 0 else ""


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if not data or data[0] not in _FIRST:
        return None
    if not _REQUEST.match(data) and not _ANSWER.match(data):
        return None
    # A camera may be asked over a connection that it opened itself: requests come from both sides.
    requests = list(_heads(conversation.orig_first)) + list(_heads(conversation.resp_first))
    answer = conversation.resp_first
    if not _ANSWER.match(answer):
        answer = data if _ANSWER.match(data) else answer
    return Dissection("rtsp", tuple(_facts(requests, answer)))


_FIRST = frozenset(b"ODSPTARGS")

DISSECTOR = Dissector(
    service="rtsp",
    title="Real-Time Streaming Protocol",
    transports=frozenset({TCP, UDP}),
    first_bytes=_FIRST,
    dissect=_dissect,
    ports=frozenset({554, 8554, 10554}),
    rank=15,
    how="request line METHOD address RTSP/1.0 or 2.0, or status line RTSP/1.0 and three digits",
    facts=(
        FactKind("rtsp.method", "OPTIONS, DESCRIBE, SETUP, PLAY, ANNOUNCE, RECORD, ..."),
        FactKind("rtsp.direction", "push, when ANNOUNCE or RECORD sends video out"),
        FactKind("rtsp.host", "Host of the address"),
        FactKind("rtsp.path", "Path of the address, without its query"),
        FactKind("rtsp.agent", "User-Agent of the requests"),
        FactKind("rtsp.status", "First status code of the answers"),
        FactKind("rtsp.server", "Server of the first answer"),
        FactKind("rtsp.realm", "Realm of the first challenge; often names the maker"),
        FactKind("credential", "User name of the requests"),
    ),
    source="RFC 2326 §6, RFC 7826",
)
