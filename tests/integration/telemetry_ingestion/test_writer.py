"""Groups of events in a real database: each event once, whatever comes in whatever order."""

import asyncio
import datetime
import random
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import event_pb2
from mirante.evaluation.model import Violation

from services.runtime.postgres.pool import PostgresPool, open_pool
from services.telemetry.events.judging import Judgement
from services.telemetry.events.subjects import subject_hash
from services.telemetry.ingestion.admission import Terms, admit
from services.telemetry.ingestion.candidates import (
    ACCEPTED,
    DUPLICATE,
    Candidate,
    ImportPosition,
    Result,
    Submission,
)
from services.telemetry.ingestion.imports import PostgresImports
from services.telemetry.ingestion.postgres_writer import PostgresWriter
from services.telemetry.privacy.tombstones import Tombstones
from tests.support.telemetry_database import connected, create_partitions, prepare, stored_events, stored_ids
from tests.support.telemetry_events import sale

SECRET = b"s" * 32


class Saying:
    """A catalogue that says the same of every event."""

    def __init__(self, judgement: Judgement) -> None:
        self._judgement = judgement

    def judge(self, _event: event_pb2.Event) -> Judgement:
        """See `Judge`."""
        return self._judgement


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[PostgresPool]:
    """Yield connections to a database with the tables of telemetry."""
    await prepare(database_url)
    async with open_pool(database_url, "telemetry") as opened:
        yield opened


def writer(pool: PostgresPool) -> PostgresWriter:
    """Return a writer as one process has it."""

    async def ensure() -> None:
        async with pool.connection() as connection:
            await create_partitions(connection)

    return PostgresWriter(pool, Tombstones(SECRET), ensure)


def candidate(event: event_pb2.Event, judgement: Judgement = Judgement(1)) -> Candidate:  # noqa: B008 - frozen
    """Return the candidate that an event makes now."""
    terms = Terms("production", Saying(judgement), time.time_ns() // 1_000, 0, 0)
    admitted = admit(event.SerializeToString(), terms)
    assert isinstance(admitted, Candidate)
    return admitted


async def write(to: PostgresWriter, *candidates: Candidate, position: ImportPosition | None = None) -> list[Result]:
    """Write one submission and return its results."""
    submission = Submission(list(candidates), 1, position)
    await to.write([submission])
    return submission.results


async def counted(url: str, table: str) -> int:
    """Return how many rows a table has."""
    async with connected(url) as connection:
        count: int = await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own names
        return count


async def test_events_are_stored_in_order(pool: PostgresPool, database_url: str) -> None:
    """Each once, whole, with its key."""
    events = [sale(user_id=f"u{number}") for number in range(50)]
    results = await write(writer(pool), *map(candidate, events))
    assert results == [ACCEPTED] * 50
    assert sorted(stored.event.id for stored in await stored_events(database_url)) == sorted(e.id for e in events)
    assert await counted(database_url, "event_keys") == 50


async def test_what_comes_again_counts_once(pool: PostgresPool, database_url: str) -> None:
    """In the same group, in another submission, later, and with another time of receipt."""
    event = sale()
    first = writer(pool)
    group = [Submission([candidate(event), candidate(event)], 1), Submission([candidate(event)], 1)]
    await first.write(group)
    assert [submission.results for submission in group] == [[ACCEPTED, DUPLICATE], [DUPLICATE]]
    assert await write(writer(pool), candidate(event)) == [DUPLICATE]
    assert await stored_ids(database_url) == [uuid.UUID(bytes=event.id)]


async def test_another_content_under_the_same_id_is_rejected(pool: PostgresPool, database_url: str) -> None:
    """Within one group and later; what was stored first stays."""
    event, other = sale(), sale(valor="1.00")
    other.id = event.id
    results = await write(writer(pool), candidate(event), candidate(other))
    assert results[0] == ACCEPTED
    assert results[1].reason == reasons.ERROR_REASON_EVENT_ID_REUSED
    assert (await write(writer(pool), candidate(other)))[0].field == "id"
    assert [stored.event for stored in await stored_events(database_url)] == [event]


async def test_tenants_do_not_share_ids(pool: PostgresPool, database_url: str) -> None:
    """The same id of two tenants, in one group and with something stored before, is two events."""
    event, other = sale(), sale("outra")
    other.id = event.id
    assert await write(writer(pool), candidate(event), candidate(other)) == [ACCEPTED, ACCEPTED]
    assert await write(writer(pool), candidate(event), candidate(other), candidate(sale())) == [
        DUPLICATE,
        DUPLICATE,
        ACCEPTED,
    ]
    assert await counted(database_url, "events") == 3


async def test_concurrent_writers_agree(pool: PostgresPool, database_url: str) -> None:
    """Ten times each, at the same time, in any order, over two writers: accepted once, duplicate nine times."""
    events = [sale(user_id=f"u{number}") for number in range(40)]
    writers = (writer(pool), writer(pool))

    async def send(number: int) -> list[tuple[bytes, Result]]:
        shuffled = random.Random(number).sample(events, len(events))
        results = await write(writers[number % 2], *map(candidate, shuffled))
        return [(event.id, result) for event, result in zip(shuffled, results, strict=True)]

    answers = [answer for sent in await asyncio.gather(*map(send, range(10))) for answer in sent]
    assert Counter(result.status for _, result in answers) == {ACCEPTED.status: 40, DUPLICATE.status: 360}
    assert len({event_id for event_id, result in answers if result == ACCEPTED}) == 40
    assert len(await stored_ids(database_url)) == 40


async def test_ids_of_yesterday_are_recognised(pool: PostgresPool, database_url: str) -> None:
    """The keys follow the id's own time, the log the time of receipt."""
    event = sale(made_ms=time.time_ns() // 1_000_000 - 86_400_000)
    assert await write(writer(pool), candidate(event)) == [ACCEPTED]
    assert await write(writer(pool), candidate(event)) == [DUPLICATE]
    assert len(await stored_ids(database_url)) == 1


async def test_missing_partitions_are_made(pool: PostgresPool, database_url: str) -> None:
    """A service that nobody looked after for a week goes on by itself."""
    today = datetime.datetime.now(datetime.UTC).date()
    async with connected(database_url) as connection:
        await connection.execute(f"DROP TABLE events_{today:%Y%m%d}")
    assert await write(writer(pool), candidate(sale())) == [ACCEPTED]
    assert await counted(database_url, "events") == 1


async def test_erased_subjects_are_refused(pool: PostgresPool, database_url: str) -> None:
    """Also when the tombstone was written after the writer began to work; others are stored."""
    working = writer(pool)
    assert await write(working, candidate(sale(user_id="ana"))) == [ACCEPTED]
    async with connected(database_url) as connection:
        await connection.execute(
            "INSERT INTO tombstones (environment, tenant, subject_hash) VALUES ('production', 'acme', $1)",
            subject_hash(SECRET, "production", "acme", "u:ana"),
        )
    results = await write(working, candidate(sale(user_id="ana")), candidate(sale(user_id="bia")))
    assert results[0].reason == reasons.ERROR_REASON_SUBJECT_ERASED
    assert results[1] == ACCEPTED
    assert await counted(database_url, "events") == 2


async def test_violations_of_a_strict_catalogue_become_dead_letters(pool: PostgresPool, database_url: str) -> None:
    """Kept once, with the reason; the same event, once it is valid, goes into the log."""
    event = sale()
    strict = Judgement(4, Violation("properties.valor", "is required"), refused=True)
    first, again = [(await write(writer(pool), candidate(event, strict)))[0] for _ in range(2)]
    assert first.reason == reasons.ERROR_REASON_CATALOGUE_VIOLATION
    assert (first.field, first.message) == ("properties.valor", "is required")
    assert first.dead_letter_id
    assert first.dead_letter_id == again.dead_letter_id
    async with connected(database_url) as connection:
        letter = await connection.fetchrow("SELECT * FROM dead_letters")
    assert event_pb2.Event.FromString(letter["event"]) == event
    assert letter["definition_version"] == 4
    assert await counted(database_url, "events") == 0
    assert await write(writer(pool), candidate(event)) == [ACCEPTED]
    assert await write(writer(pool), candidate(event, strict)) == [DUPLICATE]
    assert await counted(database_url, "dead_letters") == 1


async def test_coverage_is_exact(pool: PostgresPool, database_url: str) -> None:
    """Duplicates are not counted, whoever writes."""
    event = sale()
    violating = Judgement(1, Violation("properties.valor", "is required"))
    for working in (writer(pool), writer(pool)):
        await write(working, candidate(event), candidate(sale(), violating), candidate(sale(), Judgement(0)))
        await write(working, candidate(sale(), replace(violating, refused=True)))
    async with connected(database_url) as connection:
        rows = await connection.fetch("SELECT outcome, detail, sum(events) FROM coverage GROUP BY 1, 2 ORDER BY 1")
    missing = "properties.valor: is required"
    assert [tuple(row) for row in rows] == [(1, "", 1), (2, "", 2), (3, missing, 2), (4, missing, 2)]


async def test_traits_are_stamped(pool: PostgresPool, database_url: str) -> None:
    """With the newest time, in the transaction that stores the event."""
    stamping = Judgement(1, stamps_trait="last_login_at")
    older, newer = sale(), sale()
    newer.occurred_at.FromMilliseconds(older.occurred_at.ToMilliseconds() + 5_000)
    await write(writer(pool), candidate(newer, stamping))
    await write(writer(pool), candidate(older, stamping))
    async with connected(database_url) as connection:
        row = await connection.fetchrow("SELECT user_id, name, observed_at FROM traits")
    assert (row["user_id"], row["name"]) == ("ana", "last_login_at")
    assert row["observed_at"] == newer.occurred_at.ToDatetime(datetime.UTC)


async def test_an_import_moves_with_its_events(pool: PostgresPool, database_url: str) -> None:
    """Old ids are recognised too, and the position is that of the last batch."""
    old = sale(made_ms=1_500_000_000_000)

    async def step(position: str, *events: event_pb2.Event) -> Sequence[Result]:
        where = ImportPosition("production", "mixpanel", position)
        return await write(writer(pool), *map(candidate, events), position=where)

    assert await step("linha 1", old) == [ACCEPTED]
    assert await step("linha 2", old, sale(made_ms=1_500_000_000_001)) == [DUPLICATE, ACCEPTED]
    state = await PostgresImports(pool).state("production", "mixpanel")
    assert state is not None
    assert (state.position, state.accepted) == ("linha 2", 2)
    assert await PostgresImports(pool).state("production", "outra") is None
    assert await counted(database_url, "event_keys_before") == 2


async def test_a_failed_group_leaves_nothing(pool: PostgresPool, database_url: str) -> None:
    """Neither events nor keys nor counts, and the same events can be sent again."""
    event = candidate(sale())
    broken = candidate(sale())
    broken.tenant = "\x00"
    with pytest.raises(Exception, match="0x00"):
        await write(writer(pool), event, broken)
    for table in ("events", "event_keys", "coverage"):
        assert await counted(database_url, table) == 0
    assert await write(writer(pool), event) == [ACCEPTED]


async def test_made_up_violations_are_counted_together(pool: PostgresPool, database_url: str) -> None:
    """A sender that makes up property names does not fill the coverage."""
    events = [
        candidate(sale(), Judgement(1, Violation(f"properties.p{number}", "is not declared"))) for number in range(300)
    ]
    await write(writer(pool), *events)
    async with connected(database_url) as connection:
        counts = dict(await connection.fetch("SELECT detail, events FROM coverage"))
    assert len(counts) == 101
    assert counts["other violations"] == 200
