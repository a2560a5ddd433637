"""`IdentityService`: the contract around the use case."""

import pytest
from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import identity_service_pb2 as pb2

from services.runtime.access import Caller, Role, current_caller
from services.runtime.errors import InvalidRequest, PermissionDenied
from services.telemetry.identity.identity_servicer import IdentityServicer
from tests.support.telemetry_people import PRODUCTION, People


@pytest.fixture
def servicer(crowd: People) -> IdentityServicer:
    """The servicer, called by a backend's key of one environment."""
    current_caller.set(Caller("key-1", "vendas", Role.SERVER, frozenset({PRODUCTION})))
    return IdentityServicer(crowd.identities)


async def test_login_from_a_browser(servicer: IdentityServicer) -> None:
    """Identify joins, Alias finds it done, GetTraits gives what targeting needs; then everything is taken back."""
    plan = {"plan": value_pb2.Value(string_value="premium")}
    identified = await servicer.Identify(
        pb2.IdentifyRequest(tenant="acme", user_id="ana", anonymous_id="nav-1", traits=plan), None
    )
    await servicer.Identify(pb2.IdentifyRequest(tenant="acme", traits={"regiao": plan["plan"]}), None)
    alias = pb2.AliasRequest(environment=PRODUCTION, tenant="acme", anonymous_id="nav-1", user_id="ana")
    joined = await servicer.Alias(alias, None)
    assert (joined.joined_now, joined.actor_id) == (False, identified.actor_id)
    traits = await servicer.GetTraits(pb2.GetTraitsRequest(tenant="acme", user_id="ana"), None)
    assert dict(traits.user_traits) == plan
    assert dict(traits.tenant_traits) == {"regiao": plan["plan"]}
    assert traits.actor_id == identified.actor_id
    assert len(traits.actor_id) == 16
    await servicer.Unalias(pb2.UnaliasRequest(tenant="acme", anonymous_id="nav-1"), None)
    assert (await servicer.Alias(alias, None)).joined_now


async def test_missing_fields_are_named(servicer: IdentityServicer) -> None:
    """An alias of nobody, and time that is none."""
    with pytest.raises(InvalidRequest) as refused:
        await servicer.Alias(pb2.AliasRequest(tenant="acme", anonymous_id="nav-1"), None)
    assert [violation.field for violation in refused.value.violations] == ["user_id"]
    request = pb2.IdentifyRequest(tenant="acme", user_id="ana")
    request.observed_at.nanos = -5
    with pytest.raises(InvalidRequest) as refused:
        await servicer.Identify(request, None)
    assert [violation.field for violation in refused.value.violations] == ["observed_at"]


async def test_other_environments_are_closed(servicer: IdentityServicer) -> None:
    """A key reaches only its own."""
    with pytest.raises(PermissionDenied):
        await servicer.GetTraits(pb2.GetTraitsRequest(environment="staging", tenant="acme", user_id="ana"), None)
