"""Of each trait the newest observation wins, however late the others arrive."""

import datetime
import itertools
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.common.v1 import value_pb2
from mirante.wire import value_from_proto, value_to_proto

from services.runtime.errors import InvalidRequest, StateConflict
from services.telemetry.events.subjects import actor_id
from services.telemetry.identity.store import Person
from services.telemetry.identity.trait_stamps import TraitStamp, stamp_traits
from tests.support.telemetry_people import NOW, PRODUCTION, People

ANA = Person(PRODUCTION, "acme", "ana")
ACME = Person(PRODUCTION, "acme", "")


def at(minutes: int) -> Timestamp:
    """Return a time so many minutes after noon."""
    moment = Timestamp()
    moment.FromDatetime(NOW + datetime.timedelta(minutes=minutes))
    return moment


async def identify(crowd: People, person: Person, minutes: int | None = None, **traits: Any) -> None:
    """Set traits, observed at a time."""
    values = {name: value_to_proto(value) for name, value in traits.items()}
    await crowd.identities.identify(person, "", values, None if minutes is None else at(minutes))


async def traits_of(crowd: People, person: Person) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the traits of a user and of their tenant."""
    _, traits = await crowd.identities.traits(person)
    return tuple(  # type: ignore[return-value]
        {name: value_from_proto(value_pb2.Value.FromString(each)) for name, each in values.items()}
        for values in (traits.user, traits.tenant)
    )


async def test_traits_of_users_and_tenants_are_two_things(crowd: People) -> None:
    """A user's traits come with the tenant's; another user has only the latter."""
    await identify(crowd, ANA, plan="free", idade=41, notas=[1, 2.5], endereco={"uf": "SP"})
    await identify(crowd, ACME, plan="premium", regiao="Sul")
    mine = {"plan": "free", "idade": 41, "notas": [1, 2.5], "endereco": {"uf": "SP"}}
    assert await traits_of(crowd, ANA) == (mine, {"plan": "premium", "regiao": "Sul"})
    assert await traits_of(crowd, Person(PRODUCTION, "acme", "bia")) == ({}, {"plan": "premium", "regiao": "Sul"})
    assert await traits_of(crowd, ACME) == ({}, {"plan": "premium", "regiao": "Sul"})
    assert await traits_of(crowd, Person(PRODUCTION, "outra", "ana")) == ({}, {})


async def test_actor_id_is_that_of_the_log(crowd: People) -> None:
    """A tenant is nobody."""
    expected = actor_id(crowd.hash_secret, PRODUCTION, "acme", "u:ana")
    assert await crowd.identities.identify(ANA, "", {}, None) == expected
    assert (await crowd.identities.traits(ANA))[0] == expected
    assert (await crowd.identities.traits(ACME))[0] == b""


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
async def test_order_of_arrival_does_not_matter(crowd: People, order: tuple[int, ...]) -> None:
    """Removals keep their time too; at the same time two values have one winner."""
    observations: list[tuple[int, Any]] = [(-9, "free"), (-5, None), (-7, "premium"), (-5, "pro")]
    for number in order:
        minutes, value = observations[number]
        await identify(crowd, ANA, minutes, plan=value)
    assert await traits_of(crowd, ANA) == ({"plan": "pro"}, {})


async def test_removed_trait_stays_removed(crowd: People) -> None:
    """An older observation that arrives late does not bring it back; a newer one does."""
    await identify(crowd, ANA, -5, plan=None)
    await identify(crowd, ANA, -6, plan="free")
    assert await traits_of(crowd, ANA) == ({}, {})
    await identify(crowd, ANA, -4, plan="pro")
    assert await traits_of(crowd, ANA) == ({"plan": "pro"}, {})


async def test_a_clock_that_is_ahead_does_not_win_for_ever(crowd: People) -> None:
    """What claims to be from next year counts as from now."""
    await identify(crowd, ANA, 60 * 24 * 365, plan="free")
    await identify(crowd, ANA, 1, plan="pro")
    assert await traits_of(crowd, ANA) == ({"plan": "pro"}, {})


async def test_stamps_of_events_are_traits(crowd: People) -> None:
    """The newest time of a batch is kept, also against a later batch with an older one; flags read it as a time."""
    stamps = [TraitStamp(PRODUCTION, "acme", user, "last_login_at", NOW + datetime.timedelta(minutes=minutes))
              for user, minutes in (("bia", 0), ("ana", 1), ("ana", 3), ("ana", 2))]  # fmt: skip
    for batch in (stamps, stamps[:2], []):
        async with crowd.pool.transaction() as connection:
            await stamp_traits(connection, batch)
    assert await traits_of(crowd, ANA) == ({"last_login_at": "2026-11-25T12:03:00Z"}, {})


@pytest.mark.parametrize(
    ("traits", "field"),
    [
        ({f"t{number}": 1 for number in range(101)}, "traits"),
        ({"x" * 101: 1}, "traits"),
        ({"": 1}, "traits"),
        ({"plan": "x" * 8200}, "traits.plan"),
        ({"plan": "a\x00b"}, "traits.plan"),
        ({"plan": {"a\x00b": 1}}, "traits.plan"),
        ({"plan": float("nan")}, "traits.plan"),
        ({"plan": [[[[[1]]]]]}, "traits.plan"),
        ({"plan": {"a": [{"b": [{}]}]}}, "traits.plan"),
    ],
)
async def test_malformed_traits_are_named(crowd: People, traits: dict[str, Any], field: str) -> None:
    """Nothing of the request is stored."""
    with pytest.raises(InvalidRequest) as refused:
        await identify(crowd, ANA, None, **{"regiao": "Sul", **traits})
    assert refused.value.violations[0].field == field
    assert await crowd.count("traits") == 0


async def test_values_up_to_the_limits_are_taken(crowd: People) -> None:
    """A hundred traits, four levels of lists in one."""
    traits = {f"t{number}": number for number in range(99)} | {"fundo": [[[[1]]]]}
    await identify(crowd, ANA, None, **traits)
    assert (await traits_of(crowd, ANA))[0] == traits
    with pytest.raises(StateConflict):
        await identify(crowd, ANA, None, mais=1)
    assert (await traits_of(crowd, ANA))[0] == traits
    await identify(crowd, ANA, 1, mais=1, t0=None)
    assert "mais" in (await traits_of(crowd, ANA))[0]


@pytest.mark.parametrize(
    ("person", "anonymous_id", "observed_at", "field"),
    [
        (ACME, "nav-1", None, "anonymous_id"),
        (Person(PRODUCTION, "", ""), "", None, "tenant"),
        (ANA, "", Timestamp(seconds=1 << 40), "observed_at"),
        (ANA, "", Timestamp(nanos=-1), "observed_at"),
    ],
)
async def test_senseless_requests_are_named(
    crowd: People, person: Person, anonymous_id: str, observed_at: Timestamp | None, field: str
) -> None:
    """An anonymous id alone must not set the tenant's traits."""
    with pytest.raises(InvalidRequest) as refused:
        await crowd.identities.identify(person, anonymous_id, {"a": value_to_proto(1)}, observed_at)
    assert [violation.field for violation in refused.value.violations] == [field]
