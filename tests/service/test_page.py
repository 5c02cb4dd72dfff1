"""The built-in page in a real browser: every view, language, theme and width."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import records
from tests.support.outside import Asked, recording_proxy
from tests.support.serving import ALERT, HOSTILE, RUN, Served, fill, serving

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("chromium is not installed", allow_module_level=True)

CAMERA = records.CAMERA.ip
VIEWS = (
    "/",
    "/cameras",
    f"/cameras/{CAMERA}",
    "/destinations",
    "/destinations?by=operators",
    "/flows?filter=scope%20%3D%20outside",
    "/alerts",
    f"/alerts/{ALERT}",
    f"/flows/{0:016x}?of={RUN}",
    "/replays",
    "/sensor",
    "/about",
)
LOOKS = [(theme, width) for theme in ("light", "dark") for width in (390, 1600)]
LANGUAGES = {
    "en": "What leaves, and why",
    "nl": "Wat naar buiten gaat, en waarom",
    "fr": "Ce qui sort, et pourquoi",
}
BROWSERS_OWN = ("googleapis.com", "google.com", "gvt1.com")

SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("page")
    url = f"sqlite:///{folder / 'page.db'}"
    fill(url, flows=60)
    with serving(url, folder) as served:
        yield served


@pytest.fixture(scope="module")
def proxy() -> Iterator[Asked]:
    with recording_proxy() as asked:
        yield asked


@pytest.fixture(scope="module")
def browser(proxy: Asked) -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox"],
            proxy={"server": proxy.url, "bypass": "127.0.0.1"},
        )
        yield opened
        opened.close()


class Visit:
    """A visitor who is signed in, and what went wrong meanwhile."""

    def __init__(self, browser: Any, server: Served, role: str = "analyst", **look: Any) -> None:
        self.context = browser.new_context(
            base_url=server.url, timezone_id="Europe/Amsterdam", **look
        )
        # What the wire chose must never become a script.
        self.context.add_init_script(
            "window.alert = (text) => { throw new Error(`ran: ${text}`); };"
        )
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.asked: set[str] = set()
        self.page.on("request", lambda request: self.asked.add(request.url))
        self.page.on("console", self._told)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.goto("/")
        self.page.fill("input[name=token]", server.tokens[role])
        self.page.click("form button[type=submit]")
        self.page.wait_for_selector("#nav a")
        self.page.wait_for_selector("main .cards")
        # The first question is whether somebody is signed in; its answer was no.
        self.problems.clear()

    def _told(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(message.text)

    def go(self, path: str) -> None:
        """Open a view and wait until it is drawn."""
        self.page.goto(path)
        self.page.wait_for_selector("main h1")

    def close(self) -> None:
        """End the visit."""
        self.context.close()


def test_a_link_with_a_token_opens_the_page_and_loses_the_token(
    browser: Any, server: Served
) -> None:
    """As `camwatch demo` prints it."""
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"/#token={server.tokens['reader']}")
    page.wait_for_selector("main .cards")
    assert not problems
    assert "token" not in page.url
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_every_view_is_drawn_without_an_error_and_fits_its_width(
    browser: Any, server: Served, language: str, theme: str, width: int
) -> None:
    visit = Visit(
        browser,
        server,
        color_scheme=theme,
        viewport={"width": width, "height": 900},
        locale=language,
    )
    page = visit.page
    assert page.text_content("main h1") == LANGUAGES[language]
    for path in VIEWS:
        visit.go(path)
        assert page.get_attribute("html", "lang") == language
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert page.query_selector("main .problem") is None, path
    assert visit.problems == []
    visit.close()


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_axe_finds_no_serious_violation(
    browser: Any, server: Served, theme: str, width: int
) -> None:
    visit = Visit(browser, server, color_scheme=theme, viewport={"width": width, "height": 900})
    found = []
    for path in VIEWS:
        visit.go(path)
        for violation in axe.Axe().run(visit.page).response["violations"]:
            if violation["impact"] in SERIOUS:
                nodes = [node["html"][:120] for node in violation["nodes"][:3]]
                found.append((path, violation["id"], nodes))
    assert found == []
    visit.close()


def test_a_name_that_the_wire_chose_stays_text(browser: Any, server: Served) -> None:
    visit = Visit(browser, server)
    for path in ("/destinations", "/flows"):
        visit.go(path)
        shown = visit.page.text_content("main")
        assert "<script>alert('1')</script>" in shown
        assert visit.page.query_selector("main script") is None
    assert "<script>" in HOSTILE
    assert visit.problems == []
    visit.close()


def test_nobody_gets_in_without_a_token(browser: Any, server: Served) -> None:
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    page.goto("/flows")
    page.fill("input[name=token]", "camw_0123456789abcdef_wrong")
    page.click("form button[type=submit]")
    page.wait_for_selector(".problem:not(:empty)")
    assert page.query_selector("#nav a") is None
    context.close()


def test_an_analyst_acknowledges_an_alert_and_a_reader_is_not_offered_to(
    browser: Any, server: Served
) -> None:
    reader = Visit(browser, server, role="reader", locale="en")
    reader.go(f"/alerts/{ALERT}")
    assert reader.page.get_by_role("button", name="I have seen it").count() == 0
    reader.close()
    analyst = Visit(browser, server, locale="en")
    analyst.go(f"/alerts/{ALERT}")
    analyst.page.get_by_role("button", name="I have seen it").click()
    analyst.page.get_by_text("seen by test analyst").first.wait_for()
    analyst.close()


def test_a_filter_that_is_wrong_shows_the_column(browser: Any, server: Served) -> None:
    visit = Visit(browser, server)
    visit.go("/flows?filter=purpos%20%3D%20dns")
    shown = visit.page.text_content("main .problem")
    assert shown is not None
    assert "purpos = dns\n^ " in shown
    assert "purpose" in shown
    visit.close()


def test_a_search_that_was_not_long_enough_says_how_far_it_looked_and_goes_on(
    browser: Any, server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.api.routes.flows.SEARCH_SHARE", 0.0)
    monkeypatch.setattr("monitor.store.reading.search.FIRST_NS", 40 * 10**9)
    visit = Visit(browser, server)
    visit.go("/flows?filter=out_bytes%20%3E%20900MB")
    told = visit.page.locator("main [role=status]")
    assert told.text_content().startswith("0 rows; looked as far as ")
    visit.page.get_by_role("button", name="More").click()
    told.get_by_text("0 rows, all there are").wait_for()
    visit.close()


def test_a_dropped_capture_is_replayed_and_opened_at_its_own_time(
    browser: Any, server: Served
) -> None:
    sample = Path("pcaps/a-hikvision-camera-keeps-its-cloud-connections/input.pcap").resolve()
    visit = Visit(browser, server, locale="en")
    visit.go("/replays")
    visit.page.set_input_files("input[type=file]", sample)
    opened = visit.page.get_by_role("link", name="Look at it").first
    opened.wait_for(timeout=60_000)
    opened.click()
    visit.page.wait_for_selector("main .verdict")
    assert "Flows from" in (visit.page.text_content("main .head") or "")
    visit.close()


def test_from_what_a_replay_found_to_its_packets_are_three_clicks(
    browser: Any, server: Served
) -> None:
    sample = Path("pcaps/a-camera-fetches-firmware-in-the-clear/input.pcap").read_bytes()
    visit = Visit(browser, server, locale="en", viewport={"width": 1600, "height": 900})
    visit.go("/replays")
    named = {"name": "firmware.pcap", "mimeType": "application/octet-stream", "buffer": sample}
    visit.page.set_input_files("input[type=file]", named)
    row = visit.page.locator("tr", has_text="firmware.pcap")
    row.get_by_role("link", name="Look at it").click(timeout=60_000)
    visit.page.wait_for_selector("main .verdict")
    visit.page.get_by_role("link", name="Alerts").first.click()
    visit.page.get_by_text("Firmware was fetched").first.wait_for()
    visit.page.locator("main td a.mono").first.click()
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Download the packets").click()
    path = download.value.path()
    assert path is not None
    # A section header block of pcapng.
    assert path.read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"
    assert download.value.suggested_filename.endswith(".pcapng")
    assert visit.problems == []
    visit.close()


def test_a_flow_of_a_sensor_says_that_packets_are_not_kept_and_what_to_do(
    browser: Any, server: Served
) -> None:
    visit = Visit(browser, server, locale="en")
    visit.go(f"/flows/{0:016x}?of={RUN}")
    shown = visit.page.text_content("main") or ""
    assert "A live sensor keeps no packets" in shown
    assert f"host {CAMERA}" in shown
    assert visit.page.get_by_role("button", name="Download the packets").count() == 0
    visit.close()


def test_every_language_has_every_text(browser: Any, server: Served) -> None:
    visit = Visit(browser, server)
    told = visit.page.evaluate(
        """async () => {
            const all = {};
            for (const id of ["en", "nl", "fr"]) all[id] = (await import(`/i18n/${id}.js`)).default;
            const places = (text) => [...new Set([text].flat().join(" ").match(/\\{\\w+\\}/g) ?? [])].sort().join();
            return Object.fromEntries(Object.entries(all).map(([id, texts]) =>
                [id, Object.entries(texts).map(([key, text]) => `${key} ${places(text)}`).sort()]));
        }"""
    )
    assert told["nl"] == told["en"]
    assert told["fr"] == told["en"]
    visit.close()


def test_the_page_asks_nobody_but_its_own_server(
    browser: Any, server: Served, proxy: Asked
) -> None:
    visit = Visit(browser, server)
    for path in VIEWS:
        visit.go(path)
    assert [url for url in visit.asked if not url.startswith(f"{server.url}/")] == []
    visit.close()
    # What the browser asks for itself, of its own maker, is not the page's doing.
    others = [line for line in proxy.lines if not any(host in line for host in BROWSERS_OWN)]
    assert others == []


def test_the_recording_proxy_sees_what_goes_outside(browser: Any) -> None:
    with recording_proxy() as asked:
        context = browser.new_context(proxy={"server": asked.url})
        page = context.new_page()
        with pytest.raises(sync_api.Error):
            page.goto("http://outside.example/")
        context.close()
    assert any(line.startswith("GET http://outside.example/") for line in asked.lines)
