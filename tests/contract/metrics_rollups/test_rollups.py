"""What every store of roll-ups promises."""

import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files

import asyncpg
import pytest

from services.metrics.definitions import Metric
from services.metrics.definitions.reading import default_metrics
from services.metrics.live.numbers import Number
from services.metrics.rollups import HourKey, HourRow, RollupReader, RollupWriter, Writing
from services.metrics.rollups.postgres import LeaderRollups, PostgresRollups
from services.metrics.rollups.rows import EMPTY_HOUR, row_of
from services.runtime.errors import Unavailable
from services.runtime.migrations import migrate
from services.runtime.postgres.leadership import leading
from services.runtime.postgres.pool import open_pool
from tests.support.lingering_relay import LingeringRelay
from tests.support.metrics_log import MemoryRollups

METRICS = default_metrics()
NOW = datetime.datetime(2026, 3, 2, 12, 30, tzinfo=datetime.UTC)
HOUR = int(NOW.timestamp()) // 3600
PRODUCTION = "production"


@dataclass
class Store:
    """Both sides of a store."""

    reader: RollupReader
    writer: RollupWriter


@asynccontextmanager
async def postgres_store(url: str) -> AsyncIterator[Store]:
    """Open the store of a leader."""
    await migrate(url, "metrics", files("services.metrics") / "migrations")
    async with open_pool(url, "metrics") as pool, leading(url, "metrics", 1) as connection:
        assert connection is not None
        yield Store(PostgresRollups(pool), LeaderRollups(connection))


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Store]:
    """Yield an empty store."""
    if request.param == "memory":
        memory = MemoryRollups()
        yield Store(memory, memory)
        return
    async with postgres_store(database_url) as opened:
        yield opened


def key(tenant: str = "acme", metric: str = "receita_hora", currency: str = "BRL", hour: int = HOUR) -> HourKey:
    """Return which hour is meant."""
    return HourKey(tenant, metric, currency, hour)


def row(metric: Metric, **minutes: Number) -> HourRow:
    """Return an hour with numbers at minutes such as m7."""
    numbers = list(EMPTY_HOUR)
    for name, number in minutes.items():
        numbers[int(name[1:])] = number
    return row_of(metric, numbers)


MONEY = row(METRICS["receita_hora"], m0=Number(Decimal("0.10")), m59=Number(Decimal("12345678901234567890.99")))
RATIO = row(METRICS["conversao_rate"], m5=Number(Decimal(0), 3), m6=Number(Decimal(2), 7))
VITAL = row(METRICS["lcp_p75"], m30=Number(Decimal("1234.567")))


def writing(cursor: bytes = b"1", **fields: object) -> Writing:
    """Return something to write."""
    return Writing(cursor, (b"a" * 16, b"b" * 16), NOW, **fields)  # type: ignore[arg-type]


async def test_rows_come_back_as_they_were_written(store: Store) -> None:
    """Money to the last digit, ratios with both of their numbers, and minutes that hold nothing."""
    rows = {
        key(): MONEY,
        key(metric="conversao_rate", currency=""): RATIO,
        key(metric="lcp_p75", currency=""): VITAL,
    }
    await store.writer.write(PRODUCTION, writing(rows=rows))
    assert await store.reader.hours(PRODUCTION, [HOUR]) == rows
    assert await store.writer.rows(PRODUCTION, [key(), key("globex")]) == {key(): MONEY}


async def test_progress_comes_with_the_newest_place_to_replay_from(store: Store) -> None:
    """One that was saved early enough; none at first."""
    assert await store.reader.progress(PRODUCTION, NOW) is None
    await store.writer.write(PRODUCTION, writing(b"1", replay=True))
    await store.writer.write(PRODUCTION, writing(b"2"))
    progress = await store.reader.progress(PRODUCTION, NOW)
    assert progress is not None
    assert (progress.cursor, progress.last_entries, progress.written_at) == (b"2", (b"a" * 16, b"b" * 16), NOW)
    assert (progress.replay, progress.replay_after) == (b"1", b"b" * 16)
    earlier = await store.reader.progress(PRODUCTION, NOW - datetime.timedelta(seconds=1))
    assert earlier is not None
    assert (earlier.cursor, earlier.replay) == (b"2", b"")


async def test_hours_are_replaced_and_removed(store: Store) -> None:
    """An hour that holds nothing is gone; those of erased tenants are gone but for what is written with that."""
    other = key("globex")
    await store.writer.write(PRODUCTION, writing(rows={key(): MONEY, key(hour=HOUR - 1): MONEY, other: MONEY}))
    empty = row(METRICS["receita_hora"])
    await store.writer.write(PRODUCTION, writing(rows={key(): empty, key(currency="USD"): MONEY}))
    assert set(await store.reader.hours(PRODUCTION, [HOUR, HOUR - 1])) == {
        key(hour=HOUR - 1),
        key(currency="USD"),
        other,
    }
    await store.writer.write(PRODUCTION, writing(rows={key(hour=HOUR + 1): MONEY}, erased={"acme"}))
    assert set(await store.reader.hours(PRODUCTION, [HOUR - 1, HOUR, HOUR + 1])) == {key(hour=HOUR + 1), other}


async def test_a_metric_is_read_in_the_order_of_time(store: Store) -> None:
    """From an hour to another, both included, in all currencies, of one tenant."""
    hours = [key(hour=HOUR + distance) for distance in (3, 1, 2, 0)]
    rows = dict.fromkeys([*hours, key("globex", hour=HOUR + 1), key(metric="vendas_hora", hour=HOUR + 1)], MONEY)
    await store.writer.write(PRODUCTION, writing(rows=rows))
    await store.writer.write("staging", writing(rows=rows))
    found = await store.reader.between(PRODUCTION, "acme", "receita_hora", HOUR + 1, HOUR + 2)
    assert list(found) == [key(hour=HOUR + 1), key(hour=HOUR + 2)]
    wholes = await store.reader.wholes(PRODUCTION, "acme", "receita_hora", HOUR + 1, HOUR + 2)
    assert wholes == dict.fromkeys(found, MONEY.whole)


async def test_beginning_anew_removes_an_environment(store: Store) -> None:
    """And no other."""
    for environment in (PRODUCTION, "staging"):
        await store.writer.write(environment, writing(rows={key(): MONEY}, replay=True))
    await store.writer.begin_anew(PRODUCTION)
    assert await store.reader.hours(PRODUCTION, [HOUR]) == {}
    assert await store.reader.progress(PRODUCTION, NOW) is None
    assert await store.reader.hours("staging", [HOUR]) == {key(): MONEY}


async def test_a_leader_that_lost_its_connection_writes_nothing(database_url: str) -> None:
    """
    Neither roll-ups nor progress: the lock went with the connection, and somebody else may lead by now.

    Also when it has heard that the server ends the connection, and not yet that it did.
    """
    async with postgres_store(database_url) as store, LingeringRelay(database_url).running() as relay:
        async with leading(relay.url, "metrics", 2) as leader:
            assert leader is not None
            connection = await asyncpg.connect(database_url)
            await connection.execute("SELECT pg_terminate_backend($1, 5000)", leader.get_server_pid())
            await connection.close()
            await relay.hung_up.wait()
            writer = LeaderRollups(leader)
            with pytest.raises(Unavailable):
                await writer.check()
            with pytest.raises(Unavailable):
                await writer.write(PRODUCTION, writing(rows={key(): MONEY}))
        assert await store.reader.hours(PRODUCTION, [HOUR]) == {}
        assert await store.reader.progress(PRODUCTION, NOW) is None
