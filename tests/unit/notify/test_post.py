import re

import pytest

from monitor.errors import ConfigError
from monitor.notify import post
from monitor.notify.connection import Limits
from monitor.notify.receipt import Result
from tests.support.notified import free_port


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://soc.example/in", ("https", "soc.example", 443, "/in")),
        ("http://[::1]:8080", ("http", "::1", 8080, "/")),
        ("https://soc.example:8443/a?b=c%20d", ("https", "soc.example", 8443, "/a?b=c%20d")),
    ],
)
def test_an_address_is_taken_apart(url: str, address: tuple[str, str, int, str]) -> None:
    assert post.parse(url, "here") == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "soc.example",
        "ftp://soc.example/",
        "https:///in",
        "https://soc.example:99999/",
        "https://soc.example/a b",
        "https://soc.example/a\r\nX: y",
        "https://soc.example/é",
    ],
)
def test_what_is_no_address_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ConfigError, match=re.escape("/run/url: not an address")) as caught:
        post.parse(url, "/run/url")
    assert not url or url not in str(caught.value)


def test_secrets_do_not_stand_in_what_is_shown() -> None:
    address = post.parse(f"http://127.0.0.1:{free_port()}/t0ken-path", "here")
    headers = {"Authorization": "Bearer t0ken", "webhook-id": "msg_1"}
    receipt = post.post(
        post.Request(address, headers, b'{"a":"t0ken"}', ("/t0ken-path", "Bearer t0ken", "t0ken")),
        tls=None,
        limits=Limits(),
        now_s=0,
    )
    assert (receipt.result, receipt.error) == (Result.FAILED, "connection refused")
    assert receipt.request == (
        f"POST http://127.0.0.1:{address.port}***\n"
        'Authorization: ***\nwebhook-id: msg_1\n\n{"a":"***"}'
    )
