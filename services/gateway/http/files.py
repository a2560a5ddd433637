"""The dashboard's files."""

import os
from pathlib import Path, PurePosixPath
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from services.gateway.http.headers import FILES_POLICY
from services.gateway.http.problems import METHOD_NOT_ALLOWED, NOT_FOUND, Problem

_HASHED_FOLDER: Final = "assets"
"""Where Vite puts files whose names change with their content."""


class DashboardFiles(StaticFiles):
    """
    Serves a folder.

    An address without a file is a page of the application, which `index.html` draws: when it has no file type, or when
    a browser goes there, since keys of flags may have dots in them. Files with hashed names are never pages.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the response for a path below the folder."""
        parts = PurePosixPath(path).parts
        if "\0" in path or any(part.startswith(".") for part in parts if part != os.curdir):
            raise _nothing()
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code == 405:
                raise Problem(
                    405, METHOD_NOT_ALLOWED, "this address takes other methods", headers={"Allow": "GET, HEAD"}
                ) from None
            if error.status_code != 404 or not _is_page(parts, Headers(scope=scope)):
                raise _nothing() from None
            try:
                response = await super().get_response("index.html", scope)
            except HTTPException:
                raise _nothing() from None
        hashed = bool(parts) and parts[0] == _HASHED_FOLDER
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
        response.headers["Content-Security-Policy"] = FILES_POLICY
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


def _is_page(parts: tuple[str, ...], headers: Headers) -> bool:
    if parts and parts[0] == _HASHED_FOLDER:
        return False
    return not PurePosixPath(*parts).suffix or "text/html" in headers.get("accept", "")


def _nothing() -> Problem:
    return Problem(404, NOT_FOUND, "there is nothing at this address")
