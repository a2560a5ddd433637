"""Whoever keeps a copy of traits is told of every change once, as it is then."""

import datetime
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.telemetry.v1 import identity_service_pb2 as pb2
from mirante.wire import value_from_proto, value_to_proto

from services.runtime.errors import InvalidRequest, StateConflict
from services.telemetry.events.subjects import actor_id
from services.telemetry.identity import identities
from services.telemetry.identity.store import Person
from services.telemetry.identity.trait_stamps import TraitStamp, stamp_traits
from services.telemetry.log.epoch import begin_epoch
from tests.support.telemetry_people import NOW, PRODUCTION, People

Changes = dict[tuple[bytes, str], object]


async def identify(crowd: People, user_id: str, minutes: int = 0, **traits: Any) -> bytes:
    """Set traits, observed so many minutes after noon; return the actor id."""
    values = {name: value_to_proto(value) for name, value in traits.items()}
    observed = Timestamp()
    observed.FromDatetime(NOW + datetime.timedelta(minutes=minutes))
    return await crowd.identities.identify(Person(PRODUCTION, "acme", user_id), "", values, observed)


async def changes_of(crowd: People, cursor: bytes = b"", environment: str = PRODUCTION) -> tuple[Changes, bytes]:
    """What is told, by actor and name, None for what was removed; and where to go on."""
    told: Changes = {}
    responses: list[pb2.ListTraitChangesResponse] = []
    async for response in crowd.identities.trait_changes(environment, cursor):
        responses.append(response)
        for change in response.changes:
            assert (change.actor_id, change.name) not in told
            told[change.actor_id, change.name] = value_from_proto(change.value) if change.HasField("value") else None
    assert [bool(response.cursor) for response in responses] == [False] * (len(responses) - 1) + [True]
    return told, responses[-1].cursor


async def test_changes_since_a_cursor(crowd: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """All at first, then what changed; traits of tenants and other environments are left out."""
    monkeypatch.setattr(identities, "_ROWS_AT_ONCE", 2)
    monkeypatch.setattr(identities, "_RESPONSE_BYTES", 40)
    ana = await identify(crowd, "ana", plano="free", idade=41, notas=[1, 2.5])
    bia = await identify(crowd, "bia", plano="pro")
    await crowd.identities.identify(Person(PRODUCTION, "acme", ""), "", {"regiao": value_to_proto("Sul")}, None)
    told, cursor = await changes_of(crowd)
    assert told == {(ana, "plano"): "free", (ana, "idade"): 41, (ana, "notas"): [1, 2.5], (bia, "plano"): "pro"}
    # However often nothing has changed, nothing is skipped that changes next.
    for _ in range(5):
        nothing, cursor = await changes_of(crowd, cursor)
        assert nothing == {}
    assert (await changes_of(crowd, environment="staging"))[0] == {}
    await identify(crowd, "ana", 1, plano="pro", idade=None)
    async with crowd.pool.transaction() as connection:
        await stamp_traits(connection, [TraitStamp(PRODUCTION, "acme", "bia", "last_login_at", NOW)])
    told, cursor = await changes_of(crowd, cursor)
    assert told == {(ana, "plano"): "pro", (ana, "idade"): None, (bia, "last_login_at"): "2026-11-25T12:00:00Z"}
    assert (await changes_of(crowd, cursor))[0] == {}


async def test_what_is_committed_late_is_not_missed(crowd: People) -> None:
    """A cursor stops before a transaction that may still commit."""
    async with crowd.pool.transaction() as connection:
        await stamp_traits(connection, [TraitStamp(PRODUCTION, "acme", "ana", "last_login_at", NOW)])
        await identify(crowd, "bia", plano="pro")
        told, cursor = await changes_of(crowd)
        assert told == {}
    told, _ = await changes_of(crowd, cursor)
    ana = actor_id(crowd.hash_secret, PRODUCTION, "acme", "u:ana")
    assert (ana, "last_login_at") in told
    assert len(told) == 2


async def test_cursors_of_others(crowd: People) -> None:
    """One of another environment, and one from before a restore; then everything is told anew."""
    ana = await identify(crowd, "ana", plano="free")
    _, cursor = await changes_of(crowd)
    with pytest.raises(InvalidRequest):
        await changes_of(crowd, cursor, "staging")
    async with crowd.pool.transaction() as connection:
        # As a dump that was restored on a server whose transactions begin anew.
        await connection.execute("UPDATE traits SET xid = (xid::text::bigint + 1000000)::text::xid8")
        await begin_epoch(connection, await connection.fetchval("SELECT epoch FROM telemetry_installation"))
    with pytest.raises(StateConflict):
        await changes_of(crowd, cursor)
    told, cursor = await changes_of(crowd)
    assert told == {(ana, "plano"): "free"}
    await identify(crowd, "ana", 1, plano="pro")
    assert (await changes_of(crowd, cursor))[0] == {(ana, "plano"): "pro"}
