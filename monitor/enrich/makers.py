"""Makers and brands: whose prefix a MAC address has, and who is named in a text."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from monitor.data import data_path
from monitor.data.yaml_file import load_document, load_entries, text_of
from monitor.errors import ConfigError
from monitor.model.words import DeviceKind

MAKERS_FILE: Final = "makers.yaml"
MAX_CACHED: Final = 16_384
MAX_SCANNED: Final = 160
"""Characters of a text that are looked at."""

OWN_LABEL: Final = 0.6
"""Part of a text's weight that says that the maker it names is the label too. Raising it makes
boards that still bear their maker's name hide the reseller."""

SURENESS: Final = ("own", "high", "medium", "low")

_MAKER_FIELDS: Final = {"name", "makes", "organisations", "aliases", "exact", "source"}
_BRAND_FIELDS: Final = {*_MAKER_FIELDS, "maker", "sure"}
_OTHER_FIELDS: Final = {"organisations", "weight", "maker", "source"}
_MODEL_FIELDS: Final = {"match", "maker", "brand", "kind", "factor", "source"}


class Claim(NamedTuple):
    """Something said of a device, and how much of its sign's weight that gets."""

    says: str
    """Such as ``maker=Dahua``, ``kind=camera`` or ``model=DCS-935L``."""

    weight: float
    source: str = ""


class Name(NamedTuple):
    """A maker or a brand."""

    name: str
    is_brand: bool
    maker: str
    """Who builds it; a maker's own name; empty when several do."""

    sure: str
    """How sure that is, one of `SURENESS`."""

    makes: str
    """``cameras``, ``many``, or empty when no prefix is known."""

    organisations: tuple[re.Pattern[str], ...]
    words: tuple[str, ...]
    source: str


class Weights(NamedTuple):
    """What prefixes and resellers' names weigh; see ``thresholds`` in signals.yaml."""

    oui_cameras: float
    oui_many: float
    oui_camera_kind: float
    by_sureness: Mapping[str, float]


class Makers:
    """Answers what a prefix, a name or a text says of a device; the answers are remembered."""

    def __init__(
        self,
        names: Sequence[Name],
        others: Sequence[tuple[tuple[re.Pattern[str], ...], tuple[Claim, ...]]],
        models: Sequence[tuple[re.Pattern[str], tuple[Claim, ...]]],
        weights: Weights,
    ) -> None:
        self.names = tuple(names)
        self.others = others
        self.models = models
        self._weights = weights
        self._by_name = {(one.is_brand, one.name): one for one in names}
        self._by_word = {word: one for one in names for word in one.words if word[:1] != "="}
        self._exact = {word[1:]: one for one in names for word in one.words if word[:1] == "="}
        longest_first = sorted(self._by_word, key=len, reverse=True)
        words = "|".join(map(re.escape, longest_first))
        self._words = re.compile(rf"(?<![a-z0-9])(?:{words})(?![a-z])" if words else "(?!)")
        self._of_organisation: dict[str, tuple[Claim, ...]] = {"": ()}
        self._in_text: dict[str, tuple[Claim, ...]] = {"": ()}

    @classmethod
    def load(cls, weights: Weights, path: Path | None = None) -> Self:
        """Load the makers that are shipped, or those of another file.

        Raises:
            ConfigError: The file is missing, or an entry is wrong: one line says which and why.
        """
        where = path or data_path(MAKERS_FILE)
        document = load_document(where)
        names = [
            _name(where, label, entry, is_brand=key == "brands")
            for key, fields in (("makers", _MAKER_FIELDS), ("brands", _BRAND_FIELDS))
            for label, entry in load_entries(where, key, fields, document)
        ]
        known = {one.name for one in names if not one.is_brand}
        for one in names:
            if one.maker and one.maker not in known:
                raise ConfigError(f"{where}: {one.name}: maker '{one.maker}' has no entry; add it")
        others = [
            (_patterns(where, label, entry, "organisations"), _other(where, label, entry))
            for label, entry in load_entries(where, "others", _OTHER_FIELDS, document)
        ]
        made = cls(names, others, [], weights)
        made.models = [
            made._model(where, label, entry)
            for label, entry in load_entries(where, "models", _MODEL_FIELDS, document)
        ]
        return made

    def of_name(self, name: str, *, is_brand: bool) -> tuple[Claim, ...]:
        """Return what it says of a device that it is of this maker, or of this brand."""
        one = self._by_name[is_brand, name]
        if not is_brand:
            return (Claim(f"maker={name}", 1.0, one.source),)
        claims = [Claim(f"brand={name}", 1.0, one.source)]
        if one.maker:
            factor = self._weights.by_sureness[one.sure]
            claims.append(Claim(f"maker={one.maker}", factor, one.source))
        return tuple(claims)

    def has(self, name: str, *, is_brand: bool) -> bool:
        """Return whether there is such a maker, or such a brand."""
        return (is_brand, name) in self._by_name

    def of_organisation(self, organisation: str) -> tuple[Claim, ...]:
        """Return what the holder of a MAC prefix says of a device; nothing for module makers."""
        known = self._of_organisation.get(organisation)
        if known is None:
            if len(self._of_organisation) >= MAX_CACHED:
                self._of_organisation = {"": ()}
            known = self._of_organisation[organisation] = self._holder(organisation)
        return known

    def in_text(self, value: str) -> tuple[Claim, ...]:
        """Return what the makers, brands and models that a text names say of the device."""
        known = self._in_text.get(value)
        if known is None:
            if len(self._in_text) >= MAX_CACHED:
                self._in_text = {"": ()}
            known = self._in_text[value] = self._scan(value[:MAX_SCANNED])
        return known

    def _holder(self, organisation: str) -> tuple[Claim, ...]:
        weights = self._weights
        for one in self.names:
            if any(pattern.search(organisation) for pattern in one.organisations):
                is_cameras = one.makes == "cameras"
                weight = weights.oui_cameras if is_cameras else weights.oui_many
                claims = self.of_name(one.name, is_brand=one.is_brand)
                said = [Claim(c.says, weight * c.weight, one.source) for c in claims]
                if is_cameras:
                    said.append(Claim("kind=camera", weights.oui_camera_kind, one.source))
                return tuple(said)
        for patterns, said_other in self.others:
            if any(pattern.search(organisation) for pattern in patterns):
                return said_other
        return ()

    def _scan(self, value: str) -> tuple[Claim, ...]:
        plain = value.lower()
        found = {self._by_word[match[0]]: None for match in self._words.finditer(plain)}
        exact = self._exact.get(plain.strip())
        if exact is not None:
            found[exact] = None
        best: dict[str, Claim] = {}
        for one in found:
            claims = self.of_name(one.name, is_brand=one.is_brand)
            _keep_best(best, claims)
            if not one.is_brand:
                _keep_best(best, [Claim(f"brand={one.name}", OWN_LABEL, one.source)])
        for pattern, claims in self.models:
            match = pattern.search(value)
            if match:
                _keep_best(best, claims)
                model = match.groupdict().get("model")
                if model:
                    _keep_best(best, [Claim(f"model={model.upper()}", 1.0)])
        return tuple(best.values())

    def _model(
        self, path: Path, label: str, entry: Mapping[str, Any]
    ) -> tuple[re.Pattern[str], tuple[Claim, ...]]:
        pattern = compiled(path, label, text_of(path, label, entry, "match"))
        factor = number(path, label, entry, "factor", default=0.9)
        source = text_of(path, label, entry, "source")
        claims: list[Claim] = []
        for key in ("maker", "brand"):
            name = text_of(path, label, entry, key, default="")
            if name and not self.has(name, is_brand=key == "brand"):
                raise ConfigError(f"{path}: {label}: {key} '{name}' has no entry; add it")
            if name:
                claims += self.of_name(name, is_brand=key == "brand")
        kind = text_of(path, label, entry, "kind", default="")
        if kind:
            claims.append(Claim(f"kind={kind_of(path, label, kind)}", 1.0))
        return pattern, tuple(Claim(c.says, c.weight * factor, source) for c in claims)


def _keep_best(best: dict[str, Claim], claims: Iterable[Claim]) -> None:
    for claim in claims:
        known = best.get(claim.says)
        if known is None or claim.weight > known.weight:
            best[claim.says] = claim


def compiled(path: Path, label: str, pattern: str) -> re.Pattern[str]:
    """Return a regular expression of a data file, searched without regard to case.

    Raises:
        ConfigError: It is none.
    """
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise ConfigError(f"{path}: {label}: '{pattern:.60}' is no pattern: {error}") from error


def number(
    path: Path, label: str, entry: Mapping[str, Any], field: str, *, default: float | None = None
) -> float:
    """Return a number of an entry that is not negative.

    Raises:
        ConfigError: It is missing and has no default, or is no such number.
    """
    value = entry.get(field, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ConfigError(f"{path}: {label}: {field} is {value!r:.40}; write a number such as 0.5")
    return float(value)


def kind_of(path: Path, label: str, kind: str) -> str:
    """Return a kind of device as it stands in a data file.

    Raises:
        ConfigError: There is no such kind.
    """
    if kind not in (DeviceKind.CAMERA, DeviceKind.RECORDER, DeviceKind.OTHER):
        raise ConfigError(f"{path}: {label}: no kind '{kind}'; write camera, recorder or other")
    return kind


def texts(path: Path, label: str, entry: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """Return a list of texts of an entry, empty where it is absent.

    Raises:
        ConfigError: It is no list of texts.
    """
    value = entry.get(field, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ConfigError(f"{path}: {label}: {field} is no list of texts; write [a, b]")
    return tuple(value)


def _patterns(
    path: Path, label: str, entry: Mapping[str, Any], field: str
) -> tuple[re.Pattern[str], ...]:
    return tuple(compiled(path, label, item) for item in texts(path, label, entry, field))


def _name(path: Path, label: str, entry: Mapping[str, Any], *, is_brand: bool) -> Name:
    name = text_of(path, label, entry, "name")
    label = f"{label} ({name})"
    makes = text_of(path, label, entry, "makes", default="")
    if makes not in ("cameras", "many", ""):
        raise ConfigError(f"{path}: {label}: makes is '{makes}'; write cameras or many")
    sure = text_of(path, label, entry, "sure", default="low")
    if sure not in SURENESS:
        raise ConfigError(f"{path}: {label}: sure is '{sure}'; write {', '.join(SURENESS)}")
    words = [word.lower() for word in texts(path, label, entry, "aliases")]
    words += [f"={word.lower()}" for word in texts(path, label, entry, "exact")]
    return Name(
        name,
        is_brand,
        text_of(path, label, entry, "maker", default="") if is_brand else name,
        sure if is_brand else "own",
        makes,
        _patterns(path, label, entry, "organisations"),
        tuple(words),
        text_of(path, label, entry, "source"),
    )


def _other(path: Path, label: str, entry: Mapping[str, Any]) -> tuple[Claim, ...]:
    source = text_of(path, label, entry, "source")
    claims = [Claim("kind=other", number(path, label, entry, "weight"), source)]
    maker = text_of(path, label, entry, "maker", default="")
    if maker:
        claims.append(Claim(f"maker={maker}", 0.6, source))
    return tuple(claims)
