from monitor.classify.names import NameIndex, WordIndex, host_labels, label_words
from tests.support.catalog import entry


def found(name: str, *patterns: str) -> list[str]:
    index = NameIndex([entry(f"t/{number}", name=p) for number, p in enumerate(patterns)])
    return [hit.pattern for hit in index.find(name)]


def test_an_exact_name_comes_before_a_glob_and_a_glob_before_a_suffix() -> None:
    patterns = (".acme.example", "api*.acme.example", "api1.acme.example")
    assert found("api1.acme.example", *patterns) == list(reversed(patterns))


def test_a_longer_suffix_comes_before_a_shorter() -> None:
    assert found("a.b.acme.example", ".acme.example", ".b.acme.example") == [
        ".b.acme.example",
        ".acme.example",
    ]


def test_a_suffix_stands_for_itself_and_what_is_under_it_but_not_for_its_look_alikes() -> None:
    assert found("acme.example", ".acme.example") == [".acme.example"]
    assert found("x.acme.example", ".acme.example") == [".acme.example"]
    assert found("notacme.example", ".acme.example") == []
    assert found("acme.example.evil.test", ".acme.example") == []


def test_a_star_stands_for_any_characters_dots_too() -> None:
    assert found("euce.cloud.example", "*ce.cloud.example") == ["*ce.cloud.example"]
    assert found("a.b.relay.example", "*.relay.example") == ["*.relay.example"]
    assert found("xrelay.example", "*.relay.example") == []


def test_a_glob_may_end_in_a_star() -> None:
    pattern = "lc-*-private-picture*"
    assert found("lc-hz-private-picture.oss-cn-hangzhou.aliyuncs.com", pattern) == [pattern]


def test_an_entry_with_more_conditions_is_asked_first() -> None:
    index = NameIndex(
        [
            entry("t/plain", name="x.example"),
            entry("t/narrow", name="x.example", transport="udp", port=123),
        ]
    )
    assert [hit.entry.id for hit in index.find("x.example")] == ["t/narrow", "t/plain"]


def test_the_host_part_is_what_stands_left_of_the_registered_domain() -> None:
    assert host_labels("log.eu.acme.com") == ["log", "eu"]
    assert host_labels("n-da.tplinkcloud.com.cn") == ["n-da"]
    assert host_labels("ota.acme.co.uk") == ["ota"]
    assert host_labels("acme.com") == []
    assert host_labels("localhost") == []


def test_words_are_the_parts_of_a_label_with_and_without_digits() -> None:
    assert label_words("p2p1-uslog") >= {"p2p1", "p2p", "uslog"}
    assert "log" not in label_words("catalog")
    assert "s3" in label_words("s3")


def test_a_word_of_the_domain_itself_does_not_count() -> None:
    index = WordIndex([entry("t/log", word="log")])
    assert [hit.word for hit in index.find(host_labels("log.acme.com"))] == ["log"]
    assert index.find(host_labels("www.log.com")) == []


def test_a_starred_word_fits_the_end_the_start_or_the_middle() -> None:
    index = WordIndex([entry("t/end", word="*upgrade"), entry("t/any", word="*firmware*")])
    assert {hit.word for hit in index.find(host_labels("1z1-devupgrade.acme.com"))} == {
        "devupgrade"
    }
    assert {hit.word for hit in index.find(host_labels("newfirmwares.acme.com"))} == {
        "newfirmwares"
    }
    assert index.find(host_labels("upgrader.acme.com")) == []


def test_words_further_right_are_told_apart() -> None:
    index = WordIndex([entry("t/log", word="log")])
    assert [hit.place for hit in index.find(host_labels("eu.log.acme.com"))] == [1]
