"""The gateway, asked by OFREP: for one flag, and for all of them."""

import asyncio
import datetime
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from mirante.evaluation import EvaluationError, Reason
from mirante.evaluation.model import TARGETING_KEY
from pydantic import SecretStr

from services.gateway.app import running
from services.gateway.settings import GatewaySettings
from tests.conformance.case_files import Answer, Question
from tests.conformance.running_service import RunningService

_SECONDS = 30.0


@dataclass(frozen=True)
class RunningGateway:
    """Where the gateway listens, and the secret of a key that holds all environments."""

    url: str
    secret: str


@contextmanager
def running_gateway(service: RunningService) -> Iterator[RunningGateway]:
    """Run a gateway on a thread of its own until the block ends."""
    started: Future[RunningGateway] = Future()
    finish = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(service, started, finish)), name="gateway")
    thread.start()
    try:
        found = started.result()
        _wait_until_ready(found)
        yield found
    finally:
        finish.set()
        thread.join()


async def _serve(service: RunningService, started: "Future[RunningGateway]", finish: threading.Event) -> None:
    try:
        with tempfile.TemporaryDirectory() as home:
            settings = GatewaySettings(
                home=Path(home),
                port=0,
                flags_address=service.address,
                internal_key=SecretStr(service.internal_secret),
                drain_seconds=1.0,
                quota=1e9,
            )
            async with running(settings) as gateway:
                started.set_result(RunningGateway(f"http://127.0.0.1:{gateway.port}", service.secret))
                await asyncio.to_thread(finish.wait)
    except BaseException as error:
        if not started.done():
            started.set_exception(error)
        raise


def _wait_until_ready(gateway: RunningGateway) -> None:
    deadline = time.monotonic() + _SECONDS
    while httpx.get(f"{gateway.url}/readyz").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.01)


class _OfrepDoor:
    """A connection with the key of the tests."""

    def __init__(self, gateway: RunningGateway) -> None:
        # A connection that the gateway closes for idleness while it is being used again would fail a case.
        unshared = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(base_url=gateway.url, timeout=_SECONDS, limits=unshared)
        self._headers = {"authorization": f"Bearer {gateway.secret}"}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def _post(self, path: str, environment: str, question: Question) -> httpx.Response:
        return self._http.post(
            path,
            json={"context": _context(question.context)},
            headers=self._headers | {"x-mirante-environment": environment},
        )


class OneFlagDoor(_OfrepDoor):
    """`POST /ofrep/v1/evaluate/flags/{key}`."""

    def evaluate(self, environment: str, question: Question) -> Answer:
        """See `Door`."""
        response = self._post(f"/ofrep/v1/evaluate/flags/{question.flag_key}", environment, question)
        assert response.status_code in {200, 400, 404}, response.text
        return _answer(response.json())


class BulkDoor(_OfrepDoor):
    """`POST /ofrep/v1/evaluate/flags`."""

    def evaluate(self, environment: str, question: Question) -> Answer:
        """See `Door`."""
        response = self._post("/ofrep/v1/evaluate/flags", environment, question)
        assert response.status_code == 200, response.text
        (found,) = [each for each in response.json()["flags"] if each["key"] == question.flag_key]
        return _answer(found)


def _context(context: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: _plain(value) for name, value in context.items()}
    if TARGETING_KEY in found:
        found["targetingKey"] = found.pop(TARGETING_KEY)
    return found


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value


def _answer(found: Mapping[str, Any]) -> Answer:
    metadata = found["metadata"]
    if "errorCode" in found:
        return Answer(None, "", Reason.ERROR, "", metadata["flagVersion"], EvaluationError(metadata["error"]))
    return Answer(
        found["value"],
        found["variant"],
        Reason(metadata["reason"]),
        metadata.get("ruleId", ""),
        metadata["flagVersion"],
    )
