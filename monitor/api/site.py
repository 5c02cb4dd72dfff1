"""The page: files of ``monitor/web``, and its first file for every link into it."""

import hashlib
from pathlib import Path
from typing import Final, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

import monitor.web

FOLDER: Final = Path(monitor.web.__file__).parent
INDEX: Final = "index.html"
KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}
"""What is served; a file of another kind is not."""


class _File(NamedTuple):
    path: Path
    kind: str


class Site:
    """The files, found once: a path that is asked for is looked up and never opened."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): _File(path, KINDS[path.suffix])
            for path in sorted(folder.rglob("*"))
            if path.suffix in KINDS and path.is_file()
        }

    def answer(self, request: Request) -> Response:
        """Return a file, or the first page for a link into it.

        Raises:
            HTTPException: 404, there is no such file.
        """
        name = request.url.path.strip("/") or INDEX
        file = self._files.get(name)
        if file is None:
            # Addresses and companies have dots in their names too: a file is known by its kind.
            is_link = Path(name).suffix not in KINDS and not name.startswith("api/")
            file = self._files.get(INDEX) if is_link else None
        if file is None:
            raise HTTPException(404)
        content = file.path.read_bytes()
        tag = f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        body = b"" if request.method == "HEAD" else content
        headers["Content-Length"] = str(len(content))
        return Response(body, media_type=file.kind, headers=headers)
