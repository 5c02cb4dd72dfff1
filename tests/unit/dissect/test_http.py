import base64

import pytest

from monitor.dissect.http import DISSECTORS, dissect, dissect_http2
from monitor.dissect.secrets import hide_secrets
from monitor.model.facts import Dissection
from tests.support.payloads_names import tcp

GET = b"GET /a/b?x=1 HTTP/1.1\r\nHost: Api.Example.com:8080\r\nUser-Agent: cam/1.0\r\n\r\n"


def told(orig: bytes = b"", resp: bytes = b"", port: int = 80) -> Dissection:
    found = dissect(tcp(orig, resp, port))
    assert found is not None
    assert found.service == "http"
    return found


def test_a_request_tells_method_host_path_and_agent_on_any_port() -> None:
    assert [tuple(fact) for fact in told(GET, port=20000).facts] == [
        ("http.method", "GET"),
        ("http.host", "api.example.com"),
        ("http.path", "/a/b?x=1"),
        ("http.user_agent", "cam/1.0"),
    ]


def test_the_body_of_a_request_is_told_by_type_length_and_magic() -> None:
    found = told(
        b"POST /up HTTP/1.1\r\nHost: s.example\r\nContent-Type: image/JPEG; q=1\r\n"
        b"Content-Length: 9000\r\n\r\n\xff\xd8\xff\xe0rest"
    )
    assert found.first("http.content_type") == "image/jpeg"
    assert found.first("http.content_length") == "9000"
    assert found.first("http.request_magic") == "jpeg"


def test_a_response_tells_server_type_realm_and_magic() -> None:
    found = told(
        resp=b"HTTP/1.1 200 OK\r\nServer: DNVRS-Webs\r\nContent-Type: application/octet-stream\r\n"
        b"Content-Length: 70000\r\n\r\n\x27\x05\x19\x56firmware"
    )
    assert [tuple(fact) for fact in found.facts] == [
        ("http.status", "200"),
        ("http.server", "DNVRS-Webs"),
        ("http.response_type", "application/octet-stream"),
        ("http.response_length", "70000"),
        ("http.body_magic", "uimage"),
    ]


def test_a_challenge_tells_its_realm() -> None:
    found = told(
        GET, b'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="IP Cam", qop="a"\r\n\r\n'
    )
    assert found.first("http.realm") == "IP Cam"


def test_a_download_tells_its_file_name() -> None:
    found = told(
        resp=b'HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename="digicap.dav"\r\n\r\n'
        b"\xe9\x9a\xf7\xb6"
    )
    assert found.first("http.filename") == "digicap.dav"
    assert found.first("http.body_magic") == "hikvision-firmware"


def test_a_redirect_tells_where_to() -> None:
    found = told(GET, b"HTTP/1.0 302 Found\r\nLocation: https://u.example/fw?token=abc\r\n\r\n")
    assert found.first("http.location") == "https://u.example/fw?token=***"


@pytest.mark.parametrize(
    ("value", "credential"),
    [
        (b"Basic " + base64.b64encode(b"admin:hunter2"), "http-basic user=admin"),
        (b'Digest username="root", realm="x", response="hunter2"', "http-digest user=root"),
        (b"Bearer hunter2", "http-bearer"),
        (b"Basic !!!!", "http-basic"),
    ],
)
def test_a_sign_in_is_told_without_its_secret(value: bytes, credential: str) -> None:
    found = told(b"GET / HTTP/1.1\r\nHost: c\r\nAuthorization: " + value + b"\r\n\r\n")
    assert found.all("credential") == (credential,)
    assert not any("hunter2" in fact.value for fact in found.facts)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/cgi?user=a&pwd=x1&z=2", "/cgi?user=a&pwd=***&z=2"),
        ("/snap.cgi?loginuse=a&loginpas=x1", "/snap.cgi?loginuse=a&loginpas=***"),
        ("/x?access_token=abc#f", "/x?access_token=***#f"),
        ("/l?pw=x1", "/l?pw=***"),
        ("/l?access_key=x1&apikey=x2&n=3", "/l?access_key=***&apikey=***&n=3"),
        ("/l?auth=x1&sign=x2&sessionid=x3&seq=4", "/l?auth=***&sign=***&sessionid=***&seq=4"),
        (
            "/user=a_password=x_1_channel=2_stream=0.sdp",
            "/user=a_password=***_channel=2_stream=0.sdp",
        ),
        ("/user=a&password=x1&channel=2", "/user=a&password=***&channel=2"),
        ("/x?model=C1&fw_ver=1.2&mac=aa&uid=b", "/x?model=C1&fw_ver=1.2&mac=aa&uid=b"),
        ("http://cam:x1@10.0.0.1/a?b=1", "http://10.0.0.1/a?b=1"),
        ("/cb#id_token=x1", "/cb#***"),
        ("/pass=1/x", "/pass=***/x"),
    ],
)
def test_secrets_in_a_query_are_starred_out(path: str, shown: str) -> None:
    assert hide_secrets(path) == shown


def test_a_sign_in_by_query_is_told() -> None:
    found = told(b"GET /c.cgi?user=admin&pwd=hunter2 HTTP/1.1\r\nHost: c\r\n\r\n")
    assert found.first("credential") == "http-query user=admin"
    assert found.first("http.path") == "/c.cgi?user=admin&pwd=***"


def test_a_sign_in_inside_soap_is_told_without_its_digest() -> None:
    """As ONVIF clients do it."""
    body = (
        b'<s:Envelope><s:Header><Security><UsernameToken Id="1"><Username>admin</Username>'
        b"<Password>hunter2</Password></UsernameToken></Security></s:Header></s:Envelope>"
    )
    found = told(
        b"POST /onvif/device_service HTTP/1.1\r\nContent-Type: application/soap+xml\r\n"
        b"Content-Length: 200\r\n\r\n" + body
    )
    assert found.first("credential") == "http-wsse user=admin"
    assert not any("hunter2" in fact.value for fact in found.facts)


def test_a_proxied_request_gives_the_host_of_its_uri() -> None:
    found = told(b"GET http://u:hunter2@Fw.example:81/a HTTP/1.1\r\nHost: proxy\r\n\r\n")
    assert found.all("http.host") == ("fw.example",)
    assert found.first("http.path") == "/a"
    assert found.first("credential") == "http-url user=u"
    assert not any("hunter2" in fact.value for fact in found.facts)


def test_a_tunnel_tells_its_host_and_what_follows_is_not_read_as_http() -> None:
    found = told(b"CONNECT outer.example:443 HTTP/1.1\r\n\r\n" + GET)
    assert found.all("http.host") == ("outer.example",)
    assert found.all("http.path") == ()


def test_a_websocket_upgrade_is_told_once() -> None:
    found = told(
        b"GET /ws HTTP/1.1\r\nHost: w.example\r\nUpgrade: websocket\r\n\r\n\x81\x85abcd",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    )
    assert found.all("http.upgrade") == ("websocket",)
    assert found.first("http.status") == "101"


def test_four_requests_of_a_stream_are_read_and_no_more() -> None:
    requests = [
        b"POST /%d HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" % number
        for number in range(6)
    ]
    assert told(b"".join(requests)).all("http.path") == ("/0", "/1", "/2", "/3")


def test_a_chunked_body_is_stepped_over() -> None:
    chunked = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    assert told(chunked + GET).all("http.path") == ("/a", "/a/b?x=1")


def test_the_magic_of_a_chunked_body_stands_behind_the_chunk_size() -> None:
    found = told(resp=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\nhsqs....")
    assert found.first("http.body_magic") == "squashfs"


def test_an_interim_response_is_followed_by_the_real_one() -> None:
    found = told(GET, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
    assert found.all("http.status") == ("100", "204")


def test_control_bytes_in_a_path_are_spelled_out() -> None:
    found = told(b"GET /a\x00\x1bb HTTP/1.1\r\nHost: h\r\n\r\n")
    assert found.first("http.path") == "/a\\x00\\x1bb"


def test_a_long_path_is_cut() -> None:
    found = told(b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: h\r\n\r\n")
    assert len(found.first("http.path")) == 512


def test_a_head_cut_by_the_capture_says_so() -> None:
    found = told(GET[:-10])
    assert found.first("http.host") == "api.example.com"
    assert found.weirds == ("http_head_cut",)


def test_a_length_that_is_no_number_is_a_weird() -> None:
    found = told(b"POST / HTTP/1.1\r\nContent-Length: 12x\r\n\r\n")
    assert found.weirds == ("http_content_length_bad",)


def test_an_ipv6_host_loses_brackets_and_port() -> None:
    assert told(b"GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n").first("http.host") == (
        "2001:db8::1"
    )


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        b"GET",
        b"GET / RTSP/1.0\r\n\r\n",
        b"OPTIONS rtsp://c/ RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        b"OPTIONS sip:a@b SIP/2.0\r\n\r\n",
        b"HELLO world\r\n",
        b"RTSP/1.0 200 OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"GET /half RTS",
    ],
)
def test_other_protocols_in_text_are_refused(stream: bytes) -> None:
    assert dissect(tcp(stream)) is None


def test_the_preface_of_http2_is_http2() -> None:
    found = dissect_http2(tcp(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x12\x04"))
    assert found == Dissection("http2")
    assert dissect_http2(tcp(b"PRI * HTTP/2.0\r\n")) is None


def test_every_kind_of_fact_that_comes_is_declared() -> None:
    declared = {kind.kind for dissector in DISSECTORS for kind in dissector.facts}
    found = told(
        b"POST http://u@h/?user=a&pwd=b HTTP/1.1\r\nUser-Agent: x\r\nContent-Type: a/b\r\n"
        b"Content-Length: 4\r\nUpgrade: h2c\r\n\r\nPK\x03\x04",
        b"HTTP/1.1 302 x\r\nServer: s\r\nContent-Type: a/b\r\nContent-Length: 4\r\n"
        b"Content-Disposition: inline; filename=f\r\n"
        b'Location: /x\r\nWWW-Authenticate: Basic realm="r"\r\n\r\nhsqs',
    )
    assert {fact.kind for fact in found.facts} == declared
