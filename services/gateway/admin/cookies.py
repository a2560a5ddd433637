"""The cookie of a session."""

import time
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_NAME: Final = "mirante_session"


class SessionCookies:
    """
    Sets, reads and takes away the cookie: no script can read it, and no other site's page can make a browser send it.

    With `secure`, browsers send it over TLS only, and its prefix keeps other hosts of the same domain from setting it.
    """

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        self._name = f"__Host-{_NAME}" if secure else _NAME

    def read(self, request: Request) -> str:
        """Return the secret of the session; empty when there is none."""
        return request.cookies.get(self._name, "")

    def set(self, response: Response, secret: str, expires_at: float) -> None:
        """Give the browser a session that ends at `expires_at`, in seconds since 1970."""
        self._write(response, secret, max(0, int(expires_at - time.time())))

    def clear(self, response: Response) -> None:
        """Take it away from the browser."""
        self._write(response, "", 0)

    def _write(self, response: Response, value: str, seconds: int) -> None:
        response.set_cookie(
            self._name, value, max_age=seconds, path="/", secure=self._secure, httponly=True, samesite="strict"
        )
