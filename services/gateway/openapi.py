"""The document that describes what exists here; `openapi.json` beside this file is its source."""

from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response


async def openapi_document(_request: Request) -> Response:
    """`GET /openapi.json`."""
    return Response(_document(), media_type="application/json")


@cache
def _document() -> bytes:
    return Path(__file__).with_name("openapi.json").read_bytes()
