"""
Reports in processes of their own: remembered while they are right, held to a time and a memory, stopped when nobody
waits, and one failing alone.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.metrics.analytics.answering.frames import read_frame
from services.runtime.errors import InvalidRequest, Overloaded, ServiceError, Unavailable
from tests.support.analytics_store import NOW
from tests.support.report_desk import AnsweringDesk, answering, funnel, question, stored
from tests.support.serving import eventually

_EVENTS = [
    stored("ana", "login", 300),
    stored("ana", "venda", 200, valor="10"),
    stored("bia", "login", 300),
    stored("caio", "login", 100, tenant="outra"),
    stored("caio", "venda", 50, tenant="outra", valor="7"),
]


def _levels(answer: object) -> list[int]:
    return [step.actors for step in answer.result.funnel.steps]  # type: ignore[attr-defined]  # an answer


async def _stopped(desk: AnsweringDesk) -> int:
    """Stop the process of a desk in its tracks, as a long report would; return its number."""
    await _until(lambda: len(desk.processes.pids) == 1)
    [pid] = desk.processes.pids
    os.kill(pid, signal.SIGSTOP)
    return pid


async def test_answers_are_remembered_while_the_store_is_as_it_was(tmp_path: Path) -> None:
    """New events of the tenant make another one, those of others do not; something a little old may do."""
    async with answering(tmp_path, _EVENTS) as desk:
        asked = funnel("login", "venda")
        first = await desk.ask(asked)
        assert (_levels(first), first.cached) == ([2, 1], False)
        assert first.watermark.log_entries == len(_EVENTS)
        assert first.limits.time.seconds == 90
        again = await desk.ask(asked)
        assert again.cached
        again.cached = False
        assert again == first
        desk.store.take(stored("dora", "login", 10, tenant="outra"))
        assert (await desk.ask(asked)).cached
        desk.store.take(stored("bia", "venda", 10))
        stale = await desk.ask(asked, fresh=3_600.0)
        assert (_levels(stale), stale.cached) == ([2, 1], True)
        newer = await desk.ask(asked)
        assert (_levels(newer), newer.cached, newer.watermark.log_entries) == ([2, 2], False, len(_EVENTS) + 2)


async def test_a_tenants_report_counts_nobody_elses_events(tmp_path: Path) -> None:
    """And one without a tenant counts all."""
    async with answering(tmp_path, _EVENTS) as desk:
        assert _levels(await desk.ask(funnel("login", "venda", tenant="outra"))) == [1, 1]
        assert _levels(await desk.ask(funnel("login", "venda", tenant=""))) == [3, 2]
        nobody = await desk.ask(funnel("login", "venda", tenant="nobody"))
        assert (_levels(nobody), nobody.HasField("first_event")) == ([0, 0], False)
        for tenant, seconds_ago in (("acme", 300), ("outra", 100), ("", 300)):
            answer = await desk.ask(funnel("login", "venda", tenant=tenant))
            assert answer.first_event.seconds == int(NOW) - seconds_ago


async def test_names_are_checked_against_what_there_is(tmp_path: Path) -> None:
    """What is declared and never came has zeros; what is unknown is refused with its field and what may be meant."""
    async with answering(tmp_path, _EVENTS, ["login", "relatorio"]) as desk:
        assert _levels(await desk.ask(funnel("login", "relatorio"))) == [2, 0]
        with pytest.raises(InvalidRequest) as refused:
            await desk.ask(funnel("login", "vendas"))
        [found] = refused.value.violations
        assert found.field == "question.funnel.steps[1].event"
        assert "'venda'" in found.description
        asked = question()
        asked.series.breakdown.property.name = "valr"
        with pytest.raises(InvalidRequest, match=r"question.series.breakdown.property: .*'valor'"):
            await desk.ask(asked)
        asked = question()
        asked.feature_use.declared_in_catalogue = True
        use = (await desk.ask(asked)).result.feature_use
        assert list(use.never_used) == ["relatorio"]
        assert [each.event for each in use.by_users] == ["login"]


async def test_what_a_tenant_has_is_told_of_it_alone(tmp_path: Path) -> None:
    """Events and properties that only others have are not among its own."""
    events = [*_EVENTS, stored("caio", "secreto", 10, tenant="outra", segredo="x")]
    async with answering(tmp_path, events) as desk:
        names = await desk.desk.names("production")
        assert names.seen == {"login", "venda", "secreto"}
        assert names.tenants == ("acme", "outra")
        assert (await desk.desk.names_of_tenant("production", "acme"))[0] == {"login", "venda"}
        assert (await desk.desk.names_of_tenant("production", "outra"))[0] == {"login", "venda", "secreto"}


async def test_a_report_that_nobody_waits_for_is_stopped(tmp_path: Path) -> None:
    """Its process is gone, and another one answers the next question."""
    async with answering(tmp_path, _EVENTS) as desk:
        pid = await _stopped(desk)
        asking = asyncio.create_task(desk.ask(funnel("login", "venda")))
        await _until(lambda: desk.processes.running == 1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await _until(lambda: pid not in desk.processes.pids)
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        assert _levels(await desk.ask(funnel("login", "venda"))) == [2, 1]


async def test_a_report_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    """With a reason of its own, and its process is replaced."""
    async with answering(tmp_path, _EVENTS, seconds=0.2) as desk:
        pid = await _stopped(desk)
        with pytest.raises(InvalidRequest, match=r"question: takes longer than the 0.2 s") as refused:
            await desk.ask(funnel("login", "venda"))
        assert refused.value.reason == reasons.ERROR_REASON_REPORT_TOO_SLOW
        await _until(lambda: bool(desk.processes.pids - {pid}))


async def test_a_report_that_needs_too_much_memory_is_refused(tmp_path: Path) -> None:
    """The system says no to its process, not to the service."""
    async with answering(tmp_path, _EVENTS, memory_mib=8) as desk:
        for _ in range(2):
            with pytest.raises(InvalidRequest, match="needs more than the 8 MiB") as refused:
                await desk.ask(funnel("login", "venda"))
            assert refused.value.reason == reasons.ERROR_REASON_REPORT_TOO_LARGE


async def test_a_process_that_is_killed_is_replaced(tmp_path: Path) -> None:
    """Whoever waited for it is told to ask again, and gets an answer then; also when it was idle."""
    async with answering(tmp_path, _EVENTS) as desk:
        pid = await _stopped(desk)
        asking = asyncio.create_task(desk.ask(funnel("login", "venda")))
        await _until(lambda: desk.processes.running == 1)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(Unavailable, match="ask again"):
            await asking
        assert _levels(await desk.ask(funnel("login", "venda"))) == [2, 1]
        [idle] = desk.processes.pids
        os.kill(idle, signal.SIGKILL)
        await _until(lambda: idle not in desk.processes.pids)
        assert _levels(await desk.ask(funnel("login", "venda", days=6))) == [2, 1]


async def test_callers_wait_in_line_and_the_line_has_an_end(tmp_path: Path) -> None:
    """One who asks for too much at once is refused at once; the same question asked twice waits once."""
    async with answering(tmp_path, _EVENTS, waiting_per_caller=1) as desk:
        pid = await _stopped(desk)
        tasks = [asyncio.create_task(desk.ask(funnel("login", "venda", days=days))) for days in (1, 1, 2)]
        await _until(lambda: desk.processes.running == 1 and desk.processes.waiting == 1)
        with pytest.raises(Overloaded, match="1 of this caller wait already"):
            await desk.ask(funnel("login", "venda", days=3))
        tasks.append(asyncio.create_task(desk.ask(funnel("login", "venda", days=3), caller="bia")))
        await _until(lambda: desk.processes.waiting == 2)
        os.kill(pid, signal.SIGCONT)
        assert [_levels(answer) for answer in await asyncio.gather(*tasks)] == [[2, 1]] * 4
        assert desk.processes.outcomes == {"answered": 3, "overloaded": 1}


def test_no_process_outlives_the_service(tmp_path: Path) -> None:
    """However the service ends, its end of the pipe is closed then."""
    command = [sys.executable, "-m", "services.metrics.analytics.answering.child", str(tmp_path), "128", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ready = read_frame(process.stdout)  # type: ignore[arg-type]  # it reads bytes
        assert ready is not None
        assert ready.head == {"outcome": "ready"}
        process.stdin.close()
        assert process.wait(60) == 0


async def test_without_a_store_it_says_so(tmp_path: Path) -> None:
    """It is not there yet: ask again."""
    async with answering(tmp_path, _EVENTS) as desk:
        with pytest.raises(ServiceError, match="is not built yet"):
            await desk.desk.answer("staging", funnel("login", "venda"), "ana")


async def _until(condition: Callable[[], bool]) -> None:
    async def holds() -> bool:
        return condition()

    await eventually(holds)
