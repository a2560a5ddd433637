"""Whether the process lives, and whether it should get requests."""

import json
from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response


class Health:
    """
    `/healthz` and `/readyz`.

    `lacking` names what is missing before requests can be answered, in words that anybody may read.
    """

    def __init__(self, lacking: Callable[[], Sequence[str]]) -> None:
        self._lacking = lacking
        self.draining = False

    async def alive(self, _request: Request) -> Response:
        """`GET /healthz`: 200 while the process works."""
        return _answer(200, "alive")

    async def ready(self, _request: Request) -> Response:
        """`GET /readyz`: 200 when requests are answered, else 503."""
        if self.draining:
            return _answer(503, "draining")
        lacking = list(self._lacking())
        return _answer(503, "starting", lacking) if lacking else _answer(200, "ready")


def _answer(status: int, state: str, lacking: Sequence[str] = ()) -> Response:
    document = {"status": state} | ({"lacking": list(lacking)} if lacking else {})
    return Response(json.dumps(document), status, media_type="application/json")
