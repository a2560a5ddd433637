"""The health command tells a service that lives from one that answers, in plain text and with TLS."""

import asyncio
from pathlib import Path

import pytest

from services.runtime.calls.intercepted import InterceptedServices
from services.runtime.probe import problem
from services.runtime.server import open_server
from services.runtime.settings import ServiceSettings
from tests.support.certificates import make_certificates
from tests.support.running_up import free_port


@pytest.mark.parametrize("tls", ["plain", "tls", "mutual"])
async def test_alive_is_not_ready(tls: str, tmp_path: Path) -> None:
    """From the start the process is alive; it is ready from `serve` to `drain`, and alive until its end."""
    settings = ServiceSettings()
    files: tuple[Path, ...] = ()
    if tls != "plain":
        made = make_certificates(tmp_path)
        files = (made.server.certificate, made.server.key)
        settings = ServiceSettings(
            tls_certificate=files[0], tls_key=files[1], tls_client_ca=made.ca if tls == "mutual" else None
        )
    async with open_server(
        settings, "127.0.0.1", 0, variable="PORT", reuseport=False, services=InterceptedServices(), names=["a.B"]
    ) as server:

        async def ask(question: str) -> str | None:
            return await asyncio.to_thread(problem, server.port, question, *files)

        assert (await ask("alive"), await ask("ready")) == (None, "NOT_SERVING")
        await server.serve()
        assert (await ask("alive"), await ask("ready")) == (None, None)
        said: list[str | None] = []

        async def goodbye() -> None:
            said.extend([await ask("alive"), await ask("ready")])

        await server.drain(goodbye, 30.0)
        assert said == [None, "NOT_SERVING"]


async def test_nobody_there() -> None:
    """A port that nobody listens on is neither."""
    found = await asyncio.to_thread(problem, free_port(), "alive")
    assert found is not None
    assert found.startswith("UNAVAILABLE")
