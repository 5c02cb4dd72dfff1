from pathlib import Path

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from monitor.api.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "js").mkdir()
    (tmp_path / "index.html").write_text("<title>x</title>")
    (tmp_path / "js" / "app.js").write_text("1")
    (tmp_path / "secret.py").write_text("2")
    return Site(tmp_path)


def _get(path: str, **headers: str) -> Request:
    listed = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request(
        {"type": "http", "method": "GET", "path": path, "headers": listed, "query_string": b"",
         "scheme": "http", "server": ("x", 80)}
    )  # fmt: skip


def test_files_and_links_into_the_page_are_answered(site: Site) -> None:
    assert site.answer(_get("/js/app.js")).media_type == "text/javascript; charset=utf-8"
    for link in ("/", "/flows", "/cameras/10.20.3.11", "/alerts/x"):
        assert bytes(site.answer(_get(link)).body) == b"<title>x</title>"


def test_a_file_of_another_kind_is_not_served(site: Site) -> None:
    assert bytes(site.answer(_get("/secret.py")).body) == b"<title>x</title>"


@pytest.mark.parametrize("path", ["/js/none.js", "/api/v1/none", "/../index.html"])
def test_nothing_else_is(site: Site, path: str) -> None:
    with pytest.raises(HTTPException):
        site.answer(_get(path))


def test_a_file_that_did_not_change_is_not_sent_again(site: Site) -> None:
    tag = site.answer(_get("/js/app.js")).headers["etag"]
    assert site.answer(_get("/js/app.js", if_none_match=tag)).status_code == 304
