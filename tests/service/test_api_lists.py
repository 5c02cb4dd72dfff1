"""Lists, details, exports and writes, on SQLite and on PostgreSQL."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import delete

from monitor.api.shapes.flows import Flow
from monitor.store.tables import FLOWS as FLOWS_TABLE
from tests.support import records, serving
from tests.support.serving import ALERT, HOSTILE, Served

FLOWS = 250


@pytest.fixture
def served(store_url: str, tmp_path: Path) -> Iterator[Served]:
    serving.fill(store_url, FLOWS)
    with serving.serving(store_url, tmp_path, requests_per_minute=100_000) as it:
        yield it


def test_pages_hold_every_flow_once_newest_first(served: Served) -> None:
    ids: list[str] = []
    cursor: dict[str, str] = {}
    with served.client() as client:
        while True:
            page = client.get("/api/v1/flows", params={"limit": "60", **cursor}).json()
            ids += [flow["flow_id"] for flow in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
    assert [Flow(**flow).model_dump() for flow in page["items"]] == page["items"]
    assert ids == [f"{number:016x}" for number in reversed(range(FLOWS))]


def test_pages_of_equal_rows_hold_every_flow_once(served: Served) -> None:
    with served.client() as client:
        for sort in ("bytes_out", "-bytes_out", "duration", "-bytes_in", "start"):
            ids: list[str] = []
            cursor: dict[str, str] = {}
            for _ in range(3):
                asked = {"limit": "100", "sort": sort, **cursor}
                page = client.get("/api/v1/flows", params=asked).json()
                ids += [flow["flow_id"] for flow in page["items"]]
                cursor = {"cursor": page["next"] or ""}
            assert len(ids) == len(set(ids)) == FLOWS, sort


def test_pages_of_a_filter_by_destination_hold_every_flow_once(served: Served) -> None:
    with served.client() as client:
        for sort in ("-start", "start", "-bytes_out"):
            ids: list[str] = []
            cursor: dict[str, str] = {}
            for _ in range(5):
                asked = {
                    "limit": "50",
                    "sort": sort,
                    "filter": "name ~ *hik-connect* and packets > 1",
                }
                page = client.get("/api/v1/flows", params={**asked, **cursor}).json()
                ids += [flow["flow_id"] for flow in page["items"]]
                cursor = {"cursor": page["next"] or ""}
            assert len(ids) == 214
            wanted = {f"{number:016x}" for number in range(FLOWS) if number % 7 != 3}
            assert set(ids) == wanted, sort
            if sort != "-bytes_out":
                assert ids == sorted(wanted, reverse=sort == "-start")


CONDITIONS = (
    ("purpose = ntp", 83),
    ("purpose != ntp", 167),
    ("group = infrastructure", 83),
    ("confidence >= medium", 250),
    ("confidence < high", 0),
    ("camera = 10.20.3.12", 125),
    ("camera = 10.20.0.0/14", 250),
    ("camera = 10.20.3.8/30", 125),
    ("camera = 10.0.0.0/9", 250),
    ("destination = 34.249.0.2/31 and vlan = 20", 36),
    ("destination = 2001:db8::/32", 0),
    ("not destination = 2001:db8::/32", 250),
    ("vlan = unknown", 125),
    ("vlan < 4000", 125),
    ("maker = hikvision", 125),
    ("maker = unknown", 125),
    ("name ~ *hik-connect*", 214),
    ("name ~ '*<script>*'", 36),
    ("operator in (hikvision, dahua)", 250),
    ("operator_country = cn", 250),
    ("out_bytes > 1kB and in_bytes < 4kB", 250),
    ("sends_more = yes", 0),
    ("duration > 500ms", 250),
    ("packets = 25", 250),
    ("time >= 2026-11-09T08:02:00Z", 130),
    ("flow_id = 0000000000000007", 1),
    ("purpose = diagnostics or (purpose = ntp and vlan = 20)", 83 + 41),
)

ALERT_CONDITIONS = (
    ("camera = 10.20.3.12", 1),
    ("camera = 10.20.4.0/24", 0),
    ("camera_name = gate", 1),
    ("maker = Hikvision and severity >= high and acknowledged = no", 1),
    ("vlan = 20", 1),
    ("vlan = 21", 0),
    ("name ~ '*hik-connect*'", 1),
    ("name = nobody.example", 0),
    ("state = open and times > 11", 1),
)


def test_filters_find_what_they_say(served: Served) -> None:
    with served.client() as client:
        for condition, count in CONDITIONS:
            answer = client.get("/api/v1/flows", params={"filter": condition, "limit": "500"})
            assert answer.status_code == 200, answer.text
            assert len(answer.json()["items"]) == count, condition


def test_filters_of_alerts_look_at_every_camera(served: Served) -> None:
    with served.client() as client:
        for condition, count in ALERT_CONDITIONS:
            answer = client.get("/api/v1/alerts", params={"filter": condition})
            assert answer.status_code == 200, answer.text
            assert len(answer.json()["items"]) == count, condition


def test_a_filter_that_is_wrong_names_the_column(served: Served) -> None:
    with served.client() as client:
        answer = client.get("/api/v1/flows", params={"filter": "vlan = 20 and purpos = ntp"})
    assert answer.status_code == 422
    fault = answer.json()["errors"][0]
    assert (fault["where"], fault["column"]) == ("filter", 15)
    assert "purpose" in fault["hint"]


def test_a_flow_is_told_as_in_flows_jsonl_and_explained(served: Served) -> None:
    with served.client() as client:
        told = client.get(f"/api/v1/flows/{0:016x}").json()
    flow = told["flow"]
    assert flow["run"] == serving.RUN
    assert flow["start"] == "2026-11-09T08:00:00.000000000Z"
    assert flow["destination"] == {
        "ip": "34.249.0.0", "port": 8555, "name": "dev.hik-connect.com", "name_source": "sni",
        "country": "IE", "asn": 16509, "as_org": "AMAZON-02", "operator": "Hikvision",
        "operator_country": "CN",
    }  # fmt: skip
    assert (flow["bytes_out"], flow["bytes_in"]) == (1790, 3811)
    assert flow["evidence"][1] == {"kind": "port", "value": "8555", "catalog": None}
    assert told["account"]["purpose"] == "cloud-api"
    assert "Answer: cloud-api, confidence high" in told["text"]


def test_the_overview_adds_up(served: Served) -> None:
    with served.client() as client:
        told = client.get("/api/v1/overview").json()
        older = client.get(
            "/api/v1/overview",
            params={"from": "2026-11-09T09:00:00Z", "to": "2026-11-09T10:00:00Z"},
        ).json()
    assert told["totals"] == {
        "cameras": 2, "cameras_outside": 2, "flows": 250, "flows_outside": 250,
        "answered_outside": 250, "bytes_out": 250 * 1790, "bytes_in": 250 * 3811,
    }  # fmt: skip
    assert [(one["vlan"], one["verdict"]) for one in told["vlans"]] == [
        (20, "talks-outside"),
        (None, "talks-outside"),
    ]
    assert sum(one["flows"] for one in told["purposes"]) == 250
    assert told["map"][0]["country"] == "IE"
    assert told["map"][0]["operator_country"] == "CN"
    assert told["alerts"]["high"] == 1
    assert told["sensors"][0]["is_fresh"]
    assert older["totals"]["flows"] == 0


def test_purposes_over_time_add_up(served: Served) -> None:
    with served.client() as client:
        told = client.get(
            "/api/v1/purposes",
            params={"from": "2026-11-09T08:00:00Z", "to": "2026-11-09T09:00:00Z", "step_s": "3600"},
        ).json()
    assert told["step_s"] == 3600
    assert sum(point["flows"] for point in told["points"]) == 250
    assert {point["at"] for point in told["points"]} == {"2026-11-09T08:00:00.000000000Z"}


def test_a_camera_is_told_with_its_name_and_what_it_did(served: Served) -> None:
    with served.client("analyst") as client:
        put = client.put("/api/v1/cameras/10.20.3.11/label", json={"label": HOSTILE, "note": "n"})
        told = client.get("/api/v1/cameras/10.20.3.11").json()
        listed = client.get("/api/v1/cameras").json()["items"]
    assert put.status_code == 200
    assert told["camera"]["label"]["label"] == HOSTILE
    assert told["camera"]["flows_outside"] == 125
    assert told["firmware"][0]["sha256"] == "ab" * 32
    assert [one["id"] for one in told["alerts"]] == [ALERT]
    assert sum(one["flows"] for one in told["destinations"]) == 125
    assert [one["ip"] for one in listed] == ["10.20.3.11", "10.20.3.12"]
    assert sum(point["flows"] for point in told["timeline"]) == 125


def test_destinations_and_operators_add_up(served: Served) -> None:
    with served.client() as client:
        destinations = client.get("/api/v1/destinations").json()["items"]
        operators = client.get("/api/v1/operators").json()["items"]
        first = client.get("/api/v1/destinations?limit=3&sort=-flows").json()
        rest = client.get(
            "/api/v1/destinations", params={"sort": "-flows", "cursor": first["next"]}
        ).json()
    assert len(destinations) == 7
    assert sum(one["flows"] for one in destinations) == 250
    assert len(first["items"]) + len(rest["items"]) == 7
    assert [(one["operator"], one["flows"]) for one in operators] == [("Hikvision", 250)]
    assert destinations[0]["cameras"] == 2


def test_an_alert_is_acknowledged_noted_and_snoozed(served: Served) -> None:
    path = f"/api/v1/alerts/{ALERT}"
    with served.client("analyst") as client:
        seen = client.post(f"{path}/acknowledge", json={"text": "mine"}).json()
        again = client.post(f"{path}/acknowledge", json={}).json()
        noted = client.post(f"{path}/notes", json={"text": HOSTILE}).json()
        snoozed = client.post(
            f"{path}/snooze", json={"reason": "due", "until": "2026-12-01T00:00:00Z"}
        ).json()
        in_force = client.get("/api/v1/silences").json()["items"]
        ended = client.post(f"/api/v1/silences/{snoozed['id']}/end").json()
        past = client.post(
            f"{path}/snooze", json={"reason": "due", "until": "2026-01-01T00:00:00Z"}
        )
    assert seen["alert"]["acknowledged_by"] == "test analyst"
    assert again["alert"]["acknowledged"] == seen["alert"]["acknowledged"]
    assert [event["kind"] for event in noted["events"]] == ["opened", "acknowledged", "note"]
    assert noted["events"][2]["text"] == HOSTILE
    assert in_force[0]["matches"] == {"fingerprint": "f1" * 16}
    assert in_force[0]["until"] == "2026-12-01T00:00:00.000000000Z"
    assert ended["is_in_force"] is False
    assert past.status_code == 422


def test_a_silence_must_cover_something(served: Served) -> None:
    told = {"reason": "r", "until": "2026-12-01T00:00:00Z"}
    with served.client("analyst") as client:
        everything = client.post("/api/v1/silences", json={**told, "matches": {}})
        made = client.post("/api/v1/silences", json={**told, "matches": {"rule": "scan"}})
    assert everything.status_code == 422
    assert made.status_code == 201
    assert made.json()["matches"] == {"rule": "scan"}


LISTS = ("flows", "cameras", "destinations", "operators", "alerts", "runs", "deliveries", "catalog")


def test_every_list_is_exported_whole(served: Served) -> None:
    with served.client() as client:
        for name in LISTS:
            _check_exports(client, name)


def _check_exports(client: httpx.Client, name: str) -> None:
    lines = client.get(f"/api/v1/{name}?format=jsonl")
    table = client.get(f"/api/v1/{name}?format=csv")
    page = client.get(f"/api/v1/{name}?limit=500").json()["items"]
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert table.headers["content-disposition"] == f'attachment; filename="camwatch-{name}.csv"'
    told = [json.loads(line) for line in lines.text.splitlines()]
    rows = list(csv.reader(io.StringIO(table.text)))
    assert told[: len(page)] == page
    assert len(rows) == len(told) + 1
    assert all(len(row) == len(rows[0]) for row in rows)
    assert not [c for row in rows for c in row if c.startswith(("=", "+", "@", "\t", "\r"))]


def test_an_export_that_ends_early_says_where_to_go_on(store_url: str, tmp_path: Path) -> None:
    serving.fill(store_url, 30)
    with (
        serving.serving(store_url, tmp_path, export_rows=20) as it,
        it.client() as client,
    ):
        told = client.get("/api/v1/flows?format=jsonl").text.splitlines()
        more = json.loads(told[-1])["next"]
        rest = client.get("/api/v1/flows", params={"format": "jsonl", "cursor": more})
        table = list(csv.reader(io.StringIO(client.get("/api/v1/flows?format=csv").text)))
    assert len(told) == 21
    assert len(rest.text.splitlines()) == 10
    assert table[-1] == ["next", more]


def test_what_did_not_change_is_not_sent_again(served: Served) -> None:
    with served.client("analyst") as client:
        first = client.get("/api/v1/flows")
        tag = first.headers["etag"]
        same = client.get("/api/v1/flows", headers={"If-None-Match": f'"x", {tag}'})
        client.put("/api/v1/cameras/10.20.3.11/label", json={"label": "new"})
        cameras = client.get("/api/v1/cameras", headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == tag
    assert cameras.status_code == 200


MISFITS = (
        "cursor=AAAA", "cursor=WyItc3RhcnQiLDFd", "limit=0", "limit=501", "limit=x", "sort=color",
        "from=yesterday", "from=2026-11-09T08:00:00", "run=nobody%20here", "limt=3",
        "from=2026-11-09T08:00:00Z&to=2026-11-09T07:00:00Z", "filter=%00",
        "cursor=" + "A" * 3000,
)  # fmt: skip


def test_what_does_not_fit_is_a_problem(served: Served) -> None:
    with served.client() as client:
        for query in MISFITS:
            _is_problem(client.get(f"/api/v1/flows?{query}"), 422)


MISSING = ("runs/none", f"flows/{'f' * 16}", "cameras/10.9.9.9", f"alerts/{'0' * 32}", "nothing",
           "flows?run=nobody")  # fmt: skip


def test_what_is_not_there_is_a_problem(served: Served) -> None:
    with served.client() as client:
        for path in MISSING:
            _is_problem(client.get(f"/api/v1/{path}"), 404)


def _is_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "status", "detail", "instance", "errors"}
    assert answer.json()["status"] == status


def test_the_state_of_things_is_told(served: Served) -> None:
    with served.client() as client:
        sensors = client.get("/api/v1/sensors").json()["items"]
        deliveries = client.get("/api/v1/deliveries?state=pending").json()["items"]
        targets = client.get("/api/v1/targets").json()["items"]
        run = client.get(f"/api/v1/runs/{serving.RUN}").json()
        about = client.get("/api/v1/about").json()
    assert sensors[0]["status"] == {"interfaces": ["eth1"]}
    assert sensors[0]["age_s"] == 5.0
    assert (deliveries[0]["target"], deliveries[0]["status"]) == ("soc", 503)
    assert targets[0]["last_error"] == "busy"
    assert (run["flows"], run["cameras"]) == (FLOWS, 2)
    assert run["first"] == "2026-11-09T08:00:00.000000000Z"
    assert run["findings"][0]["flows"] == records.finding().flows
    assert "CC-BY-SA-4.0" in {one["licence"] for one in about["data_sets"]}


def test_a_page_that_was_not_searched_for_long_enough_says_where_to_go_on(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.api.routes.flows.SEARCH_SHARE", 0.0)
    monkeypatch.setattr("monitor.store.reading.search.FIRST_NS", 100 * 10**9)
    asked = {"filter": "confidence < high"}
    with served.client() as client:
        first = client.get("/api/v1/flows", params=asked).json()
        assert (first["items"], first["next"] is None) == ([], False)
        second = client.get("/api/v1/flows", params={**asked, "cursor": first["next"]}).json()
        third = client.get("/api/v1/flows", params={**asked, "cursor": second["next"]}).json()
        exported = client.get("/api/v1/flows", params={**asked, "format": "jsonl"}).text
    assert second["looked_to"] < first["looked_to"]
    assert third == {"items": [], "next": None, "looked_to": None}
    # An export goes on by itself.
    assert exported == ""


def test_who_asks_for_the_same_page_of_flows_soon_gets_the_same(served: Served) -> None:
    """The clock of this server stands still."""
    with served.client() as client:
        first = client.get("/api/v1/flows?limit=3").json()["items"]
        newest = delete(FLOWS_TABLE).where(FLOWS_TABLE.c.flow_id == first[0]["flow_id"])
        with served.app.state.context.edits.transaction() as connection:
            connection.execute(newest)
        assert client.get("/api/v1/flows?limit=3").json()["items"] == first
        assert client.get("/api/v1/flows?limit=4").json()["items"][:3] != first
