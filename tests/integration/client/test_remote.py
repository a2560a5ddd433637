"""Remote mode and the asyncio face."""

import asyncio
import dataclasses

import pytest
from mirante import AsyncMirante, ClientState, EvaluationError, Mirante

from tests.integration.client.conftest import QUICK, Connect
from tests.support.eventually import eventually
from tests.support.fake_flag_service import KEY, FakeFlagService
from tests.support.flag_messages import bool_flag


def test_every_question_goes_to_the_service(service: FakeFlagService, connect: Connect) -> None:
    """A change shows in the next answer."""
    client = connect(mode="remote")
    assert client.is_enabled("a") is True
    service.put(bool_flag("a", 2, killed=True))
    assert client.is_enabled("a") is False
    assert service.calls == 2
    assert client.status.state is ClientState.READY
    assert client.status.revision == 2


def test_without_the_service_defaults_answer(service: FakeFlagService, connect: Connect) -> None:
    """And it is asked again, so that it is found when it returns."""
    client = connect(mode="remote")
    assert client.wait_until_ready(30)
    service.stop()
    details = client.details("a", default="x")
    assert (details.value, details.error) == ("x", EvaluationError.NOT_READY)
    assert client.status.state is ClientState.STALE
    assert client.all_flags() == {}
    assert client.wait_until_ready(0.05) is False
    service.start()
    assert client.wait_until_ready(30)
    assert client.is_enabled("a") is True


def test_a_service_that_hangs_is_not_waited_for() -> None:
    """The deadline ends every question."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        timing = dataclasses.replace(QUICK, deadline=0.05)
        with Mirante(address, api_key=KEY, mode="remote", timing=timing) as client:
            assert client.details("a").error is EvaluationError.NOT_READY


def test_a_refused_key_gives_defaults(connect: Connect) -> None:
    """With the reason in the details, and without the key."""
    details = connect(mode="remote", api_key="wrong-key").details("a", default=1)
    assert (details.value, details.error) == (1, EvaluationError.NOT_READY)
    assert details.error_message == "UNAUTHENTICATED: unknown key"


def test_a_closed_remote_client_gives_defaults(connect: Connect) -> None:
    """As any other failure does."""
    client = connect(mode="remote")
    client.close()
    client.close()
    assert client.is_enabled("a", default=True) is True
    assert client.details("a").error is EvaluationError.NOT_READY
    assert client.status.state is ClientState.CLOSED
    assert client.wait_until_ready(1) is False


@pytest.mark.parametrize("mode", ["in_process", "remote"])
async def test_the_asyncio_face(service: FakeFlagService, mode: str) -> None:
    """Everything is there, and what waits is awaited."""
    settings = {"api_key": KEY, "mode": mode, "timing": QUICK}
    async with AsyncMirante(service.address, **settings) as client:  # type: ignore[arg-type] # of mixed types
        assert await client.wait_until_ready(30)
        details = await client.details_async("a")
        assert (details.value, details.revision) == (True, 1)
        assert list(await client.all_flags_async()) == ["a"]
        missing = await client.details_async("nope", default=3)
        assert (missing.value, missing.error) == (3, EvaluationError.FLAG_NOT_FOUND)
    assert client.status.state is ClientState.CLOSED


async def test_in_process_questions_do_not_wait(service: FakeFlagService) -> None:
    """They are plain calls, also in a coroutine."""
    async with AsyncMirante(service.address, api_key=KEY) as client:
        assert await client.wait_until_ready(30)
        assert client.is_enabled("a") is True


async def test_many_questions_at_once(service: FakeFlagService) -> None:
    """The loop is free while they are under way."""
    async with AsyncMirante(service.address, api_key=KEY, mode="remote") as client:
        answers = await asyncio.gather(*(client.details_async("a") for _ in range(200)))
    assert {answer.value for answer in answers} == {True}


async def test_a_cancelled_question_ends() -> None:
    """Cancelling the task cancels the call; nothing is swallowed."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        timing = dataclasses.replace(QUICK, deadline=3600.0)
        async with AsyncMirante(address, api_key=KEY, mode="remote", timing=timing) as client:
            question = asyncio.create_task(client.details_async("a"))
            await asyncio.sleep(0)
            question.cancel()
            with pytest.raises(asyncio.CancelledError):
                await question


def test_closing_ends_questions_under_way() -> None:
    """Nobody is left waiting for the deadline."""
    import socket
    import threading

    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        client = Mirante(address, api_key=KEY, mode="remote", timing=dataclasses.replace(QUICK, deadline=3600.0))
        answers: list[object] = []
        asking = threading.Thread(target=lambda: answers.append(client.details("a").error))
        asking.start()
        assert eventually(lambda: client._remote()._calls._under_way == 1)
        client.close()
        asking.join(30)
        assert answers == [EvaluationError.NOT_READY]
