"""Catalogues in memory: what is judged by, and when that changes."""

import asyncio
import datetime
from collections.abc import Sequence
from dataclasses import replace

import pytest
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.runtime.errors import Unavailable
from services.telemetry.catalogue.catalogue_yaml import read_catalogue
from services.telemetry.catalogue.catalogues import Catalogues
from services.telemetry.catalogue.store import CatalogueHead
from tests.support.telemetry_catalogue import SALES, SECRET, event, sale

BEGAN = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)


class MemoryStore:
    """A `CatalogueStore` whose content a test sets; `asked` and `reads` count calls."""

    def __init__(self) -> None:
        self.catalogues: dict[str, pb2.Catalogue] = {}
        self.heads_by_environment: dict[str, CatalogueHead] = {}
        self.away = False
        self.reads = 0
        self.asked = 0

    def put(self, environment: str, yaml: str, version: int, hours: int = 0) -> None:
        """Make a catalogue the present one."""
        self.catalogues[environment] = read_catalogue(yaml)
        at = BEGAN + datetime.timedelta(hours=hours)
        self.heads_by_environment[environment] = CatalogueHead(environment, version, at)

    async def heads(self) -> Sequence[CatalogueHead]:
        """See `CatalogueStore`."""
        self.asked += 1
        if self.away:
            raise Unavailable("away")
        return [replace(head) for head in self.heads_by_environment.values()]

    async def present(self, environment: str) -> pb2.Catalogue:
        """See `CatalogueStore`."""
        self.reads += 1
        return self.catalogues[environment]

    async def add(self, environment: str, catalogue: pb2.Catalogue, *, updated_by: str) -> pb2.Catalogue:
        """Nobody adds here."""
        raise NotImplementedError(environment, catalogue, updated_by)


@pytest.fixture
def store() -> MemoryStore:
    """A store with the catalogue of one environment."""
    made = MemoryStore()
    made.put("production", SALES, 1)
    return made


def refuses(catalogues: Catalogues, environment: str = "production") -> bool:
    """Return whether a sale without value is refused."""
    return catalogues.of(environment).judge(sale(valor=None)).refused


async def test_nothing_is_judged_before_the_catalogues_are_known(store: MemoryStore) -> None:
    """An open catalogue in their place would let personal data through."""
    catalogues = Catalogues(store, SECRET)
    with pytest.raises(Unavailable):
        catalogues.of("production")
    await catalogues.refresh()
    assert refuses(catalogues)


async def test_environment_without_a_catalogue_is_open(store: MemoryStore) -> None:
    """And declares nothing."""
    catalogues = Catalogues(store, SECRET)
    await catalogues.refresh()
    judgement = catalogues.of("staging").judge(event("a"))
    assert (judgement.declared, judgement.refused) == (False, False)


@pytest.mark.parametrize(("version", "hours"), [(2, 0), (1, 1)])
async def test_another_catalogue_is_taken_over(store: MemoryStore, version: int, hours: int) -> None:
    """A newer version, or the same version of another history, in a database that was restored."""
    catalogues = Catalogues(store, SECRET)
    await catalogues.refresh()
    store.put("production", SALES.replace("strict", "open"), version, hours)
    assert refuses(catalogues)
    await catalogues.refresh()
    assert not refuses(catalogues)


async def test_unchanged_catalogues_are_not_read_again(store: MemoryStore) -> None:
    """A poll is one small query."""
    catalogues = Catalogues(store, SECRET)
    for _ in range(3):
        await catalogues.refresh()
    assert store.reads == 1


async def test_catalogue_that_is_gone_is_forgotten(store: MemoryStore) -> None:
    """In a database restored from before it."""
    catalogues = Catalogues(store, SECRET)
    await catalogues.refresh()
    store.heads_by_environment.clear()
    await catalogues.refresh()
    assert not refuses(catalogues)


async def test_outage_changes_nothing_and_is_caught_up(store: MemoryStore) -> None:
    """The poll goes on."""
    catalogues = Catalogues(store, SECRET)
    await catalogues.refresh()
    store.away = True
    polling = asyncio.create_task(catalogues.poll(0.001))
    try:
        store.put("production", SALES.replace("strict", "open"), 2)
        while store.asked < 3:
            await asyncio.sleep(0)
        assert refuses(catalogues)
        store.away = False
        while refuses(catalogues):
            await asyncio.sleep(0)
    finally:
        polling.cancel()
