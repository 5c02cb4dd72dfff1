import base64

import pytest

from monitor.dissect.rtsp import DISSECTOR, user_of
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_net import rtsp
from tests.support.payloads_p2p import tcp


def test_a_request_and_its_challenge_name_path_server_and_realm() -> None:
    request = rtsp(
        b"DESCRIBE", b"rtsp://192.0.2.5:554/Streaming/Channels/1?a=b", b"User-Agent: VLC"
    )
    answer = DISSECTOR.dissect(
        tcp(
            554,
            request,
            b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nServer: GStreamer\r\n"
            b'WWW-Authenticate: Digest realm="IP Camera(C1234)", nonce="1"\r\n\r\n',
        )
    )
    assert answer == Dissection(
        "rtsp",
        (
            Fact("rtsp.method", "DESCRIBE"),
            Fact("rtsp.host", "192.0.2.5:554"),
            Fact("rtsp.path", "/Streaming/Channels/1"),
            Fact("rtsp.agent", "VLC"),
            Fact("rtsp.status", "401"),
            Fact("rtsp.server", "GStreamer"),
            Fact("rtsp.realm", "IP Camera(C1234)"),
        ),
    )


def test_announce_is_a_push() -> None:
    stream = rtsp(b"ANNOUNCE", b"rtsp://stream.example/live") + b"v=0\r\n"
    stream += rtsp(b"RECORD", b"rtsp://stream.example/live")
    answer = DISSECTOR.dissect(tcp(554, stream))
    assert answer is not None
    assert answer.all("rtsp.method") == ("ANNOUNCE", "RECORD")
    assert answer.first("rtsp.direction") == "push"


@pytest.mark.parametrize(
    ("header", "user"),
    [
        ('Digest username="admin", realm="x", response="0a"', "admin"),
        ("Basic " + base64.b64encode(b"viewer:secret").decode(), "viewer"),
        ("Basic !!!!", ""),
        ("Bearer abc", ""),
        ("", ""),
    ],
)
def test_the_user_of_an_authorization_is_read_without_the_secret(header: str, user: str) -> None:
    assert user_of(header) == user


def test_the_user_in_an_address_is_a_credential_and_the_password_is_not_kept() -> None:
    answer = DISSECTOR.dissect(tcp(554, rtsp(b"OPTIONS", b"rtsp://admin:secret@192.0.2.5/1")))
    assert answer is not None
    assert answer.first("credential") == "rtsp user=admin"
    assert "secret" not in repr(answer)


def test_http_and_a_cut_request_line_are_not_rtsp() -> None:
    assert DISSECTOR.dissect(tcp(554, b"GET / HTTP/1.1\r\n\r\n")) is None
    assert DISSECTOR.dissect(tcp(554, b"OPTIONS rtsp://192.0.2.5/ RTSP/1.0")) is None


@pytest.mark.parametrize(
    ("address", "facts"),
    [
        (b"rtsp://10.0.0.1:554/user=cam_password=hunter2_channel=1_stream=0.sdp",
         [("rtsp.path", "/user=cam_password=***_channel=1_stream=0.sdp"), ("credential", "rtsp user=cam")]),
        (b"rtsp://cam:hunter2@x@10.0.0.1/a", [("rtsp.host", "10.0.0.1"), ("credential", "rtsp user=cam")]),
        (b"rtsp://cam:b/hunter2@10.0.0.1/a", []),
    ],
)  # fmt: skip
def test_a_password_in_an_address_is_never_kept(
    address: bytes, facts: list[tuple[str, str]]
) -> None:
    answer = DISSECTOR.dissect(tcp(554, rtsp(b"DESCRIBE", address), b""))
    assert answer is not None
    assert "hunter2" not in repr(answer)
    told = [(fact.kind, fact.value) for fact in answer.facts]
    assert all(fact in told for fact in facts)
    assert facts or [kind for kind, _ in told] == ["rtsp.method"]
