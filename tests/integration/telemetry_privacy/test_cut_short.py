"""An erasure may end anywhere, as by a kill, and goes on: by the same call, or by itself without being told whom."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.runtime.errors import Unavailable
from services.telemetry.identity.store import Person
from services.telemetry.privacy import erasures, postgres_deleting
from services.telemetry.privacy.requests import Request
from tests.support.telemetry_people import PRODUCTION, People, event, events
from tests.support.telemetry_privacy import ACME, DPO, Privacy, places_of

ANA = Person(PRODUCTION, "acme", "ana-souza-1979")
DEVICES = ("navegador-da-ana", "celular-da-ana")


class Killed(BaseException):
    """The process ends here."""


async def fill(crowd: People) -> None:
    """Store a person with two devices."""
    for device in DEVICES:
        await crowd.identities.identify(ANA, device, {}, None)
        await crowd.write(*events(3, anonymous_id=device), *events(3, user_id=ANA.user_id))
    await crowd.write_dead_letter(event(user_id=ANA.user_id))


def killing(function: Callable[..., Awaitable[Any]], at_call: int, *, after: bool) -> Callable[..., Awaitable[Any]]:
    """Return the function, which ends everything before or after a call of it."""
    calls = 0

    async def killed(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at_call and not after:
            raise Killed
        result = await function(*arguments, **named)
        if calls == at_call:
            raise Killed
        return result

    return killed


WAITING = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'mirante-telemetry-erasures' AND wait_event_type = 'Lock'
"""
STEPS = [
    ("delete_events", 1, False),
    ("delete_events", 1, True),
    ("delete_rows", 1, True),
    ("delete_rows", 2, True),
    ("delete_rows", 3, True),
    ("delete_all_rows", 1, True),
    ("clean", 1, False),
    ("count_left", 1, True),
]


@pytest.mark.parametrize("again", ["the same call", "resume"])
@pytest.mark.parametrize("end", STEPS)
async def test_every_step_may_be_the_last(
    crowd: People, desk: Privacy, monkeypatch: pytest.MonkeyPatch, end: tuple[str, int, bool], again: str
) -> None:
    """What is counted in the end is what there was."""
    await fill(crowd)
    step, at_call, after = end
    with monkeypatch.context() as patch:
        patch.setattr(erasures, step, killing(getattr(erasures, step), at_call, after=after))
        with pytest.raises(Killed):
            await desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
    done: Request
    if again == "resume":
        [done] = await desk.erasures.resume()
    else:
        done = await desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
    assert await crowd.count("privacy_requests") == 1
    assert done.completed_at is not None
    assert done.counts == {"events": 12, "event_keys": 12, "dead_letters": 1, "aliases": 2}
    assert await places_of(crowd.url, desk.folder, ANA.user_id, *DEVICES) == []


async def test_without_the_ledger_nobody_is_condemned(crowd: People, desk: Privacy) -> None:
    """The ledger comes first: an erasure that a restored backup would undo is refused."""
    await fill(crowd)
    desk.folder.parent.mkdir(exist_ok=True)
    desk.folder.write_text("a file where the folder should be")
    with pytest.raises(Unavailable) as refused:
        await desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
    assert "archives" in refused.value.message
    assert [await crowd.count(table) for table in ("tombstones", "privacy_requests")] == [0, 0]
    assert await crowd.write(event(user_id=ANA.user_id)) == [True]


async def test_commit_that_fails_after_the_ledger_is_applied_at_the_next_start(
    crowd: People, desk: Privacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked was told that it may have been done, and it is."""
    await fill(crowd)
    append = desk.ledger.append

    async def append_and_die(entries: Any) -> None:
        await append(entries)
        raise Killed

    monkeypatch.setattr(desk.ledger, "append", append_and_die)
    with pytest.raises(Killed):
        await desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
    assert await crowd.count("tombstones") == 0
    monkeypatch.undo()
    [done] = await desk.reapplying.reapply()
    assert (done.completed_at is not None, done.counts["events"]) == (True, 12)
    assert await places_of(crowd.url, desk.folder, ANA.user_id, *DEVICES) == []


async def test_lost_connection_lets_others_go_on(crowd: People, desk: Privacy) -> None:
    """The lock on the archives goes with the connection that held it."""
    await fill(crowd)
    blocker = await asyncpg.connect(crowd.url)
    try:
        async with blocker.transaction():
            await blocker.execute("LOCK TABLE dead_letters IN ACCESS EXCLUSIVE MODE")
            erasing = asyncio.create_task(desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO))
            while not (found := await crowd.fetch(WAITING)):
                await asyncio.sleep(0.01)
            await crowd.fetch("SELECT pg_terminate_backend($1)", found[0]["pid"])
            with pytest.raises(Unavailable):
                await erasing
    finally:
        await blocker.close()
    [done] = await desk.erasures.resume()
    assert done.counts == {"events": 12, "event_keys": 12, "dead_letters": 1, "aliases": 2}


async def test_tenant_whose_erasure_was_cut_short_keeps_what_it_stored_since(
    crowd: People, desk: Privacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came after the entry in the log is new data, also for the second try."""
    await fill(crowd)
    with monkeypatch.context() as patch:
        patch.setattr(erasures, "delete_events", killing(postgres_deleting.delete_events, 1, after=False))
        with pytest.raises(Killed):
            await desk.erasures.erase_tenant(ACME, DPO)
    assert await crowd.write(*events(5, user_id="nova")) == [True] * 5
    await crowd.identities.identify(Person(PRODUCTION, "acme", "nova"), "nav-nova", {}, None)
    [done] = await desk.erasures.resume()
    assert done.counts["events"] == 12
    assert (await crowd.count("events", "kind = 1"), await crowd.count("aliases")) == (5, 1)
    assert (await crowd.entries())[0] == log_pb2.TenantErasure(tenant="acme")
