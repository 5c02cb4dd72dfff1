"""The API does what its OpenAPI document says: schemathesis asks, with data that fits and data that does not."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import serving

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = 3
"""Of each operation, beside the hundreds that the document's limits give; raise it for a long search."""


@pytest.mark.slow
def test_schemathesis_finds_no_fault(store_url: str, tmp_path: Path) -> None:
    serving.fill(store_url, 60)
    with serving.serving(
        store_url, tmp_path, requests_per_minute=10**6, refused_per_minute=10**6
    ) as it:
        done = subprocess.run(  # noqa: S603  # our own words
            [
                sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION),
                "run", f"{it.url}/api/v1/openapi.json",
                "--header", f"Authorization: Bearer {it.tokens['admin']}",
                # A stream of events does not end by itself.
                "--exclude-path", "/api/v1/events",
                "--phases", "examples,coverage,fuzzing",
                "--max-examples", str(EXAMPLES), "--generation-deterministic",
                "--continue-on-failure", "--no-color",
            ],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
