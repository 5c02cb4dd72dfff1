"""HTTP/1 requests and responses on any TCP port, and the preface of HTTP/2 in clear."""

import base64
import binascii
import functools
import re
from collections.abc import Callable

from monitor.dissect.base import TCP, Dissector, FactKind
from monitor.dissect.http_head import (
    Head,
    body_end,
    body_start,
    clean,
    number,
    read_head,
)
from monitor.dissect.magic import body_magic
from monitor.dissect.secrets import hide_secrets, user_in_path
from monitor.dissect.text import host_of, safe
from monitor.model.facts import Conversation, Dissection, Fact

MAX_MESSAGES = 4
"""Messages read of one side of a connection."""

MAX_PATH = 512
MEMO_SIZE = 4096

_REPEATED = 512
"""Bytes of the longest head that is remembered whole."""

_USER = re.compile(
    r"[?&;](?:user|username|usr|loginuse|login|account)=([^&;#]{1,64})", re.IGNORECASE
)
_AUTHORITY = re.compile(rb"[a-zA-Z][a-zA-Z0-9+.-]{1,15}://([^/?#]*)")
_SCHEMES = frozenset(
    ("bearer", "negotiate", "ntlm", "hmac", "token", "oauth", "hawk", "wsse", "aws4-hmac-sha256")
)
"""Beside basic and digest: IANA's register of authentication schemes, and what clouds use."""

_DIGEST_USER = re.compile(r'username="?([^",]{1,64})', re.IGNORECASE)
_FILENAME = re.compile(r"filename\*?=\"?([^\";]{1,128})", re.IGNORECASE)
_TOKEN_USER = re.compile(rb"UsernameToken.{0,256}?<(?:\w{1,16}:)?Username>([^<]{1,64})<", re.DOTALL)
_REALM = re.compile(r'realm="?([^"]{1,128})', re.IGNORECASE)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""First bytes of an HTTP/2 client, RFC 9113 §3.4."""


def _host(value: bytes) -> str:
    """Return the host of an authority: without port, brackets and case."""
    if value.startswith(b"["):
        return host_of(value[1:].partition(b"]")[0])
    return host_of(value.partition(b":")[0])


def _credential(value: str) -> str:
    """Return kind and user of an Authorization field, never its secret, RFC 7617, RFC 7616."""
    scheme, _, rest = value.partition(" ")
    scheme = clean(scheme, 32).lower()
    user = ""
    if scheme == "basic":
        try:
            raw = base64.b64decode(rest.strip()[:256] + "==")
        except (binascii.Error, ValueError):
            raw = b""
        user = safe(raw.partition(b":")[0], 64) if b":" in raw else ""
    elif scheme == "digest":
        found = _DIGEST_USER.search(rest[:1024])
        user = clean(found.group(1), 64) if found else ""
    elif scheme not in _SCHEMES:
        # A word that nobody knows may be the secret itself.
        return "http-other"
    return f"http-{scheme} user={user}" if user else f"http-{scheme}"


Facts = tuple[Fact, ...]


def _some(kind: str, value: str) -> Facts:
    """Return a fact that has a value."""
    return (Fact(kind, value),) if value else ()


@functools.lru_cache(maxsize=MEMO_SIZE)
def _target_facts(method: str, target: bytes, host: str) -> Facts:
    """Return method, host and path of a request; the URI's authority goes before the field."""
    authority = b""
    if method == "CONNECT":
        authority, target = target, b""
    elif target[:1] not in {b"/", b"*"} and (found := _AUTHORITY.match(target)):
        authority, target = found.group(1), target[found.end() :] or b"/"
    user, at, name = authority.rpartition(b"@")
    path = safe(target, MAX_PATH)
    shown = hide_secrets(path)
    facts = [
        *_some("http.method", method),
        *_some("http.host", _host(name or host.encode("latin-1"))),
        *_some("http.path", shown),
    ]
    if at:
        facts.append(Fact("credential", f"http-url user={safe(user.partition(b':')[0], 64)}"))
    if shown != path and (found_user := _USER.search(path)):
        facts.append(Fact("credential", f"http-query user={found_user.group(1)}"))
    elif in_path := user_in_path(path):
        facts.append(Fact("credential", f"http-path user={in_path}"))
    return tuple(facts)


def _field(kind: str, limit: int) -> Callable[[str], Facts]:
    return lambda value: _some(kind, clean(value, limit))


def _media_type(kind: str) -> Callable[[str], Facts]:
    return lambda value: _some(kind, clean(value.partition(";")[0].strip(), 128).lower())


def _length(kind: str) -> Callable[[str], Facts]:
    return lambda value: _some(kind, str(number(value))) if number(value) >= 0 else ()


def _filename(value: str) -> Facts:
    found = _FILENAME.search(value)
    return _some("http.filename", clean(found.group(1), 128)) if found else ()


def _realm(value: str) -> Facts:
    found = _REALM.search(value)
    return _some("http.realm", clean(found.group(1), 128)) if found else ()


_IN_REQUEST: dict[str, Callable[[str], Facts]] = {
    "user-agent": _field("http.user_agent", 256),
    "content-type": _media_type("http.content_type"),
    "content-length": _length("http.content_length"),
    "upgrade": _field("http.upgrade", 32),
    "authorization": lambda value: _some("credential", _credential(value)),
    "proxy-authorization": lambda value: _some("credential", _credential(value)),
}

_IN_RESPONSE: dict[str, Callable[[str], Facts]] = {
    "server": _field("http.server", 128),
    "content-type": _media_type("http.response_type"),
    "content-length": _length("http.response_length"),
    "upgrade": _field("http.upgrade", 32),
    "www-authenticate": _realm,
    "content-disposition": _filename,
    "location": lambda value: _some("http.location", hide_secrets(clean(value, MAX_PATH))),
}


@functools.lru_cache(maxsize=MEMO_SIZE)
def _field_facts(is_request: bool, name: str, value: str) -> Facts:
    """Return what one header field tells; the same few values come again and again."""
    told = (_IN_REQUEST if is_request else _IN_RESPONSE).get(name)
    return told(value) if told else ()


def _head_facts(head: Head) -> list[Fact]:
    fields = head.fields
    if head.method:
        target = head.target[: 2 * MAX_PATH]
        facts = [*_target_facts(head.method, target, fields.get("host", ""))]
    else:
        facts = [Fact("http.status", head.status)]
    for name, value in fields.items():
        facts += _field_facts(bool(head.method), name, value)
    return facts


@functools.lru_cache(maxsize=MEMO_SIZE)
def _whole_head(data: bytes) -> tuple[Head, Facts] | None:
    """Return a head that is all of `data`, and its facts; None where it is none."""
    head = read_head(data)
    return None if head is None else (head, tuple(_head_facts(head)))


def _told_head(stream: bytes, at: int) -> tuple[Head, Facts] | None:
    """Return the head at `at` and its facts, from memory where the same one was read before."""
    end = stream.find(b"\r\n\r\n", 0, _REPEATED) + 4
    if at == 0 and end >= 4:
        return _whole_head(stream[:end])
    head = read_head(stream, at)
    return None if head is None else (head, tuple(_head_facts(head)))


def _next_at(stream: bytes, head: Head) -> int:
    """Return where the message after `head` starts, 0 when that is unknown or the end."""
    is_interim = head.status[:1] == "1" and head.status != "101"
    at = head.body_at if is_interim else body_end(stream, head)
    while 0 < at < len(stream) and stream[at] in b"\r\n":
        at += 1
    return at if 0 < at < len(stream) else 0


def _read(stream: bytes, facts: list[Fact], weirds: list[str]) -> bool:
    """Take in the messages of one side; return whether there was any."""
    at = 0
    for count in range(MAX_MESSAGES):
        told = _told_head(stream, at)
        if told is None:
            return count > 0
        head, head_facts = told
        facts += head_facts
        if head.is_cut:
            weirds.append("http_head_cut")
        length = head.fields.get("content-length")
        if length is not None and number(length) < 0:
            weirds.append("http_content_length_bad")
        if head.body_at >= len(stream) or head.method == "CONNECT":
            break
        start = body_start(stream, head)
        kind = "http.request_magic" if head.method else "http.body_magic"
        facts += _some(kind, body_magic(stream[start : start + 1100]))
        if head.method and "xml" in head.fields.get("content-type", ""):
            # ONVIF clients sign in inside the SOAP header (OASIS WSS UsernameToken Profile §3.1).
            token = _TOKEN_USER.search(stream, start, start + 2048)
            facts += _some(
                "credential", f"http-wsse user={safe(token.group(1), 64)}" if token else ""
            )
        at = _next_at(stream, head)
        if not at:
            break
    return True


def dissect(conversation: Conversation) -> Dissection | None:
    """Return what requests and responses show, or None when the bytes are not HTTP/1.

    Requests and responses are told apart by their start line, not by who spoke first.
    """
    facts: list[Fact] = []
    weirds: list[str] = []
    orig, resp = conversation.orig, conversation.resp
    is_orig = bool(orig) and _read(orig[0], facts, weirds)
    is_resp = bool(resp) and _read(resp[0], facts, weirds)
    if not (is_orig or is_resp):
        return None
    return Dissection("http", tuple(dict.fromkeys(facts)), tuple(dict.fromkeys(weirds)))


def dissect_http2(conversation: Conversation) -> Dissection | None:
    """Return the service alone: header fields of HTTP/2 are compressed over the connection."""
    for stream in (conversation.orig_first, conversation.resp_first):
        if stream.startswith(PREFACE):
            return Dissection("http2")
    return None


_LETTERS = frozenset(range(ord("A"), ord("Z") + 1))

DISSECTORS = (
    Dissector(
        service="http2",
        title="HTTP/2 in clear",
        transports=frozenset((TCP,)),
        first_bytes=frozenset(b"P"),
        dissect=dissect_http2,
        rank=10,
        how="The 24 bytes of the connection preface.",
        source="RFC 9113 §3.4",
    ),
    Dissector(
        service="http",
        title="Hypertext Transfer Protocol 1",
        transports=frozenset((TCP,)),
        first_bytes=_LETTERS,
        dissect=dissect,
        ports=frozenset((80, 8000, 8080)),
        rank=35,
        how="A request line or status line of HTTP/1.0 or 1.1, from either side, on any port.",
        facts=(
            FactKind("http.method", "Method of a request"),
            FactKind("http.host", "Host asked, from the URI or the Host field, without port"),
            FactKind("http.path", "Path and query, up to 512 characters, secrets starred out"),
            FactKind("http.user_agent", "User-Agent"),
            FactKind("http.content_type", "Media type of a request's body"),
            FactKind("http.content_length", "Length of a request's body, in bytes"),
            FactKind("http.request_magic", "What a request's body starts as, such as jpeg"),
            FactKind("http.upgrade", "Protocol asked for by Upgrade, such as websocket"),
            FactKind("http.status", "Status of a response"),
            FactKind("http.server", "Server"),
            FactKind("http.response_type", "Media type of a response's body"),
            FactKind("http.response_length", "Length of a response's body, in bytes"),
            FactKind("http.realm", "Realm of an authentication challenge"),
            FactKind("http.filename", "File name that a response gives its body"),
            FactKind("http.location", "Where a response redirects to"),
            FactKind("http.body_magic", "What a response's body starts as, such as uimage"),
            FactKind("credential", "Kind and user of a sign-in seen in clear; never the secret"),
        ),
        weirds=(
            FactKind("http_head_cut", "A head of which bytes are missing"),
            FactKind("http_content_length_bad", "A Content-Length that is no number"),
        ),
        source="RFC 9110, RFC 9112, RFC 7616, RFC 7617, RFC 4918; body magics by their formats",
    ),
)
