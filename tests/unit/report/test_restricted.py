from typing import Any

from monitor.data.restrictions import load_restrictions
from monitor.enrich.operators import Operators
from monitor.report import restricted


def test_a_maker_is_named_with_the_date_and_a_brand_by_the_company_it_belongs_to() -> None:
    assert restricted.named("Hikvision", "") == [
        {
            "list": "US NDAA FY2019 section 889",
            "names": "Hikvision",
            "because_of": "Hikvision",
            "since": "2018-08-13",
        },
        {
            "list": "FCC Covered List",
            "names": "Hikvision",
            "because_of": "Hikvision",
            "since": "2021-03-12",
        },
    ]
    assert {(one["names"], one["because_of"]) for one in restricted.named("Imou")} == {
        ("Dahua", "Imou")
    }


def test_maker_and_brand_of_one_company_are_named_once_and_others_not_at_all() -> None:
    assert restricted.named("Hikvision", "EZVIZ") == restricted.named("Hikvision")
    assert restricted.named("Axis", "") == []
    assert restricted.named() == []


def test_every_operator_that_belongs_to_a_listed_company_is_named() -> None:
    listed = load_restrictions()
    belongs = [one for one in Operators.load().companies if one.parent.lower() in listed]
    assert len(belongs) >= 3
    assert [one.name for one in belongs if not restricted.named(one.name)] == []


def test_the_list_of_a_report_says_whom_it_names_and_who_asked_them() -> None:
    talk = {"operator": "EZVIZ", "restrictions": restricted.named("EZVIZ")}
    quiet: dict[str, Any] = {"operator": None, "restrictions": []}
    cameras: list[dict[str, Any]] = [
        {"ip": "10.0.0.1", "restrictions": restricted.named("Hikvision"), "talks": [talk, talk]},
        {"ip": "10.0.0.2", "restrictions": [], "talks": [talk, quiet]},
    ]
    fcc, ndaa = restricted.lists(cameras)
    assert (fcc["list"], ndaa["list"]) == ("FCC Covered List", "US NDAA FY2019 section 889")
    assert ndaa["cameras"] == ["10.0.0.1"]
    assert ndaa["operators"] == [{"name": "EZVIZ", "asked_by": 2}]
    assert "Public Law 115-232" in ndaa["source"]


def test_words_fit_on_a_line() -> None:
    assert restricted.words(restricted.named("ZTE")).startswith(
        "US NDAA FY2019 section 889 names ZTE since 2018-08-13, FCC Covered List names ZTE since "
    )
