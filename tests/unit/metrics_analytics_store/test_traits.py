"""Traits beside the store: as they are now, without those of who was erased, also when telemetry was restored."""

from pathlib import Path

import pytest
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.wire import value_to_proto

from services.metrics.analytics.store.trait_keeping import TraitKeeper, text_of
from services.metrics.analytics.store.traits import read_traits
from services.metrics.analytics.store.wire.decoding import actor_number
from services.metrics.following import LogRestored
from services.runtime.errors import Unavailable
from tests.support.analytics_store import BuiltStore
from tests.support.fake_traits import ANA, BIA, FakeTraits


@pytest.fixture
def store(tmp_path: Path) -> BuiltStore:
    """A store that answers."""
    return BuiltStore(tmp_path)


def keeper_of(store: BuiltStore, source: FakeTraits) -> TraitKeeper:
    """The keeper, as a process begins with it."""
    return TraitKeeper("production", store.files, source, lambda: True)


def traits_of(store: BuiltStore, tenant: str | None = "acme") -> dict[tuple[int, str], str]:
    """What readers see."""
    rows = store.snapshot().traits(tenant).to_pylist()
    assert {row["tenant"] for row in rows} <= {"acme"}
    return {(row["actor"], row["name"]): row["value"] for row in rows}


async def test_changes_are_taken_in(store: BuiltStore) -> None:
    """The newest value counts, also after the process was another one; what was removed is gone."""
    source = FakeTraits()
    source.told = [(ANA, "Plano", "free"), (ANA, "idade", 41), (BIA, "Plano", "pro"), (ANA, "Plano", "pro")]
    ana, bia = actor_number(ANA), actor_number(BIA)
    keeper = keeper_of(store, source)
    assert store.snapshot().trait_names() is None
    await keeper.step()
    assert store.snapshot().trait_names() == frozenset({"Plano", "idade"})
    assert traits_of(store) == {(ana, "Plano"): "pro", (ana, "idade"): "41", (bia, "Plano"): "pro"}
    assert traits_of(store, "outra") == {}
    version = store.snapshot().traits_version()
    await keeper.step()
    assert store.snapshot().traits_version() == version
    source.told += [(ANA, "idade", None), (ANA, "plano", "minúsculo")]
    await keeper_of(store, source).step()
    assert traits_of(store, None) == {(ana, "Plano"): "pro", (ana, "plano"): "minúsculo", (bia, "Plano"): "pro"}
    assert store.snapshot().traits_version() != version
    assert source.asked == [b"", b"4", b"4"]


async def test_who_was_erased_is_gone(store: BuiltStore) -> None:
    """At once for readers, then from the file, even while telemetry does not answer; what is left is told anew."""
    source = FakeTraits()
    source.told = [(ANA, "Plano", "free"), (BIA, "Plano", "pro")]
    keeper = keeper_of(store, source)
    await keeper.step()
    store.take(log_pb2.LogEntry(erasure=log_pb2.ActorErasure(tenant="acme", actor_ids=[ANA])))
    assert traits_of(store) == traits_of(store, None) == {(actor_number(BIA), "Plano"): "pro"}
    source.failure = Unavailable("telemetry does not answer")
    with pytest.raises(Unavailable):
        await keeper.step()
    assert read_traits(store.files.path).table["actor"].to_pylist() == [actor_number(BIA)]
    source.failure = None
    # Telemetry deletes them a little later than it says that they are erased.
    await keeper.step()
    assert read_traits(store.files.path).table["actor"].to_pylist() == [actor_number(BIA)]
    assert source.asked[-1] == b""


async def test_a_tenant_that_was_erased_begins_anew(store: BuiltStore) -> None:
    """Nothing is kept but what is told from then on."""
    source = FakeTraits()
    source.told = [(ANA, "Plano", "free")]
    keeper = keeper_of(store, source)
    await keeper.step()
    store.take(log_pb2.LogEntry(tenant_erasure=log_pb2.TenantErasure(tenant="acme")))
    source.told = [(BIA, "Plano", "pro")]
    await keeper.step()
    assert traits_of(store) == {(actor_number(BIA), "Plano"): "pro"}


async def test_after_a_restore_all_is_told_anew(store: BuiltStore) -> None:
    """A cursor that is void is forgotten."""
    source = FakeTraits()
    source.told = [(ANA, "Plano", "free"), (BIA, "Plano", "pro")]
    keeper = keeper_of(store, source)
    await keeper.step()
    source.failure = LogRestored()
    await keeper.step()
    source.failure, source.told = None, [(ANA, "Plano", "pro")]
    await keeper.step()
    assert traits_of(store) == {(actor_number(ANA), "Plano"): "pro"}


async def test_damaged_files_hold_nothing(store: BuiltStore) -> None:
    """They are read anew."""
    source = FakeTraits()
    source.told = [(ANA, "Plano", "free")]
    await keeper_of(store, source).step()
    (store.files.path / "traits").write_bytes(b"ARROW1")
    assert traits_of(store) == {}
    await keeper_of(store, source).step()
    assert len(traits_of(store)) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", ""),
        (7, "7"),
        (2.5, "2.5"),
        (True, "true"),
        ([1, "é"], '[1,"é"]'),
        ({"b": 1, "a": None}, '{"a":null,"b":1}'),
    ],
)
def test_traits_as_text(value: object, text: str) -> None:
    """As properties of events are looked at."""
    assert text_of(value_to_proto(value)) == text  # type: ignore[arg-type]  # of any kind
