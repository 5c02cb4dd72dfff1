"""Print what an image holds, as CycloneDX 1.5: Debian's packages and Python's."""

import importlib.metadata
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any


def _component(kind: str, name: str, version: str, licence: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "library",
        "name": name,
        "version": version,
        "purl": f"pkg:{kind}/{name}@{version}",
        "bom-ref": f"pkg:{kind}/{name}@{version}",
    }
    if licence:
        found["licenses"] = [{"license": {"name": licence.splitlines()[0][:200]}}]
    return found


def python_packages() -> Iterator[dict[str, Any]]:
    """Yield the distributions of this environment."""
    for one in importlib.metadata.distributions():
        licence = one.metadata.get("License-Expression") or one.metadata.get("License") or ""
        yield _component("pypi", one.metadata["Name"].lower(), one.version, licence)


def debian_packages() -> Iterator[dict[str, Any]]:
    """Yield the packages of dpkg's status; none where there is no dpkg."""
    query = shutil.which("dpkg-query")
    if query is None:
        return
    words = [query, "--show", "--showformat=${Package} ${Version}\n"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603  # fixed words
    for line in done.stdout.splitlines():
        name, version = line.split()
        yield _component("deb/debian", name, version)


def main() -> None:
    """Print it."""
    components = [*debian_packages(), *python_packages()]
    components.sort(key=lambda one: str(one["bom-ref"]))
    made = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "components": components,
    }
    json.dump(made, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
