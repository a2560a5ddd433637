"""Bodies of requests: never more than a bound in memory, packed or unpacked, and strict JSON."""

import asyncio
import contextlib
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request

from services.gateway.http.problems import BODY_TOO_LARGE, BODY_TOO_SLOW, INVALID_BODY, UNSUPPORTED_ENCODING, Problem

_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_SECONDS: Final = 15.0
"""For all of a body to arrive."""
_MOST_PASSED_OVER: Final = 4 * 1024 * 1024
_PASS_OVER_SECONDS: Final = 2.0

Json = Any
"""What JSON holds: the text of a stranger, looked at with `isinstance`."""


async def read_body(request: Request, most: int) -> bytes:
    """
    Return the body, unpacked.

    Bodies packed by gzip are recognised without a header as well: `sendBeacon` cannot send one.

    Raises:
        Problem: it is larger than `most` bytes, packed or not, comes too slowly, is packed by what is not known here,
            or is cut short.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", ""}:
        raise Problem(
            415, UNSUPPORTED_ENCODING, "content-encoding: must be gzip or identity", headers={"Accept-Encoding": "gzip"}
        )
    body = await _received(request, most)
    if encoding == "gzip" or body.startswith(_GZIP_MAGIC):
        return unpacked(body, most)
    return body


def unpacked(body: bytes, most: int) -> bytes:
    """
    Return what a gzip body holds, one member.

    Raises:
        Problem: that is more than `most` bytes, or no whole gzip.
    """
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        found = unpacker.decompress(body, most + 1)
    except zlib.error:
        raise Problem(400, INVALID_BODY, "body: is not gzip") from None
    if len(found) > most:
        raise too_large(most)
    if not unpacker.eof or unpacker.unused_data:
        raise Problem(400, INVALID_BODY, "body: is not one whole gzip member")
    return found


def parse_json(body: bytes) -> Json:
    """
    Return the value in a body.

    Raises:
        Problem: it is no JSON; NaN and Infinity are none.
    """
    try:
        return json.loads(body, parse_constant=_no_constant)
    except RecursionError:
        raise Problem(400, INVALID_BODY, "body: is nested too deeply") from None
    except UnicodeDecodeError:
        raise Problem(400, INVALID_BODY, "body: is not UTF-8") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Problem(400, INVALID_BODY, f"body: is not JSON at {place}: {error.msg}") from None
    except ValueError as error:
        raise Problem(400, INVALID_BODY, f"body: is not JSON: {_brief(error)}") from None


def too_large(most: int) -> Problem:
    """Return the problem of a body of more than `most` bytes."""
    return Problem(413, BODY_TOO_LARGE, f"body: is larger than {most} bytes", headers={"Connection": "close"})


async def _received(request: Request, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    stream = request.stream()
    try:
        async with asyncio.timeout(_SECONDS):
            async for part in stream:
                size += len(part)
                if size > most:
                    parts.clear()
                    await _pass_over(stream)
                    raise too_large(most)
                parts.append(part)
    except TimeoutError:
        raise Problem(408, BODY_TOO_SLOW, "body: did not arrive in time", headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise Problem(400, INVALID_BODY, "body: was cut short") from None
    return b"".join(parts)


async def _pass_over(stream: AsyncIterator[bytes]) -> None:
    """Take some of what is too much: a connection that is closed upon unread bytes loses the answer too."""
    left = _MOST_PASSED_OVER
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PASS_OVER_SECONDS):
            async for part in stream:
                left -= len(part)
                if left < 0:
                    return


class _NoNumberError(ValueError):
    """A constant of JavaScript that JSON does not have."""


def _no_constant(name: str) -> None:
    raise _NoNumberError(f"{name} is no number")


def _brief(error: ValueError) -> str:
    return str(error) if isinstance(error, _NoNumberError) else "a number has too many digits"
