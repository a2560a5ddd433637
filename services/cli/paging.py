"""Lists that come in pages."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import grpc

from services.cli.session import Answer, Request, Session

Item = TypeVar("Item")


def pages(
    session: Session, method: "grpc.UnaryUnaryMultiCallable[Request, Answer]", request: Request
) -> Iterator[Answer]:
    """Yield the pages of a list, each when it is wanted; raise Refusal. The request names the pages' size."""
    asked: Any = request
    while True:
        page: Any = session.call(method, request)
        yield page
        if not page.next_page_token:
            return
        asked.page_token = page.next_page_token


def newest(
    session: Session,
    method: "grpc.UnaryUnaryMultiCallable[Request, Answer]",
    request: Request,
    items: Callable[[Answer], Sequence[Item]],
    *,
    limit: int,
    most: int,
) -> list[Item]:
    """Return the first so many items of a list, whose pages have `most` of them at most; raise Refusal."""
    asked: Any = request
    asked.page_size = min(limit, most)
    found: list[Item] = []
    for page in pages(session, method, request):
        found += items(page)
        if len(found) >= limit:
            break
        asked.page_size = min(limit - len(found), most)
    return found
