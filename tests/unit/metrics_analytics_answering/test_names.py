"""The catalogue of names: what is known while nobody answers."""

from pathlib import Path

import pytest
from mirante.api.telemetry.v1 import catalogue_service_pb2 as catalogue_pb2

from services.metrics.analytics.answering.names import NameBook
from services.metrics.analytics.store import StoreUnavailable
from services.runtime.errors import Unavailable
from tests.support.analytics_store import ENVIRONMENT, BuiltStore
from tests.support.report_desk import stored


class _Catalogue:
    """Declares an event as long as it answers."""

    def __init__(self) -> None:
        self.answers = False
        self.asked = 0

    async def get(self, _environment: str) -> catalogue_pb2.Catalogue:
        self.asked += 1
        if not self.answers:
            raise Unavailable("away")
        definition = catalogue_pb2.EventDefinition(name="declarado", description="um evento")
        definition.properties.add(name="tipo")
        return catalogue_pb2.Catalogue(events=[definition])


async def test_nothing_is_checked_until_the_catalogue_was_known_once(tmp_path: Path) -> None:
    """Nobody waits again for who did not answer a moment ago; what was known stays when it is away later."""
    BuiltStore(tmp_path).take(stored("ana", "visto", valor="1"))
    catalogue, now = _Catalogue(), [100.0]
    book = NameBook(tmp_path, catalogue, lambda: now[0])
    names = await book.names(ENVIRONMENT)
    assert (names.declared, names.known.events, names.known.properties) == (None, None, None)
    await book.names(ENVIRONMENT)
    assert catalogue.asked == 1
    catalogue.answers = True
    now[0] += 60.0
    names = await book.names(ENVIRONMENT)
    assert names.known.events == {"visto", "declarado"}
    assert names.known.properties == {"valor", "tipo"}
    assert names.declared == {"declarado": "um evento"}
    catalogue.answers = False
    now[0] += 60.0
    assert (await book.names(ENVIRONMENT)).declared == {"declarado": "um evento"}


async def test_names_follow_the_store(tmp_path: Path) -> None:
    """What came in a moment ago is known; without a store nothing is."""
    book = NameBook(tmp_path, _Catalogue(), lambda: 100.0)
    with pytest.raises(StoreUnavailable):
        await book.names(ENVIRONMENT)
    store = BuiltStore(tmp_path)
    store.take(stored("ana", "visto"))
    assert (await book.names(ENVIRONMENT)).seen == {"visto"}
    store.take(stored("bia", "novo", tenant="outra"))
    names = await book.names(ENVIRONMENT)
    assert names.seen == {"visto", "novo"}
    assert names.tenants == ("acme", "outra")
