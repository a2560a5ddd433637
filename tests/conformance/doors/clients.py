"""The Python client in both of its modes."""

from contextlib import ExitStack
from types import TracebackType
from typing import Self

from mirante import Mirante
from mirante.client.settings import Mode, Timing

from tests.conformance.case_files import Answer, Question, suites
from tests.conformance.doors import answer_of
from tests.conformance.running_service import RunningService


class ClientDoor:
    """One client for each environment: remote, or in process by what the watch stream brought."""

    def __init__(self, service: RunningService, mode: Mode) -> None:
        self._stack = ExitStack()
        self._clients = {
            name: self._stack.enter_context(
                Mirante(
                    service.address, api_key=service.secret, environment=name, mode=mode, timing=Timing(deadline=30.0)
                )
            )
            for name in suites()
        }

    def evaluate(self, environment: str, question: Question) -> Answer:
        """See `Door`."""
        client = self._clients[environment]
        assert client.wait_until_ready(timeout=30.0)
        return answer_of(client.details(question.flag_key, question.context, expected_type=question.expected_type))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
