"""Anonymous ids are joined to users once, in the log too, and two known users are never merged."""

import asyncio

import pytest
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.runtime.errors import InvalidRequest, StateConflict
from services.telemetry.events.subjects import actor_id
from services.telemetry.identity.store import Person
from tests.support.telemetry_people import PRODUCTION, People

ANA = Person(PRODUCTION, "acme", "ana")
BIA = Person(PRODUCTION, "acme", "bia")


def actor(crowd: People, subject: str) -> bytes:
    """Return the actor id of a subject of the tenant."""
    return actor_id(crowd.hash_secret, PRODUCTION, "acme", subject)


async def test_alias_joins_once_and_tells_the_log(crowd: People) -> None:
    """The second time changes nothing and appends nothing."""
    assert await crowd.identities.alias(ANA, "nav-1") == (actor(crowd, "u:ana"), True)
    assert await crowd.identities.alias(ANA, "nav-1") == (actor(crowd, "u:ana"), False)
    assert await crowd.entries() == [
        log_pb2.ActorMerge(tenant="acme", from_actor_id=actor(crowd, "a:nav-1"), into_actor_id=actor(crowd, "u:ana"))
    ]
    assert crowd.notified == 1


async def test_anonymous_id_of_somebody_else_is_refused(crowd: People) -> None:
    """Without saying whose it is; in another tenant it is another person's own."""
    await crowd.identities.alias(ANA, "nav-1")
    with pytest.raises(StateConflict) as refused:
        await crowd.identities.alias(BIA, "nav-1")
    assert refused.value.message == "the anonymous id belongs to another user"
    assert refused.value.reason == reasons.ERROR_REASON_STATE_CONFLICT
    assert "ana" not in repr(refused.value.metadata)
    assert len(await crowd.entries()) == 1
    assert (await crowd.identities.alias(Person(PRODUCTION, "outra", "bia"), "nav-1"))[1]


async def test_of_two_users_at_once_one_gets_it(crowd: People) -> None:
    """Whoever commits first; the other is refused, not merged."""
    answers = await asyncio.gather(
        *[crowd.identities.alias(person, "nav-1") for person in (ANA, BIA) * 4], return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, StateConflict)]
    joined = [answer for answer in answers if isinstance(answer, tuple) and answer[1]]
    assert (len(refused), len(joined)) == (4, 1)
    assert len(await crowd.entries()) == 1


async def test_unalias_takes_it_back_and_tells_the_log(crowd: People) -> None:
    """Once more does nothing; afterwards the id may belong to another."""
    await crowd.identities.alias(ANA, "nav-1")
    for _ in range(2):
        await crowd.identities.unalias(PRODUCTION, "acme", "nav-1")
    split = log_pb2.ActorSplit(tenant="acme", actor_id=actor(crowd, "a:nav-1"), from_actor_id=actor(crowd, "u:ana"))
    assert (await crowd.entries())[1:] == [split]
    assert (await crowd.identities.alias(BIA, "nav-1"))[1]


async def test_identify_joins_too_and_all_or_nothing(crowd: People) -> None:
    """When the anonymous id is somebody else's, no trait is set either."""
    await crowd.identities.identify(ANA, "nav-1", {}, None)
    with pytest.raises(StateConflict):
        await crowd.identities.identify(BIA, "nav-1", {"plan": value_pb2.Value(string_value="premium")}, None)
    assert await crowd.count("traits") == 0
    assert len(await crowd.entries()) == 1


async def test_entries_name_nobody(crowd: People) -> None:
    """What stays in the log after an erasure holds no id."""
    await crowd.identities.alias(ANA, "nav-1")
    [row] = await crowd.fetch("SELECT * FROM events")
    assert b"ana" not in row["body"]
    assert b"nav-1" not in row["body"]
    assert (row["subject"], row["name"]) == ("", "")


@pytest.mark.parametrize(
    ("person", "anonymous_id", "field"),
    [
        (Person(PRODUCTION, "acme", ""), "nav-1", "user_id"),
        (ANA, "", "anonymous_id"),
        (ANA, "x" * 201, "anonymous_id"),
        (Person(PRODUCTION, "acme", "a\x00na"), "nav-1", "user_id"),
        (Person(PRODUCTION, "t" * 101, "ana"), "nav-1", "tenant"),
    ],
)
async def test_malformed_ids_are_named(crowd: People, person: Person, anonymous_id: str, field: str) -> None:
    """The error names the field and does not repeat the id."""
    with pytest.raises(InvalidRequest) as refused:
        await crowd.identities.alias(person, anonymous_id)
    assert [violation.field for violation in refused.value.violations] == [field]
    assert not {"a\x00na", "t" * 101, "x" * 201} & set(refused.value.message.split())
