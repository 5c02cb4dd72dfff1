"""The OpenAPI document: what FastAPI finds, with roles, and problems as the one shape of errors."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from monitor import __version__
from monitor.api.access import role_of
from monitor.api.problems import MEDIA_TYPE, Problem
from monitor.store.access import Role

PATH: Final = "/api/v1/openapi.json"
EXAMPLES: Final = Path(__file__).parent / "examples.json"
"""Answers to a small store, written by ``docs/generate.py``."""

ABOUT: Final = """What the cameras of a site send out, what for, to whom, and did it get through.

Times are RFC 3339 in UTC. What is not known is null. Lists give `items` and `next`, the cursor of
the next page; `format=csv` and `format=jsonl` export a whole list. Errors are problem details
(RFC 9457). Each path names the role it needs: a reader reads, an analyst also acknowledges, snoozes,
notes, labels and uploads, an admin also reads the audit log.
"""

PROBLEMS: Final = {
    400: "The request cannot be read",
    401: "No token, or one that is not good",
    403: "The role is too small, or the change does not come from the page",
    404: "There is no such thing",
    408: "The request came too slowly",
    413: "The body is too large",
    422: "A parameter or the body does not fit; `errors` says which and why",
    429: "Too many requests; `Retry-After` says how long to wait",
    500: "A fault of camwatch",
    503: "Too busy, or the store does not answer",
}


def build(app: FastAPI, routes: Sequence[tuple[str, APIRoute]]) -> dict[str, Any]:
    """Return the document of an app; `routes` are those that are told, with their whole paths."""
    document = get_openapi(
        title="camwatch", version=__version__, description=ABOUT, routes=app.routes
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "camw_ID_SECRET"},
    }
    roles = {
        (path, method.lower()): stated_role(route)[1]
        for path, route in routes
        for method in route.methods or ()
    }
    examples = json.loads(EXAMPLES.read_text("utf-8"))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(operation, roles[path, method], method)
            _exemplify(operation, examples.get(f"{method} {path}"))
    return document


class Allowed:
    """Which methods a path takes."""

    def __init__(self, routes: Sequence[tuple[str, APIRoute]]) -> None:
        found: dict[str, set[str]] = {}
        for path, route in routes:
            found.setdefault(re.sub(r"\{\w+\}", "[^/]+", path), set()).update(route.methods or ())
        self._methods = [(re.compile(path), methods) for path, methods in found.items()]

    def __call__(self, path: str) -> str:
        """Return the value of the header Allow; empty for no path of the API."""
        for pattern, methods in self._methods:
            if pattern.fullmatch(path):
                return ", ".join(sorted(methods))
        return ""


def stated_role(route: APIRoute) -> tuple[bool, Role | None]:
    """Return whether a route states who may ask, and the role; None: everybody may."""
    for dependency in route.dependant.dependencies:
        is_stated, role = role_of(dependency.call)
        if is_stated:
            return True, role
    return False, None


def _exemplify(operation: dict[str, Any], example: Any) -> None:
    for status, told in operation["responses"].items():
        content = told.get("content", {}).get("application/json")
        if example is not None and status.startswith("2") and content is not None:
            content["example"] = example


def _complete(operation: dict[str, Any], role: Role | None, method: str) -> None:
    operation["x-role"] = "everybody" if role is None else str(role)
    operation["security"] = [] if role is None else [{"token": []}]
    statuses = [400, 404, 422, 429, 500, 503]
    if role is not None:
        statuses += [401, 403]
    if method != "get":
        statuses += [401, 403]
    if "requestBody" in operation:
        statuses += [408, 413]
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in sorted(set(statuses)):
        told = {"description": PROBLEMS[status], "content": content}
        operation["responses"][str(status)] = told
