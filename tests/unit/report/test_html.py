import re
from html.parser import HTMLParser
from typing import Any

from typing_extensions import override

from monitor.report import html
from tests.support.reports import camera, finding, report, talk


class Page(HTMLParser):
    """What a reader sees, and what a browser would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open_cards = 0
        self.fetched: list[str] = []
        self.scripts = 0
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.open_cards += tag == "details" and "open" in given
        self.scripts += tag == "script"
        self.fetched += [v for k, v in given.items() if k in {"src", "href"} and v]

    @override
    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))


def page(*cameras: dict[str, Any], **changes: Any) -> Page:
    return Page(html.render(report(*cameras, **changes)))


def test_the_page_fetches_nothing_and_runs_nothing() -> None:
    made = page(camera("10.0.0.1", talk()), findings=[finding("10.0.0.1")])
    assert (made.fetched, made.scripts) == ([], 0)
    assert "url(" not in html.render(report(camera("10.0.0.1", talk())))


def test_words_from_the_wire_are_text_and_never_markup() -> None:
    made = page(camera("10.0.0.1", talk(names=["<script>alert(1)</script>"]), model="<img src=x>"))
    assert (made.fetched, made.scripts) == ([], 0)
    assert "<script>alert(1)</script>" in made.text


def test_label_maker_model_and_mac_stand_apart() -> None:
    made = page(camera("10.0.0.1", talk()))
    assert (
        "10.0.0.1 Annke I91BM, made by Hikvision camera 44:19:b6:5e:20:a1 sent outside" in made.text
    )


def test_only_who_spoke_to_the_outside_is_unfolded_and_stands_first() -> None:
    quiet = camera("10.0.0.1", talk(scope="site", purpose="dns"))
    made = page(quiet, camera("10.0.0.2", talk()))
    assert made.open_cards == 1
    assert made.text.index("10.0.0.2 Annke") < made.text.index("10.0.0.1 Annke")
    assert "nothing to the outside" in made.text


def test_an_address_inside_is_not_called_a_network() -> None:
    inside = talk(scope="site", names=[], party="10.0.0.9", is_network=True, operator=None)
    outside = talk(names=[], party="AMAZON-02", is_network=True, operator=None)
    text = page(camera("10.0.0.1", inside, outside)).text
    assert "network of AMAZON-02" in text
    assert "network of 10.0.0.9" not in text


def test_what_nothing_shows_is_said_so() -> None:
    unknown = talk(purpose="unknown", confidence="none", evidence=[])
    assert "nothing shows it" in page(camera("10.0.0.1", unknown)).text


def test_a_page_stays_readable_with_more_cameras_than_it_shows() -> None:
    cameras = [camera(f"10.0.{n // 250}.{n % 250}", talk()) for n in range(html.MAX_CAMERAS + 7)]
    assert "… and 7 more addresses: flows.jsonl has them all." in page(*cameras).text
