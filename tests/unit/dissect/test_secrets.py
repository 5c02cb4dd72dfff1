"""No protocol keeps a secret, whichever way it crosses the wire."""

import base64

import pytest

from monitor.dissect.registry import Registry
from monitor.model.facts import Conversation

SECRET = b"s3cr3tXYZ"
FORM = b"user=admin&password=" + SECRET
JSON = b'{"user":"admin","password":"' + SECRET + b'"}'


def b64(plain: bytes) -> bytes:
    return base64.b64encode(plain)


def get(path: bytes, *headers: bytes) -> bytes:
    lines = b"".join(line + b"\r\n" for line in (b"Host: cam.example", *headers))
    return b"GET " + path + b" HTTP/1.1\r\n" + lines + b"\r\n"


def post(kind: bytes, body: bytes) -> bytes:
    return (
        b"POST /login HTTP/1.1\r\nHost: cam.example\r\nContent-Type: application/" + kind
        + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    )  # fmt: skip


def describe(address: bytes, *headers: bytes) -> bytes:
    lines = b"".join(line + b"\r\n" for line in (b"CSeq: 1", *headers))
    return b"DESCRIBE " + address + b" RTSP/1.0\r\n" + lines + b"\r\n"


PAYLOADS = {
    "http basic": (80, get(b"/", b"Authorization: Basic " + b64(b"admin:" + SECRET))),
    "http bearer": (80, get(b"/", b"Authorization: Bearer " + SECRET)),
    "http header": (80, get(b"/", b"X-Auth-Token: " + SECRET)),
    "http cookie": (80, get(b"/", b"Cookie: pwd=" + SECRET)),
    "http query": (80, get(b"/p.cgi?cmd=x&usr=admin&pwd=" + SECRET)),
    "http query of Foscam": (80, get(b"/s.cgi?loginuse=admin&loginpas=" + SECRET)),
    "http key": (80, get(b"/l?access_key=" + SECRET + b"&sign=" + SECRET)),
    "http odd names": (80, get(b"/x?psk=" + SECRET + b"&passcode=" + SECRET + b"&pin=" + SECRET)),
    "http more names": (
        80,
        get(b"/x?jwt=" + SECRET + b"&authinfo=" + SECRET + b"&pass1=" + SECRET),
    ),
    "http brackets": (80, get(b"/x?user[password]=" + SECRET + b"&u%5Bpassword%5D=" + SECRET)),
    "http json in query": (80, get(b'/x?param={"password":"' + SECRET + b'"}')),
    "http semicolons": (80, get(b"/x?user=a;pwd=" + SECRET + b";" + SECRET)),
    "http password with one": (80, get(b"/x?user=a&pwd=ab;" + SECRET)),
    "http bare token": (80, get(b"/", b"Authorization: " + SECRET)),
    "http scheme nobody knows": (80, get(b"/", b"Authorization: " + SECRET + b" x")),
    "http location": (
        80,
        b"HTTP/1.1 302 Found\r\nLocation: http://a:" + SECRET + b"@10.0.0.1/x\r\n\r\n",
    ),
    "http fragment": (
        80,
        b"HTTP/1.1 302 Found\r\nLocation: /x#access_token=" + SECRET + b"\r\n\r\n",
    ),
    "rtsp slash in password": (554, describe(b"rtsp://admin:12345/" + SECRET + b"@10.0.0.1/")),
    "http path": (80, get(b"/user=admin_password=" + SECRET + b"_channel=1")),
    "http address": (80, get(b"http://admin:" + SECRET + b"@cam.example/x")),
    "http host": (80, b"GET / HTTP/1.1\r\nHost: admin:" + SECRET + b"@cam.example\r\n\r\n"),
    "http form": (80, post(b"x-www-form-urlencoded", FORM)),
    "http json": (80, post(b"json", JSON)),
    "rtsp address": (554, describe(b"rtsp://admin:" + SECRET + b"@10.0.0.1:554/live")),
    "rtsp query": (554, describe(b"rtsp://10.0.0.1/cam?user=admin&passwd=" + SECRET)),
    "rtsp path": (554, describe(b"rtsp://10.0.0.1/user=a_password=" + SECRET + b"_channel=1.sdp")),
    "rtsp basic": (
        554,
        describe(b"rtsp://10.0.0.1/", b"Authorization: Basic " + b64(b"admin:" + SECRET)),
    ),
    "ftp": (21, b"USER admin\r\nPASS " + SECRET + b"\r\n"),
    "smtp plain": (25, b"EHLO x\r\nAUTH PLAIN " + b64(b"\0cam\0" + SECRET) + b"\r\n"),
    "smtp login": (
        25,
        b"EHLO x\r\nAUTH LOGIN\r\n" + b64(b"cam") + b"\r\n" + b64(SECRET) + b"\r\n",
    ),
    "telnet": (23, b"admin\r\n" + SECRET + b"\r\n"),
    "pop3": (110, b"USER cam\r\nPASS " + SECRET + b"\r\n"),
    "imap": (143, b"a1 LOGIN cam " + SECRET + b"\r\n"),
    "irc": (6667, b"PASS " + SECRET + b"\r\nNICK x\r\nUSER x x x :x\r\n"),
    "sip": (
        5060,
        b"REGISTER sip:admin:" + SECRET + b"@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n"
        b"From: <sip:a@b>\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n\r\n",
    ),
    "dhip": (
        37777,
        b'{"method":"global.login","params":{"userName":"a","password":"' + SECRET + b'"}}',
    ),
}


@pytest.mark.parametrize("name", PAYLOADS)
@pytest.mark.parametrize("is_answer", [False, True])
def test_a_secret_is_not_in_what_is_told(name: str, is_answer: bool) -> None:
    port, payload = PAYLOADS[name]
    sides = ((get(b"/"),), (payload,)) if is_answer else ((payload,), ())
    # Parts of what is told are in lower case.
    told = repr(Registry().dissect(Conversation(6, 40000, port, *sides))).lower()
    for form in (SECRET, b64(SECRET), b64(b"admin:" + SECRET), b64(b"\0cam\0" + SECRET)):
        assert form.decode().rstrip("=").lower() not in told
