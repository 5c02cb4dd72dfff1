from monitor.classify.load import load_catalog
from monitor.classify.show import condition_text, entry_data, explain, show
from tests.support.catalog import catalog, entry


def test_conditions_are_told_in_one_line() -> None:
    narrow = entry(
        "t/a",
        service="tls",
        transport="tcp",
        port=["443", "6000-6003"],
        scope="outside",
        initiated_by="camera",
        fact={"tls.alpn": ["dot", "doq"]},
    )
    assert condition_text(narrow.match) == (
        "service tls; tls.alpn is dot or doq; tcp port 443, 6000-6003; to outside; "
        "opened by the camera"
    )
    assert condition_text(entry("t/b", name=".x.example").match) == ".x.example"
    silent = entry("t/c", transport="udp", port=53, silent=True)
    assert condition_text(silent.match) == "udp port 53; no payload seen"


def test_an_entry_is_plain_data() -> None:
    data = entry_data(entry("t/a", name="x.example", also=["push"]))
    assert data["id"] == "t/a"
    assert data["also"] == ["push"]
    assert data["match"] == "x.example"


def test_entries_are_found_by_id_maker_match_and_meaning() -> None:
    some = catalog(entry("t/a", name="x.example"), entry("t/b", name="y.example", about="Zebra"))
    assert [row["id"] for row in show(some, "X.EXAMPLE")] == ["t/a"]
    assert [row["id"] for row in show(some, "zebra")] == ["t/b"]
    assert len(show(some, "acme")) == 2
    assert len(show(some)) == 2


def test_a_name_is_explained_with_every_entry_that_fits() -> None:
    told = explain(load_catalog(), "DevLog.ezvizlife.com.")
    assert told["asked"] == "devlog.ezvizlife.com"
    assert told["answers"]["tcp"]["purpose"] == "diagnostics"
    reasons = {row["because"] for row in told["entries"]}
    assert reasons == {"name .ezvizlife.com", "word devlog"}


def test_an_address_is_explained() -> None:
    told = explain(load_catalog(), "114.114.114.114")
    assert told["answers"]["udp"]["purpose"] == "dns"
    assert [row["id"] for row in told["entries"]] == ["infrastructure/resolver-114dns"]


def test_what_nobody_knows_is_unknown_without_entries() -> None:
    told = explain(load_catalog(), "q7.zzxy.example")
    assert told["answers"]["tcp"] == {"purpose": "unknown", "confidence": "none", "evidence": []}
    assert told["entries"] == []
