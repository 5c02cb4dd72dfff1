"""One answer out of many signs: who made a device, what its label says, and what it is."""

from collections.abc import Iterable, Mapping
from math import prod
from pathlib import Path
from typing import Final, NamedTuple, Self

from monitor.data import data_path
from monitor.data.yaml_file import load_document, load_entries, text_of
from monitor.enrich.makers import Weights, number
from monitor.enrich.rules import SIGNALS_FILE
from monitor.errors import ConfigError
from monitor.model.records import Signal
from monitor.model.words import Confidence, DeviceKind

APPS_TOO: Final = frozenset({"name", "p2p"})
"""Kinds of signs that the maker's app on a telephone gives just as its camera does."""

_IF: Final = " if "


class Threshold(NamedTuple):
    """A number that decides, and what raising it does."""

    name: str
    value: float
    about: str
    source: str


class Thresholds(NamedTuple):
    """The numbers that decide; the data file says of each what raising it does."""

    maker_least: float
    brand_least: float
    kind_least: float
    recorder_clear: float
    rival: float
    medium: float
    high: float
    own: float
    high_sure: float
    medium_sure: float
    low_sure: float
    oui_cameras: float
    oui_many: float
    oui_camera_kind: float
    unrelated_names: float
    unrelated_weight: float

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Load the thresholds that are shipped, or those of another file.

        Raises:
            ConfigError: The file is missing, or a threshold is missing, unknown or no number.
        """
        where = path or data_path(SIGNALS_FILE)
        found = {one.name: one.value for one in read_thresholds(where)}
        if found.keys() != set(cls._fields):
            wrong = min(found.keys() ^ set(cls._fields))
            raise ConfigError(f"{where}: threshold '{wrong}' is missing or not known; mend it")
        return cls(**found)

    @property
    def weights(self) -> Weights:
        """What prefixes and resellers' names weigh."""
        sure = {
            "own": self.own,
            "high": self.high_sure,
            "medium": self.medium_sure,
            "low": self.low_sure,
        }
        return Weights(self.oui_cameras, self.oui_many, self.oui_camera_kind, sure)


def read_thresholds(path: Path) -> tuple[Threshold, ...]:
    """Return the thresholds of a data file, in its order.

    Raises:
        ConfigError: An entry is wrong.
    """
    fields = {"name", "value", "about", "source"}
    return tuple(
        Threshold(
            text_of(path, label, entry, "name"),
            number(path, label, entry, "value"),
            text_of(path, label, entry, "about"),
            text_of(path, label, entry, "source"),
        )
        for label, entry in load_entries(path, "thresholds", fields, load_document(path))
    )


class Identity(NamedTuple):
    """What signs say together."""

    maker: str = ""
    brand: str = ""
    model: str = ""
    firmware: str = ""
    kind: DeviceKind = DeviceKind.UNKNOWN
    confidence: Confidence = Confidence.NONE


def resolve(signals: Iterable[Signal], limits: Thresholds) -> Identity:
    """Return what signs say together; their order does not matter.

    Of one kind of sign the strongest counts for each candidate; kinds combine as independent. A
    second candidate that comes near the first leaves the answer unknown.
    """
    weighed = _weighed(signals)
    kind, kind_weight = _kind(weighed.get("kind", {}), limits)
    makers = weighed.get("maker", {})
    maker, maker_weight = _winner(_combined(makers), limits.maker_least, limits.rival)
    if kind is DeviceKind.OTHER and makers.get(maker, {}).keys() <= APPS_TOO:
        maker = ""
    brands = weighed.get("brand", {})
    brand, _ = _winner(_combined(brands), limits.brand_least, limits.rival)
    if weighed.get("model") and brands.get(brand, {}).keys() <= APPS_TOO:
        # What says the model stands on the label too, and did not say this brand: one cloud
        # serves all that its maker builds.
        brand = ""
    weight = maker_weight if maker else kind_weight if kind is not DeviceKind.UNKNOWN else 0.0
    return Identity(
        maker,
        brand,
        _strongest(weighed.get("model", {})),
        _strongest(weighed.get("firmware", {})),
        kind,
        _level(weight, limits),
    )


_Weighed = dict[str, dict[str, float]]
"""Candidate -> kind of sign -> weight of the strongest."""


def _weighed(signals: Iterable[Signal]) -> dict[str, _Weighed]:
    found: dict[str, _Weighed] = {}
    for signal in signals:
        attribute, _, candidate = signal.says.partition("=")
        kinds = found.setdefault(attribute, {}).setdefault(candidate, {})
        kinds[signal.kind] = max(signal.weight, kinds.get(signal.kind, 0.0))
    return found


def _together(kinds: Mapping[str, float]) -> float:
    # Sorted, because the last bit of a product depends on the order of its factors.
    return 1.0 - prod(1.0 - weight for weight in sorted(kinds.values()))


def _combined(weighed: _Weighed) -> dict[str, float]:
    return {candidate: _together(kinds) for candidate, kinds in weighed.items()}


def _winner(scores: Mapping[str, float], least: float, rival: float) -> tuple[str, float]:
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    if not ranked or ranked[0][1] < least:
        return "", 0.0
    if len(ranked) > 1 and ranked[1][1] >= rival * ranked[0][1]:
        return "", 0.0
    return ranked[0]


def _kind(weighed: _Weighed, limits: Thresholds) -> tuple[DeviceKind, float]:
    camera = _together(weighed.get("camera", {}))
    other = _together(weighed.get("other", {}))
    signs = dict(weighed.get("recorder", {}))
    for candidate, kinds in weighed.items():
        said, _, condition = candidate.partition(_IF)
        if condition == "camera" and said == "recorder" and camera >= limits.kind_least:
            signs.update({k: max(w, signs.get(k, 0.0)) for k, w in kinds.items()})
    recorder = _together(signs)
    # Recorders speak their maker's cameras' protocols, so a clear sign beats many general ones.
    is_recorder = recorder >= limits.recorder_clear or recorder > camera
    video, name = (recorder, DeviceKind.RECORDER) if is_recorder else (camera, DeviceKind.CAMERA)
    first, second = max(video, other), min(video, other)
    if first < limits.kind_least or second >= limits.rival * first:
        return DeviceKind.UNKNOWN, 0.0
    return (name, video) if video > other else (DeviceKind.OTHER, other)


def _strongest(weighed: _Weighed) -> str:
    """Return the candidate of the strongest sign; of equals the last, as newer versions sort."""
    if not weighed:
        return ""
    return max(weighed, key=lambda candidate: (max(weighed[candidate].values()), candidate))


def _level(weight: float, limits: Thresholds) -> Confidence:
    if weight >= limits.high:
        return Confidence.HIGH
    if weight >= limits.medium:
        return Confidence.MEDIUM
    return Confidence.LOW if weight > 0 else Confidence.NONE
