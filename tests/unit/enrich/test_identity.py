"""One answer out of many signs."""

from pathlib import Path

import pytest

from monitor.enrich.identity import Thresholds, resolve
from monitor.errors import ConfigError
from monitor.model.records import Signal
from monitor.model.words import Confidence, DeviceKind


@pytest.fixture(scope="module")
def limits() -> Thresholds:
    return Thresholds.load()


def sign(kind: str, says: str, weight: float, value: str = "") -> Signal:
    return Signal(kind, value, says, weight, "a test")


def test_nothing_is_known_of_what_shows_nothing(limits: Thresholds) -> None:
    found = resolve((), limits)
    assert found == ("", "", "", "", DeviceKind.UNKNOWN, Confidence.NONE)


def test_signs_of_one_sort_do_not_add_up_and_of_two_sorts_do(limits: Thresholds) -> None:
    alike = [sign("name", "maker=A", 0.3, str(number)) for number in range(9)]
    assert resolve(alike, limits).maker == ""
    assert resolve([*alike, sign("p2p", "maker=A", 0.35)], limits).maker == "A"


@pytest.mark.parametrize(
    ("weights", "confidence"),
    [
        ((0.4,), Confidence.LOW),
        ((0.6,), Confidence.MEDIUM),
        ((0.7, 0.5), Confidence.HIGH),
        ((0.9,), Confidence.HIGH),
    ],
)
def test_confidence_follows_the_weight_of_all_signs(
    limits: Thresholds, weights: tuple[float, ...], confidence: Confidence
) -> None:
    signs = [sign(str(number), "maker=A", weight) for number, weight in enumerate(weights)]
    assert resolve(signs, limits).confidence is confidence


def test_a_second_candidate_that_comes_near_leaves_the_maker_unknown(limits: Thresholds) -> None:
    first = sign("oui", "maker=A", 0.9)
    assert resolve([first, sign("dhip", "maker=B", 0.75)], limits).maker == ""
    assert resolve([first, sign("dhip", "maker=B", 0.45)], limits).maker == "A"


def test_a_label_never_outvotes_the_bytes(limits: Thresholds) -> None:
    signs = [
        sign("dhip", "maker=Dahua", 0.75),
        sign("ws-discovery", "brand=Annke", 0.75),
        sign("ws-discovery", "maker=Hikvision", 0.375),
    ]
    found = resolve(signs, limits)
    assert (found.maker, found.brand) == ("Dahua", "Annke")


def test_camera_and_something_else_at_once_is_unknown(limits: Thresholds) -> None:
    signs = [sign("rtsp", "kind=camera", 0.55), sign("oui", "kind=other", 0.5)]
    assert resolve(signs, limits).kind is DeviceKind.UNKNOWN


def test_a_clear_sign_of_a_recorder_beats_general_signs_of_a_camera(limits: Thresholds) -> None:
    camera = [sign("oui", "kind=camera", 0.65), sign("hcnetsdk", "kind=camera", 0.4)]
    assert resolve(camera, limits).kind is DeviceKind.CAMERA
    clear = [*camera, sign("dhcp", "kind=recorder", 0.71)]
    assert resolve(clear, limits).kind is DeviceKind.RECORDER


def test_fetching_video_makes_a_recorder_only_of_a_camera_makers_device(
    limits: Thresholds,
) -> None:
    fetches = sign("rtsp", "kind=recorder if camera", 0.75)
    assert resolve([fetches], limits).kind is DeviceKind.UNKNOWN
    known = [fetches, sign("oui", "kind=camera", 0.65)]
    assert resolve(known, limits).kind is DeviceKind.RECORDER


def test_what_an_app_shows_names_no_maker_of_what_is_no_camera(limits: Thresholds) -> None:
    app = [sign("name", "maker=A", 0.5), sign("p2p", "maker=A", 0.35)]
    assert resolve(app, limits).maker == "A"
    phone = [*app, sign("dhcp", "kind=other", 0.7)]
    assert resolve(phone, limits).maker == ""
    assert resolve([*phone, sign("oui", "maker=A", 0.6)], limits).maker == "A"


def test_of_two_versions_the_later_is_given(limits: Thresholds) -> None:
    signs = [
        sign("sadp", "firmware=V5.2.7build 190409", 0.9),
        sign("sadp", "firmware=V5.2.4build 180613", 0.9),
    ]
    assert resolve(signs, limits).firmware == "V5.2.7build 190409"


def test_a_model_alone_is_given_without_confidence(limits: Thresholds) -> None:
    found = resolve([sign("ws-discovery", "model=X1", 0.8)], limits)
    assert (found.model, found.confidence) == ("X1", Confidence.NONE)


@pytest.mark.parametrize(
    "text",
    [
        "thresholds: []",
        "thresholds: [{name: extra, value: 1, about: a, source: b}]",
        "thresholds: [{name: rival, value: much, about: a, source: b}]",
        "rules: []",
    ],
)
def test_thresholds_that_are_missing_unknown_or_no_numbers_are_refused(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "signals.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"signals\.yaml: .*;"):
        Thresholds.load(path)


def test_a_brand_that_only_a_cloud_says_yields_to_a_model_that_does_not_say_it(
    limits: Thresholds,
) -> None:
    cloud = sign("name", "brand=EZVIZ", 0.6)
    assert resolve([cloud], limits).brand == "EZVIZ"
    model = sign("sadp", "model=DS-2CD2143G2-I", 0.9)
    assert resolve([cloud, model], limits).brand == ""
    label = sign("text", "brand=EZVIZ", 0.6)
    assert resolve([cloud, model, label], limits).brand == "EZVIZ"
