"""An erased person is nowhere any more, and nothing of them is stored again."""

import asyncio
import datetime

import pytest
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.runtime.errors import StateConflict, Unavailable
from services.telemetry.events.subjects import actor_id, subject_hash
from services.telemetry.identity.store import Person
from tests.support.telemetry_people import PRODUCTION, People, event, events
from tests.support.telemetry_privacy import ACME, DPO, ForgetfulState, Privacy, places_of, privacy

ANA = Person(PRODUCTION, "acme", "ana-souza-1979")
DEVICE = "navegador-da-ana"
MAIL = "ana@exemplo.com.br"
WORDS = (ANA.user_id, DEVICE, MAIL)


async def fill(crowd: People) -> None:
    """Store something of a person everywhere, and of others beside it."""
    await crowd.identities.identify(ANA, DEVICE, {"email": value_pb2.Value(string_value=MAIL)}, None)
    await crowd.identities.identify(Person(PRODUCTION, "acme", "bia"), "nav-bia", {"plan": value_pb2.Value()}, None)
    await crowd.write(*events(3, user_id=ANA.user_id, email=MAIL), *events(2, user_id="bia"))
    await crowd.write(*events(2, anonymous_id=DEVICE), event(user_id=ANA.user_id, anonymous_id=DEVICE))
    long_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=11)
    await crowd.write(*events(2, user_id=ANA.user_id), *events(2, user_id="bia"), received_at=long_ago)
    await crowd.write(*events(1, tenant="outra", user_id="bia"))
    await crowd.write_dead_letter(event(user_id=ANA.user_id, email=MAIL))
    await crowd.write_dead_letter(event(anonymous_id=DEVICE))
    await crowd.write_dead_letter(event(user_id="bia"))


async def in_future(crowd: People) -> None:
    """Store an event that claims to be from next year, by a clock that is wrong."""
    ahead = event(user_id=ANA.user_id)
    ahead.occurred_at.FromDatetime(datetime.datetime.now() + datetime.timedelta(days=365))
    await crowd.write(ahead)


async def test_nothing_is_left_anywhere(crowd: People, desk: Privacy) -> None:
    """In no table of the database, the planner's statistics among them, and no file; of others everything is."""
    await fill(crowd)
    await in_future(crowd)
    async with crowd.pool.connection() as connection:
        await connection.execute("ANALYZE")
    before = await places_of(crowd.url, desk.folder, *WORDS)
    assert {place.partition(".")[0].partition("_2")[0] for place in before} >= {
        "aliases", "dead_letters", "events", "pg_statistic", "traits",
    }  # fmt: skip
    done = await desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
    assert await places_of(crowd.url, desk.folder, *WORDS) == []
    assert done.completed_at is not None
    assert done.counts == {"events": 9, "event_keys": 9, "dead_letters": 2, "traits": 1, "aliases": 1}
    assert set(done.left.values()) == {0}
    assert {"events", "dead_letters", "traits", "aliases", "archives", "live"} <= set(done.left)
    assert (await crowd.count("events", "kind = 1"), await crowd.count("event_keys")) == (5, 5)
    assert [await crowd.count(table) for table in ("dead_letters", "traits", "aliases")] == [1, 1, 1]


async def test_record_and_tombstones_name_hashes(crowd: People, desk: Privacy) -> None:
    """The request says who asked, why, and whom it concerned by a keyed hash; the log names actors."""
    await fill(crowd)
    done = await desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
    subjects = [f"u:{ANA.user_id}", f"a:{DEVICE}"]
    hashes = [subject_hash(crowd.hash_secret, PRODUCTION, "acme", each) for each in subjects]
    assert (done.subject_hash, done.asked) == (hashes[0], DPO)
    buried = await crowd.fetch("SELECT subject_hash FROM tombstones")
    assert sorted(row[0] for row in buried) == sorted(hashes)
    actors = [actor_id(crowd.hash_secret, PRODUCTION, "acme", each) for each in subjects]
    assert (await crowd.entries())[-1] == log_pb2.ActorErasure(tenant="acme", actor_ids=actors)


async def test_late_arrivals_are_refused(crowd: People, desk: Privacy) -> None:
    """Events of all of the person's ids, traits and aliases; the same ids in another tenant are other people."""
    await fill(crowd)
    await desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
    late = [event(user_id=ANA.user_id), event(anonymous_id=DEVICE), event(user_id="bia")]
    assert await crowd.write(*late) == [False, False, True]
    assert await crowd.write(event(tenant="outra", user_id=ANA.user_id)) == [True]
    bia = Person(PRODUCTION, "acme", "bia")
    for refused in (
        crowd.identities.identify(ANA, "", {"plan": value_pb2.Value(string_value="free")}, None),
        crowd.identities.alias(ANA, "outro-navegador"),
        crowd.identities.alias(bia, DEVICE),
        crowd.identities.unalias(PRODUCTION, "acme", DEVICE),
    ):
        with pytest.raises(StateConflict) as caught:
            await refused
        assert caught.value.reason == reasons.ERROR_REASON_SUBJECT_ERASED
    assert await crowd.count("traits", f"user_id = '{ANA.user_id}'") == 0


async def test_erasing_while_events_are_stored_leaves_nothing(crowd: People, desk: Privacy) -> None:
    """However writers and erasure meet, and also for aliases that are joined meanwhile."""
    stop = asyncio.Event()
    taken = 0

    async def write_on(number: int) -> None:
        nonlocal taken
        while not stop.is_set():
            batch = [event(user_id=ANA.user_id, email=MAIL), event(anonymous_id=DEVICE), event(user_id="bia")]
            was_taken = await crowd.write(*batch)
            taken += sum(was_taken[:2])
            try:
                await crowd.identities.alias(ANA, f"{DEVICE}-{number}")
            except StateConflict:
                continue

    await crowd.identities.alias(ANA, DEVICE)
    writers = [asyncio.create_task(write_on(number)) for number in range(4)]
    while taken < 40:
        await asyncio.sleep(0.01)
    done = await desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
    assert await places_of(crowd.url, desk.folder, ANA.user_id, MAIL) == []
    refused_from = taken
    await asyncio.sleep(0.1)
    stop.set()
    await asyncio.gather(*writers)
    assert taken == refused_from == done.counts["events"]
    assert await places_of(crowd.url, desk.folder, ANA.user_id, MAIL, DEVICE) == []
    assert await crowd.count("events", "subject = 'u:bia'") > 0


async def test_anonymous_person_is_erased_alone(crowd: People, desk: Privacy) -> None:
    """One who was never joined to a user is a person of their own."""
    await fill(crowd)
    await crowd.write(*events(4, anonymous_id="visitante-9"))
    done = await desk.erasures.erase_subject(ACME, "a:visitante-9", DPO)
    assert done.counts == {"events": 4, "event_keys": 4}
    assert await places_of(crowd.url, desk.folder, "visitante-9") == []
    assert await crowd.write(event(anonymous_id="visitante-9")) == [False]


async def test_part_of_a_person_is_not_erased(crowd: People, desk: Privacy) -> None:
    """An anonymous id that was joined is part of its user, whom the request has to name; nothing is recorded."""
    await fill(crowd)
    with pytest.raises(StateConflict) as refused:
        await desk.erasures.erase_subject(ACME, f"a:{DEVICE}", DPO)
    assert ANA.user_id not in refused.value.message
    assert [await crowd.count(table) for table in ("privacy_requests", "tombstones")] == [0, 0]


async def test_erasing_again_finds_nothing(crowd: People, desk: Privacy) -> None:
    """It is a request of its own, with nothing to do."""
    await fill(crowd)
    first = await desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
    second = await desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
    assert (second.counts, second.completed_at is not None) == ({}, True)
    assert second.id != first.id
    assert await crowd.count("tombstones") == 2


async def test_two_at_once_do_not_disturb_each_other(crowd: People, desk: Privacy) -> None:
    """They share one request, or the second finds nothing."""
    await fill(crowd)
    done = await asyncio.gather(*[desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO) for _ in range(3)])
    assert all(each.completed_at is not None for each in done)
    records = await crowd.fetch("SELECT (counts ->> 'events')::int FROM privacy_requests")
    assert sum(row[0] or 0 for row in records) == 8
    assert await places_of(crowd.url, desk.folder, *WORDS) == []


async def test_request_waits_for_the_live_state(crowd: People, desk: Privacy) -> None:
    """While that does not answer the request is not complete; `resume` finishes it, without being told whom."""
    await fill(crowd)
    live = ForgetfulState(failures=[Unavailable("Redis does not answer")])
    async with privacy(crowd, desk.folder, live) as elsewhere:
        with pytest.raises(Unavailable):
            await elsewhere.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
        assert await crowd.count("privacy_requests", "completed_at IS NULL") == 1
        [done] = await elsewhere.erasures.resume()
    assert (done.completed_at is not None, done.counts["events"]) == (True, 8)
    assert len(set(live.forgotten)) == 2
    assert await places_of(crowd.url, desk.folder, *WORDS) == []
    assert await desk.erasures.resume() == []
