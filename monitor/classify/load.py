"""Reads the catalogue: the shipped one, and a folder of the operator's that adds or overrides."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import orjson
import yaml

from monitor.classify.entry import Entry, EntryReader, Fault, Match
from monitor.classify.index import Catalog
from monitor.errors import ConfigError
from monitor.model.words import Confidence, Purpose

SHIPPED: Final = Path(__file__).parent / "catalog"
COMPILED: Final = "compiled.json"
"""The shipped entries in a form that loads in a few milliseconds; reading the YAML takes some
fifty times as long. It carries the hash of the YAML, so that it is never believed when stale."""

_FORM: Final = 1


def load_catalog(user_folder: Path | None = None) -> Catalog:
    """Return the shipped catalogue, with the entries of a folder added or put in place by id.

    Args:
        user_folder: Folder with ``*.yaml`` files of the same form; None for none.

    Raises:
        ConfigError: A file cannot be read, or an entry is faulty: one line a fault.
    """
    files = catalog_files(SHIPPED)
    digest = _digest(files)
    entries = _compiled(digest)
    if entries is None:
        entries = read_entries(files)
    if user_folder is not None:
        mine = catalog_files(user_folder)
        by_id = {entry.id: entry for entry in entries}
        # Read first: what cannot be read is a fault of that file, in words.
        by_id.update((entry.id, entry) for entry in read_entries(mine))
        digest = _digest([*files, *mine])
        entries = list(by_id.values())
    return Catalog(entries, digest)


def read_entries(files: Iterable[Path]) -> list[Entry]:
    """Return the entries of YAML files.

    Raises:
        ConfigError: A file cannot be read, or an entry is faulty: one line a fault.
    """
    entries, faults = check_files(files)
    if faults:
        lines = "\n  ".join(map(str, faults))
        raise ConfigError(f"catalogue: {len(faults)} faults; mend them:\n  {lines}")
    return entries


def check_files(files: Iterable[Path]) -> tuple[list[Entry], list[Fault]]:
    """Return the sound entries of YAML files, and what is wrong with the others."""
    entries: list[Entry] = []
    faults: list[Fault] = []
    seen: dict[str, str] = {}
    for file in files:
        reader = EntryReader(file.name, faults)
        try:
            document = yaml.load(file.read_bytes(), Loader=_Loader)  # noqa: S506  # _Loader is a safe loader
        except OSError as error:
            mend = "make it a file that can be read, or move it away"
            faults.append(Fault(file.name, "(file)", f"cannot be read ({error.strerror})", mend))
            continue
        except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
            reason = " ".join(str(error).split())
            faults.append(Fault(file.name, "(file)", f"cannot be read ({reason})", "mend the YAML"))
            continue
        for entry in reader.read(document):
            if entry.id in seen:
                mend = f"rename one, the other is in {seen[entry.id]}"
                faults.append(Fault(file.name, entry.id, "id is used twice", mend))
            seen[entry.id] = file.name
            entries.append(entry)
    return entries, faults


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml may be absent
    """A safe loader that refuses a key given twice, which YAML would let the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for key in keys:
            if keys.count(key) > 1:
                line = node.start_mark.line + 1
                raise ValueError(f"line {line}: the key `{key}` stands twice")
        return dict(super().construct_mapping(node, deep=deep))


def compile_catalog() -> bytes:
    """Return the compiled form of the shipped YAML files."""
    files = catalog_files(SHIPPED)
    rows = [_pack(entry) for entry in read_entries(files)]
    document = {"form": _FORM, "digest": _digest(files), "entries": rows}
    return orjson.dumps(document, default=dict, option=orjson.OPT_APPEND_NEWLINE)


def _compiled(digest: str) -> list[Entry] | None:
    path = SHIPPED / COMPILED
    if not path.exists():
        return None
    document = orjson.loads(path.read_bytes())
    if document.get("form") != _FORM or document.get("digest") != digest:
        return None
    return [_unpack(row) for row in document["entries"]]


def _pack(entry: Entry) -> list[Any]:
    match = entry.match
    condition = [
        *(match.name, match.word, match.service, match.fact, match.address),
        *(match.transport, match.port, match.scope, match.initiated_by, match.silent),
    ]
    while condition and not condition[-1]:
        condition.pop()
    return [
        *(entry.id, entry.maker, condition, entry.usual, entry.purpose, entry.also),
        *(entry.confidence, entry.side, entry.about, entry.source, entry.seen),
        *(entry.examples, entry.file),
    ]


def _unpack(row: list[Any]) -> Entry:
    ident, maker, condition, usual, purpose, also, confidence, side, about, source, seen, *rest = (
        row
    )
    condition = [*condition, *((), (), (), (), (), "", (), (), "", False)[len(condition) :]]
    return Entry(
        id=ident,
        maker=maker,
        match=Match(
            name=tuple(condition[0]),
            word=tuple(condition[1]),
            service=tuple(condition[2]),
            fact=tuple((kind, tuple(tests)) for kind, tests in condition[3]),
            address=tuple(condition[4]),
            transport=condition[5],
            port=tuple((low, high) for low, high in condition[6]),
            scope=tuple(condition[7]),
            initiated_by=condition[8],
            silent=condition[9],
        ),
        usual=tuple(usual),
        purpose=Purpose(purpose),
        also=tuple(map(Purpose, also)),
        confidence=Confidence(confidence),
        side=side,
        about=about,
        source=tuple(source),
        seen=seen,
        examples=tuple(rest[0]),
        file=rest[1],
    )


def catalog_files(folder: Path) -> list[Path]:
    """Return the files of a catalogue folder, in order.

    Raises:
        ConfigError: There is no such folder.
    """
    if not folder.is_dir():
        raise ConfigError(f"catalogue: {folder} is not a folder; name one that holds *.yaml files")
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".yaml")
    except OSError as error:
        raise ConfigError(
            f"catalogue: {folder}: {error.strerror}; make it a folder that can be read"
        ) from error


def _digest(files: Iterable[Path]) -> str:
    """Return SHA-256 over names and contents of the files."""
    total = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        total.update(f"{file.name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()
