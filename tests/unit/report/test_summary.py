from monitor.model.records import Side
from monitor.model.words import Outcome, Purpose, Scope
from monitor.report import summary
from monitor.report.build import verdict
from monitor.report.summary import OTHER, Tally
from tests.support import flow_records as records
from tests.support.batches import batch_of
from tests.support.flow_records import CAMERA, destination, flow


def talks(made: Tally) -> list[dict[str, object]]:
    (camera,) = made.summary().as_dict({})["cameras"]
    return list(camera["talks"])


def test_flows_to_one_party_for_one_purpose_are_one_line() -> None:
    made = Tally()
    made.add(
        batch_of(
            [flow(), flow(outcome=Outcome.UNANSWERED.value), flow(outcome=Outcome.REFUSED.value)]
        )
    )
    (talk,) = talks(made)
    assert (talk["flows"], talk["answered"], talk["refused"], talk["unanswered"]) == (3, 1, 1, 1)
    assert (talk["bytes_out"], talk["bytes_in"]) == (4500, 12600)


def test_a_line_says_whose_network_the_server_is_in_and_names_a_few_flows() -> None:
    made = Tally()
    made.add(
        batch_of(
            flow(flow_id=f"00000000000000{number:02x}", destination=destination(country=country))
            for number, country in enumerate(("US", "US", "IE", "DE", "SG"))
        )
    )
    (talk,) = talks(made)
    assert talk["hosting"] == [{"name": "Amazon", "country": "US"}]
    assert talk["flow_ids"] == [f"00000000000000{number:02x}" for number in (0, 2, 3)]


def test_a_listed_maker_and_a_listed_operator_are_said() -> None:
    made = Tally()
    made.add(batch_of([flow(destination=destination(operator="Imou"))]))
    (camera,) = made.summary().as_dict({})["cameras"]
    assert {one["names"] for one in camera["restrictions"]} == {"Hikvision"}
    (talk,) = camera["talks"]
    assert {(one["names"], one["because_of"]) for one in talk["restrictions"]} == {
        ("Dahua", "Imou")
    }


def test_bytes_out_are_those_of_the_camera_whoever_began() -> None:
    made = Tally()
    made.add(
        batch_of(
            [
                flow(
                    initiated_by="destination",
                    orig=Side("52.5.131.44", 443, 1, 100),
                    resp=Side("10.20.3.11", 80, 1, 900),
                )
            ]
        )
    )
    (talk,) = talks(made)
    assert (talk["bytes_out"], talk["bytes_in"]) == (900, 100)


def test_another_purpose_is_another_line_and_countries_are_listed() -> None:
    made = Tally()
    made.add(
        batch_of(
            [
                flow(),
                flow(verdict=records.verdict(Purpose.DIAGNOSTICS)),
                flow(destination=destination(country="IE")),
                flow(destination=destination(country="")),
            ]
        )
    )
    assert [(t["purpose"], t["countries"], t["flows"]) for t in talks(made)] == [
        ("diagnostics", ["US"], 1),
        ("cloud-api", ["IE", "US"], 3),
    ]


def test_a_device_without_an_address_yet_is_no_camera_of_its_own() -> None:
    made = Tally()
    made.add(batch_of([flow(), flow(camera=CAMERA._replace(ip="0.0.0.0"))]))  # noqa: S104  # nothing is bound
    (camera,) = made.summary().as_dict({})["cameras"]
    assert camera["ip"] == "10.20.3.11"
    assert made.summary().flows == 2


def test_more_parties_than_the_bound_are_added_up_and_none_is_lost() -> None:
    made = Tally()
    count = summary.MAX_LINES + 40
    made.add(
        batch_of(
            flow(destination=destination(operator="", name=f"n{i}.example.org"))
            for i in range(count)
        )
    )
    listed = talks(made)
    assert len(listed) == summary.MAX_LINES + 1
    (rest,) = [talk for talk in listed if talk["party"] == OTHER]
    assert rest["flows"] == 40
    assert sum(int(str(talk["flows"])) for talk in listed) == count


def camera(made: Tally) -> list[dict[str, object]]:
    return list(made.summary().as_dict({CAMERA.ip: CAMERA})["cameras"])


def test_the_verdict_is_open_only_when_something_outside_answered() -> None:
    quiet, tried, opened = Tally(), Tally(), Tally()
    quiet.add(batch_of([flow(scope=Scope.SITE)]))
    tried.add(batch_of([flow(outcome=Outcome.UNANSWERED.value)]))
    opened.add(batch_of([flow()]))
    assert verdict(camera(quiet))["state"] == "quiet"
    assert verdict(camera(tried))["state"] == "attempts"
    assert verdict(camera(opened))["state"] == "open"
    assert verdict([])["state"] == "empty"
    assert verdict([], frames=0)["text"] == (
        "Nothing could be read: whether anything left the site cannot be told."
    )
    assert verdict([], left_out=36)["text"] == (
        "None of the named cameras was seen; 36 flows of other addresses were left out."
    )


def test_two_shares_merged_are_the_whole() -> None:
    made = [
        flow(
            destination=destination(name=f"n{i % 7}.example.org", operator="", country=c),
            camera=CAMERA._replace(ip=f"10.20.3.{i % 5}"),
            start_ns=i,
            end_ns=i * 2,
            outcome=[str(o) for o in Outcome][i % 3],
        )
        for i, c in enumerate(["US", "CN", ""] * 20)
    ]
    whole, one, two = Tally(), Tally(), Tally()
    whole.add(batch_of(made))
    one.add(batch_of(made[:31]))
    two.add(batch_of(made[31:]))
    merged = one.summary()
    merged.merge(two.summary())
    assert merged.as_dict({}) == whole.summary().as_dict({})
    assert merged.flows == 60


def test_what_others_open_is_not_laid_at_the_cameras_door() -> None:
    knocked, reached = Tally(), Tally()
    inbound = flow(initiated_by="destination")
    knocked.add(batch_of([inbound._replace(outcome=Outcome.REFUSED.value)]))
    reached.add(batch_of([inbound, flow()]))
    told = verdict(camera(knocked))
    assert told["state"] == "attempts"
    assert told["text"] == "Somebody outside tried to reach 1 of 1 address 1 time, in vain."
    told = verdict(camera(reached))
    assert told["state"] == "open"
    assert told["text"] == (
        "Traffic left the site: 1 of 1 address got answers from outside in 1 flow. "
        "Somebody outside reached 1 of 1 address in 1 flow."
    )
