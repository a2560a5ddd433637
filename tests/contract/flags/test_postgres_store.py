"""The store on Postgres keeps the promises of its seams."""

from collections.abc import AsyncIterator

import pytest

from services.flags.store.postgres import Store
from tests.contract.flags.definition_store_contract import DefinitionStoreContract
from tests.contract.flags.rules_reader_contract import RulesReaderContract
from tests.support.flag_store import migrated_store


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """Yield a fresh store with the environment "production"."""
    async with migrated_store(database_url, "production") as opened:
        yield opened


class TestRulesReader(RulesReaderContract):
    """`PostgresRules`."""


class TestDefinitionStore(DefinitionStoreContract):
    """`PostgresDefinitions`."""
