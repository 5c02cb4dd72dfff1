"""The capture files of a run: found again, and shown to be the same bytes."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from monitor.errors import CaptureError, UsageError
from monitor.forensics.folder import Input, RunFolder
from monitor.forensics.shown import shown

STANDARD_INPUT: Final = "-"


class Original(NamedTuple):
    """A file that holds what an input held."""

    input: Input
    path: Path


def find(run: RunFolder, span_ns: tuple[int, int], given: Sequence[Path] = ()) -> list[Original]:
    """Return the files of the inputs that have frames within a time, in the order of the manifest.

    A file is looked for under the name it was given by, then in the directory of the run and in
    the one above. Sizes are compared here; the hash of a file is compared by whoever reads it to
    its end, except of those in `given`, which are told apart by it.

    Args:
        run: The run.
        span_ns: First and last time that matters, ns since 1970.
        given: Files that may be the inputs under another name.

    Raises:
        UsageError: An input was standard input, and no file in `given` holds the same bytes.
        CaptureError: A file is gone or was changed.
    """
    by_hash = {_hash(path): path for path in given}
    found = []
    for item in run.inputs:
        if not _overlaps(item, span_ns):
            continue
        path = by_hash.get(item.sha256)
        found.append(Original(item, path if path is not None else _path(run, item)))
    unused = set(by_hash) - {item.sha256 for item in run.inputs}
    if unused:
        name = shown(str(by_hash[min(unused)]))
        raise UsageError(f"--original {name}: no input of this run holds these bytes")
    return found


def check_hash(original: Original, sha256: str) -> None:
    """Compare the hash of the bytes that were read.

    Raises:
        CaptureError: The file is another than at the replay.
    """
    if sha256 != original.input.sha256:
        raise _changed(original.path, "its SHA-256 differs")


def _overlaps(item: Input, span_ns: tuple[int, int]) -> bool:
    if item.first_ns is None or item.last_ns is None:
        return False
    return item.first_ns <= span_ns[1] and item.last_ns >= span_ns[0]


def _path(run: RunFolder, item: Input) -> Path:
    name = shown(item.name)
    if item.name == STANDARD_INPUT:
        raise UsageError(
            "the frames came from standard input, which cannot be read again; "
            "if they were kept, name the file with --original"
        )
    places = (Path(item.name), run.path / item.name, run.path.parent / item.name)
    for path in places:
        try:
            if not path.is_file():
                continue
            size = path.stat().st_size
        except OSError as error:
            raise CaptureError(f"{name}: {error.strerror}; make it readable") from error
        if size != item.size_bytes:
            raise _changed(path, f"it has {size} bytes, then {item.size_bytes}")
        return path
    if any(path.exists() for path in places):
        raise UsageError(
            f"{name}: not a file that can be read twice; "
            "if its frames were kept, name the file with --original"
        )
    raise CaptureError(
        f"{name}: gone; put it back, or say where it is now with --original (it is known by its "
        f"SHA-256, {item.sha256[:16]}...)"
    )


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CaptureError(f"--original {shown(str(path))}: {error.strerror}") from error


def _changed(path: Path, how: str) -> CaptureError:
    return CaptureError(
        f"{shown(str(path))}: changed since the replay ({how}); give the capture as it was "
        "with --original, or replay this one"
    )
