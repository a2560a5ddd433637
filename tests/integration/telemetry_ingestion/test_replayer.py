"""Dead letters that are valid now go into the log, once, as they happened."""

import datetime
import uuid
from collections.abc import AsyncIterator

import pytest
from mirante.api.telemetry.v1 import event_pb2
from mirante.evaluation.model import Violation

from services.runtime.postgres.pool import PostgresPool, open_pool
from services.telemetry.catalogue.postgres_dead_letters import PostgresDeadLetters
from services.telemetry.catalogue.replaying import ReplayOutcome
from services.telemetry.catalogue.store import DeadLetterRow
from services.telemetry.events.judging import Judge, Judgement
from services.telemetry.ingestion.candidates import ACCEPTED, DUPLICATE
from services.telemetry.ingestion.replayer import LogReplayer
from tests.integration.telemetry_ingestion.test_writer import candidate, counted, write, writer
from tests.support.telemetry_database import connected, prepare, stored_events
from tests.support.telemetry_events import sale

STRICT = Judgement(1, Violation("properties.valor", "is required"), refused=True)


class Masking:
    """A catalogue that finds everything valid, and drops a property."""

    def of(self, _environment: str) -> Judge:
        """See `Judges`."""
        return self

    def judge(self, event: event_pb2.Event) -> Judgement:
        """See `Judge`."""
        del event.properties["venda_id"]
        return Judgement(2, masked=True)


class Refusing(Masking):
    """One that still refuses."""

    def judge(self, _event: event_pb2.Event) -> Judgement:
        """See `Judge`."""
        return STRICT


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[PostgresPool]:
    """Yield connections to a database with the tables of telemetry."""
    await prepare(database_url)
    async with open_pool(database_url, "telemetry") as opened:
        yield opened


async def waiting(pool: PostgresPool) -> list[DeadLetterRow]:
    """Return the dead letters that wait."""
    letters = PostgresDeadLetters(pool)
    highest = uuid.UUID(int=2**128 - 1)
    return list(await letters.waiting("production", "", ids=[], after=uuid.UUID(int=0), until=highest, most=100))


async def test_a_valid_one_is_stored_with_its_own_time(pool: PostgresPool, database_url: str) -> None:
    """Masked by the present catalogue, and marked as replayed; what its sender sends again is a duplicate."""
    event = sale(made_ms=int(datetime.datetime.now().timestamp() * 1000) - 3_600_000)
    await write(writer(pool), candidate(event, STRICT))
    committed: list[str] = []
    replayer = LogReplayer(Masking(), writer(pool), committed.append)
    assert await replayer.replay("production", await waiting(pool)) == [ReplayOutcome.STORED]
    [stored] = await stored_events(database_url)
    assert stored.event.id == event.id
    assert "venda_id" not in stored.event.properties
    assert stored.occurred_at.ToMicroseconds() == event.occurred_at.ToMicroseconds()
    assert stored.definition_version == 2
    assert committed == ["production"]
    assert await waiting(pool) == []
    assert await write(writer(pool), candidate(event)) == [DUPLICATE]


async def test_one_in_the_log_is_a_duplicate(pool: PostgresPool, database_url: str) -> None:
    """It was sent again when it was valid already."""
    event = sale()
    await write(writer(pool), candidate(event, STRICT))
    assert await write(writer(pool), candidate(event)) == [ACCEPTED]
    replayer = LogReplayer(Masking(), writer(pool), lambda _environment: None)
    assert await replayer.replay("production", await waiting(pool)) == [ReplayOutcome.DUPLICATE]
    assert await counted(database_url, "events") == 1
    assert await waiting(pool) == []


async def test_one_that_still_violates_is_left(pool: PostgresPool, database_url: str) -> None:
    """Nothing changes."""
    await write(writer(pool), candidate(sale(), STRICT))
    replayer = LogReplayer(Refusing(), writer(pool), lambda _environment: None)
    assert await replayer.replay("production", await waiting(pool)) == [ReplayOutcome.LEFT]
    assert await counted(database_url, "events") == 0
    async with connected(database_url) as connection:
        assert await connection.fetchval("SELECT count(*) FROM dead_letters WHERE replayed_at IS NULL") == 1
