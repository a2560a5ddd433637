"""A tenant's data goes as a whole, and the tenant may come back."""

import asyncio

from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.telemetry.identity.store import Person
from tests.support.telemetry_people import PRODUCTION, People, event, events
from tests.support.telemetry_privacy import ACME, DPO, Privacy, places_of

ANA = Person(PRODUCTION, "acme", "ana-souza-1979")


async def fill(crowd: People, tenant: str) -> None:
    """Store something of a tenant everywhere."""
    person = Person(PRODUCTION, tenant, ANA.user_id)
    plan = {"plan": value_pb2.Value(string_value="premium")}
    await crowd.identities.identify(person, "nav-1", plan, None)
    await crowd.identities.identify(Person(PRODUCTION, tenant, ""), "", plan, None)
    await crowd.write(*events(3, tenant=tenant, user_id=ANA.user_id), event(tenant), event(tenant, anonymous_id="x"))
    await crowd.write_dead_letter(event(tenant, user_id=ANA.user_id))


async def test_everything_of_the_tenant_goes_and_nothing_of_others(crowd: People, desk: Privacy) -> None:
    """What nobody did goes too; the log says what its readers have to forget."""
    await fill(crowd, "acme")
    await fill(crowd, "outra")
    done = await desk.erasures.erase_tenant(ACME, DPO)
    assert done.counts == {"events": 5, "event_keys": 5, "dead_letters": 1, "traits": 2, "aliases": 1}
    assert (done.completed_at is not None, set(done.left.values())) == (True, {0})
    for table in ("event_keys", "dead_letters", "traits", "aliases"):
        assert {row[0] for row in await crowd.fetch(f"SELECT tenant FROM {table}")} == {"outra"}  # noqa: S608
    assert await crowd.count("events", "tenant = 'acme' AND kind = 1") == 0
    assert (await crowd.entries())[-1] == log_pb2.TenantErasure(tenant="acme")
    assert await places_of(crowd.url, desk.folder, ANA.user_id) != []


async def test_tenant_may_return(crowd: People, desk: Privacy) -> None:
    """With the same ids of events even; but who was erased as a person stays away."""
    await fill(crowd, "acme")
    await desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
    sent = events(3, user_id="bia")
    await crowd.write(*sent)
    await desk.erasures.erase_tenant(ACME, DPO)
    assert await crowd.write(*sent) == [True] * 3
    assert await crowd.write(event(user_id=ANA.user_id)) == [False]
    again = await desk.erasures.erase_tenant(ACME, DPO)
    assert again.counts["events"] == 3


async def test_what_is_stored_meanwhile_is_before_or_after(crowd: People, desk: Privacy) -> None:
    """Every event is erased if it stands before the entry in the log, and kept if it stands after it."""
    stop = asyncio.Event()
    taken = 0

    async def write_on() -> None:
        nonlocal taken
        while not stop.is_set():
            await crowd.write(*events(2, user_id="bia"))
            taken += 2

    writers = [asyncio.create_task(write_on()) for _ in range(4)]
    while taken < 40:
        await asyncio.sleep(0.01)
    done = await desk.erasures.erase_tenant(ACME, DPO)
    at_end = taken
    while taken < at_end + 20:
        await asyncio.sleep(0.01)
    stop.set()
    await asyncio.gather(*writers)
    kept = await crowd.fetch("SELECT xid::text::bigint FROM events WHERE kind = 1")
    [entry] = await crowd.fetch("SELECT xid::text::bigint FROM events WHERE kind = 5")
    assert done.counts["events"] + len(kept) == taken
    assert all(row[0] > entry[0] for row in kept)
    assert done.counts["events"] > 0
