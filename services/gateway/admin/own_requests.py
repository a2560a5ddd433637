"""
Protection against requests that pages of other sites make in a browser whose user is logged in here.

Three things have to be passed, each of which would do: the cookie is not sent from other sites (SameSite=Strict), a
header has to be there that such pages cannot send without being asked first, and the origin that the browser names has
to be our own.
"""

from typing import Final

from starlette.requests import Request

from services.gateway.access.entrance import is_own_origin
from services.gateway.http.problems import ORIGIN_DENIED, REQUEST_MARK_REQUIRED, UNSUPPORTED_TYPE, Problem

MARK: Final = "x-mirante-request"
_OWN_SITE: Final = frozenset({"same-origin", "none"})


class OwnRequests:
    """Knows which pages are ours: those of `public_origin`, where it is set, else those of the host that is asked."""

    def __init__(self, public_origin: str | None) -> None:
        self._public_origin = public_origin

    def check(self, request: Request) -> None:
        """
        Check a request that changes something or carries a session.

        Raises:
            Problem: it may come from a page of another site, or its body is not said to be JSON.
        """
        self.check_page(request)
        self.check_mark(request)
        self.check_type(request)

    def check_page(self, request: Request) -> None:
        """Raise Problem when a page of another site asks."""
        origin = request.headers.get("origin")
        if origin is not None and not self._is_own(request, origin):
            raise Problem(403, ORIGIN_DENIED, "origin: only pages of this gateway may ask here")
        if request.headers.get("sec-fetch-site", "none") not in _OWN_SITE:
            raise Problem(403, ORIGIN_DENIED, "sec-fetch-site: only pages of this gateway may ask here")

    def check_type(self, request: Request) -> None:
        """Raise Problem when the body is not said to be JSON."""
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            raise Problem(415, UNSUPPORTED_TYPE, "content-type: must be application/json")

    def check_mark(self, request: Request) -> None:
        """Raise Problem when the header is missing by which a page shows that it may send what it wants."""
        if request.headers.get(MARK) != "1":
            raise Problem(403, REQUEST_MARK_REQUIRED, "x-mirante-request: must be 1")

    def _is_own(self, request: Request, origin: str) -> bool:
        if self._public_origin is not None:
            return origin == self._public_origin
        is_downgraded = request.url.scheme == "https" and not origin.startswith("https://")
        return is_own_origin(request, origin) and not is_downgraded
