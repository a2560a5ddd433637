"""The flag service's database, opened: the seams on one pool of connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.flags.store import RulesReader
from services.flags.store.access import AccessStore
from services.flags.store.access_history import AccessHistory
from services.flags.store.browser_access import BrowserAccessStore
from services.flags.store.definitions import DefinitionStore
from services.flags.store.people import PeopleStore
from services.flags.store.postgres_access import PostgresAccess
from services.flags.store.postgres_access_history import PostgresAccessHistory
from services.flags.store.postgres_browser_access import PostgresBrowserAccess
from services.flags.store.postgres_definitions import PostgresDefinitions
from services.flags.store.postgres_lineage import open_lineage
from services.flags.store.postgres_people import PostgresPeople
from services.flags.store.postgres_rollouts import PostgresRollouts
from services.flags.store.postgres_rules import PostgresRules
from services.flags.store.rollouts import RolloutStore
from services.runtime.postgres.pool import open_pool


@dataclass(frozen=True, slots=True)
class Store:
    """The flag service's database."""

    rules: RulesReader
    definitions: DefinitionStore
    access: AccessStore
    browsers: BrowserAccessStore
    people: PeopleStore
    rollouts: RolloutStore
    access_history: AccessHistory


@asynccontextmanager
async def open_store(database_url: str, *, work_seconds: float = 10.0) -> AsyncIterator[Store]:
    """
    Open a migrated database, and close it when the block ends.

    Args:
        database_url: "postgresql://user:password@host:port/database".
        work_seconds: how long one call may keep the database, waiting included.

    Raises:
        Unavailable: the database does not answer.
    """
    async with open_pool(database_url, "flags", work_seconds=work_seconds) as pool:
        has_identity = await open_lineage(pool)
        definitions = PostgresDefinitions(pool, has_identity=has_identity)
        yield Store(
            PostgresRules(pool),
            definitions,
            PostgresAccess(pool),
            PostgresBrowserAccess(pool),
            PostgresPeople(pool),
            PostgresRollouts(pool),
            PostgresAccessHistory(pool),
        )
