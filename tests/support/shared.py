"""The recorded captures that lie beside the checkout on development machines; absent elsewhere."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"


def shared_path(*parts: str) -> Path:
    """Return a path in the shared material, or skip the test with the reason."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"recorded captures are not on this machine: no {'/'.join(parts)} in ../shared")
    return path
