"""Valkey, or Redis where only that is installed, as an embedded engine."""

import signal
from collections.abc import Sequence
from pathlib import Path

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from services.runtime.embedded.binaries import find_valkey
from services.runtime.embedded.engine import HOST, Endpoint, Engine
from services.runtime.embedded.errors import ServerDidNotStart


def valkey_engine() -> Engine:
    """
    Describe the Valkey or Redis of this machine.

    Writes reach the disk within a second (`appendfsync everysec`): enough for data that can be rebuilt.

    Raises:
        EngineMissing: there is none.
    """
    installation, executable = find_valkey()
    return Engine(
        name="valkey",
        installation=installation,
        executable=executable,
        command=_command,
        standard_input=_configuration,
        create_command=None,
        create_executable=executable,
        before_start=_before_start,
        answers=_answers,
        url=_url,
        walks_to_its_data=False,
        stop_signal=signal.SIGTERM,
    )


def _url(endpoint: Endpoint) -> str:
    return f"redis://:{endpoint.password}@{HOST}:{endpoint.port}/0"


def _command(_data: str, _endpoint: Endpoint) -> Sequence[str]:
    return ("-",)  # the configuration comes on standard input, where no other user can read the password


def _configuration(endpoint: Endpoint) -> bytes:
    # No `dir`: the working folder is the data folder, also where its path cannot be walked.
    return (
        f"bind {HOST}\n"
        f"port {endpoint.port}\n"
        f"requirepass {endpoint.password}\n"
        "appendonly yes\n"
        "appendfsync everysec\n"
        'save ""\n'
    ).encode()


def _before_start(_data: Path, _endpoint: Endpoint) -> None:
    """Valkey needs nothing: it cuts off an incomplete last entry of its log by itself."""


async def _answers(endpoint: Endpoint) -> bool:
    client = Redis.from_url(_url(endpoint), socket_timeout=5, retry=Retry(NoBackoff(), 0))
    try:
        return bool(await client.ping())
    except exceptions.AuthenticationError as error:
        raise ServerDidNotStart(f"Valkey on port {endpoint.port} refuses the password of the home folder") from error
    except (exceptions.BusyLoadingError, exceptions.ConnectionError, exceptions.TimeoutError):
        return False
    finally:
        await client.aclose()
