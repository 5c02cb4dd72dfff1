"""The OpenAPI document: complete, and with one shape of errors."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from monitor.api.app import create_app
from monitor.store.access import Role
from tests.support import serving
from tests.support.shared import ROOT

Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("api")
    app = create_app(serving.settings(folder), f"sqlite:///{folder}/s.db", lambda: serving.NOW_NS)
    made = app.openapi()
    app.state.context.reader.close()
    app.state.context.edits.close()
    return made


def _operations(document: dict[str, Any]) -> list[Operation]:
    return [
        (path, method, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


def test_every_operation_says_what_it_does_and_who_may(document: dict[str, Any]) -> None:
    roles = {"everybody", *Role}
    for path, method, operation in _operations(document):
        assert operation["summary"], (method, path)
        assert operation["description"], (method, path)
        assert operation["x-role"] in roles, (method, path)
        assert bool(operation["security"]) == (operation["x-role"] != "everybody")


def test_every_parameter_says_what_it_is(document: dict[str, Any]) -> None:
    for path, method, operation in _operations(document):
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), (method, path, parameter["name"])


def test_every_error_has_the_one_shape(document: dict[str, Any]) -> None:
    for path, method, operation in _operations(document):
        statuses = set(operation["responses"])
        assert {"422", "429", "500", "503"} <= statuses, (method, path)
        for status in statuses:
            if status >= "400":
                content = operation["responses"][status]["content"]
                assert content == {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                }


def test_every_answer_that_can_be_shown_has_an_example_that_fits(document: dict[str, Any]) -> None:
    without = set()
    for path, method, operation in _operations(document):
        for status, told in operation["responses"].items():
            content = told.get("content", {}).get("application/json")
            if status >= "300" or content is None:
                continue
            if "example" not in content:
                without.add((method, path))
                continue
            schema = {**content["schema"], "components": document["components"]}
            jsonschema.validate(content["example"], schema)
    assert without == {
        ("get", "/api/v1/about"), ("get", "/api/v1/session"), ("post", "/api/v1/session"),
        ("get", "/api/v1/jobs/{job_id}"), ("post", "/api/v1/jobs"),
        ("post", "/api/v1/jobs/{job_id}/cancel"), ("post", "/api/v1/silences/{silence_id}/end"),
    }  # fmt: skip


def test_the_page_of_the_api_names_every_path(document: dict[str, Any]) -> None:
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    for path, method, _ in _operations(document):
        assert f"### {method.upper()} {path}\n" in page
