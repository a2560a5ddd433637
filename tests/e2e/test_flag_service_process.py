"""The flag service as a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.flag_service_process import FlagServiceProcess
from tests.support.running_up import free_port


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run the service until it ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "services.flags"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_wrong_setting_ends_it_with_one_line(tmp_path: Path) -> None:
    """That names the variable, and nothing else."""
    ended = start(MIRANTE_HOME=str(tmp_path), MIRANTE_FLAGS_PORT="many")
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stderr.startswith("MIRANTE_FLAGS_PORT: ")
    assert ended.stdout == ""


def test_an_address_that_is_none_ends_it_with_one_line(tmp_path: Path) -> None:
    """Its password stays out of the message."""
    ended = start(
        MIRANTE_HOME=str(tmp_path),
        MIRANTE_FLAGS_PORT="0",
        DATABASE_URL="postgresql://user:hush@host:port:1/db",
        REDIS_URL="redis://127.0.0.1:1",
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("DATABASE_URL: ")
    assert "hush" not in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_in_order(
    database_url: str, redis_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    """With exit code 0."""
    service = FlagServiceProcess(tmp_path, database_url, redis_url)
    service.start()
    await service.serving()
    service.signal(number)
    assert await service.terminate() == 0


async def test_a_signal_ends_it_while_it_waits_for_its_database(redis_url: str, tmp_path: Path) -> None:
    """It does not have to be ready first."""
    service = FlagServiceProcess(tmp_path, f"postgresql://nobody@127.0.0.1:{free_port()}/none", redis_url)
    service.start()
    while "waiting for what the service needs" not in service.log.read_text():
        assert not await service.healthy()
    assert await service.terminate() == 0


async def test_processes_share_a_port(database_url: str, redis_url: str, tmp_path: Path) -> None:
    """With SO_REUSEPORT both listen, and one that dies leaves the other serving."""
    port = str(free_port())
    both = [
        FlagServiceProcess(tmp_path, database_url, redis_url, MIRANTE_FLAGS_PORT=port, MIRANTE_FLAGS_REUSEPORT="true")
        for _ in range(2)
    ]
    try:
        for service in both:
            service.port = int(port)
            service.start()
        listening: set[int | None] = set()
        while len(listening) < 2:
            await both[0].serving()
            listening = {
                connection.pid
                for connection in psutil.net_connections("tcp")
                if connection.status == psutil.CONN_LISTEN and tuple(connection.laddr)[1:] == (int(port),)
            }
        both[0].kill()
        for _ in range(5):
            await both[1].serving()
    finally:
        for service in both:
            await service.terminate()
