"""Statements run in processes of their own, which end with them, whatever happens."""

import asyncio
import sys
from pathlib import Path

import psutil
import pytest
from mirante.api.metrics.v1 import sql_service_pb2 as pb2

from services.metrics.analytics.sql.answering import SqlProcesses
from services.runtime.errors import InvalidRequest, Overloaded, Unavailable
from tests.support.analytics_store import BuiltStore
from tests.support.serving import eventually
from tests.support.sql_door import events_of, question, rows_of

_ENDLESS = "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000000) c"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store."""
    made = tmp_path_factory.mktemp("stores")
    BuiltStore(made).take(*events_of("loja", 30))
    return made


def _children() -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if "analytics.sql" in " ".join(each.cmdline())]


async def test_a_statement_is_answered_or_refused(folder: Path) -> None:
    """By a process that is gone then."""
    processes = SqlProcesses()
    answer = await processes.answer(question(folder, "SELECT count(*) FROM events"), "ana")
    assert rows_of(pb2.RunSqlResponse.FromString(answer)) == [(30,)]
    with pytest.raises(InvalidRequest, match="statement: there is no table 'nada'"):
        await processes.answer(question(folder, "FROM nada"), "ana")
    described = pb2.DescribeTablesResponse.FromString(await processes.answer(question(folder, None), "ana"))
    assert described.tables[0].rows == 30
    assert not _children()


async def test_what_nobody_waits_for_any_more_is_ended(folder: Path) -> None:
    """A caller who went away: the process goes at once."""
    processes = SqlProcesses()
    call = asyncio.create_task(processes.answer(question(folder, _ENDLESS, seconds=60.0), "ana"))

    async def runs() -> bool:
        return bool(_children())

    await eventually(runs)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not _children()


async def test_one_that_is_killed_or_fails_is_told_of() -> None:
    """Killed by the system it needed too much; what fails otherwise is ours."""
    killed = SqlProcesses((sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"))
    with pytest.raises(InvalidRequest, match="needs more than it may have: 512 MiB"):
        await killed.answer(question(Path(), "SELECT 1"), "ana")
    with pytest.raises(Unavailable):
        await SqlProcesses((sys.executable, "-c", "raise SystemExit(1)")).answer(question(Path(), "SELECT 1"), "ana")
    with pytest.raises(Unavailable):
        await SqlProcesses(("/nowhere/python",)).answer(question(Path(), "SELECT 1"), "ana")


async def test_passwords_of_ours_are_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that runs others' statements has an environment of its own."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    told = SqlProcesses((sys.executable, "-c", "import os, sys; sys.stdout.write('R' + ' '.join(os.environ))"))
    with pytest.raises(InvalidRequest) as refused:
        await told.answer(question(Path(), "SELECT 1"), "ana")
    assert "PATH" in refused.value.message
    assert "DATABASE_URL" not in refused.value.message


async def test_too_many_are_refused() -> None:
    """A few run, some more wait, and who comes then is told when to come again; nobody keeps all others out."""
    processes = SqlProcesses((sys.executable, "-c", "import sys; sys.stdin.buffer.read()"))

    async def ask(caller: str) -> bytes:
        return await processes.answer(question(Path(), "SELECT 1"), caller)

    calls = [asyncio.create_task(ask("ana")) for _ in range(8)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded, match="of this caller"):
        await ask("ana")
    calls += [asyncio.create_task(ask(f"bia {each // 5}")) for each in range(10)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded, match="as many wait"):
        await ask("eva")
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


async def test_it_ends_with_its_parent_and_keeps_to_its_bounds(folder: Path) -> None:
    """Its end of the pipe says that the parent is gone; the system holds its memory, and lets it write no file."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.metrics.analytics.sql.child", stdin=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(question(folder, _ENDLESS, seconds=60.0).encoded())

    async def bounded() -> bool:
        if sys.platform != "linux":
            return True
        return psutil.Process(process.pid).rlimit(psutil.RLIMIT_FSIZE) == (0, 0)

    await eventually(bounded)
    process.stdin.close()
    assert await process.wait() == 1
