"""
Messages in their proto3-JSON form.

What is large is read and written in threads, few of them: it would keep everybody else waiting.
"""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message

from services.gateway.admin.wrong_fields import MOST_LEVELS, wrong_fields
from services.gateway.http.bodies import Json, parse_json
from services.runtime.errors import InvalidRequest

_MOST_NAMED: Final = 20
_LARGE_BYTES: Final = 64 * 1024
_ASIDE: Final = ThreadPoolExecutor(2, "json")

_T = TypeVar("_T")


async def serialised(body: bytes, kind: type[Message]) -> bytes:
    """
    Return the serialised message that a body in JSON stands for.

    Raises:
        Problem: it is no JSON.
        InvalidRequest: see `message_of`.
    """
    return await _aside(len(body), lambda: message_of(parse_json(body), kind).SerializeToString())


async def json_of(payload: bytes, kind: type[Message]) -> bytes:
    """Return the JSON of a serialised message, in one line, with the fields that are at their default value."""
    return await _aside(len(payload), lambda: _json(kind.FromString(payload)))


def message_of(document: Json, kind: type[Message]) -> Message:
    """
    Return the message that a JSON value stands for.

    Raises:
        InvalidRequest: it stands for none; each field that is unknown or holds what it cannot is named.
    """
    if not isinstance(document, dict):
        raise InvalidRequest.of("body", "must be an object")
    _check_characters(document)
    try:
        return json_format.ParseDict(document, kind(), max_recursion_depth=MOST_LEVELS)
    except (json_format.ParseError, RecursionError):
        raise InvalidRequest(wrong_fields(document, kind.DESCRIPTOR, _MOST_NAMED)) from None


def _check_characters(document: Json) -> None:
    """JSON can hold halves of characters, on which protobuf fails in ways of its own."""
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidRequest.of("body", "holds halves of characters") from None
    except RecursionError:
        raise InvalidRequest.of("body", "is nested too deeply") from None


def _json(message: Message) -> bytes:
    document = json_format.MessageToDict(message, always_print_fields_with_no_presence=True)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


async def _aside(size: int, work: Callable[[], _T]) -> _T:
    if size <= _LARGE_BYTES:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_ASIDE, work)
