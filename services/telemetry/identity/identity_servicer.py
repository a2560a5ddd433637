"""`IdentityService`: decodes, calls the use case, encodes."""

from collections.abc import Mapping
from contextlib import aclosing

from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import identity_service_pb2 as pb2
from mirante.api.telemetry.v1 import identity_service_pb2_grpc as pb2_grpc

from services.runtime.access import current_caller
from services.runtime.calls.bytes_context import BytesContext
from services.telemetry.identity.identities import Identities
from services.telemetry.identity.store import Person


class IdentityServicer(pb2_grpc.IdentityServiceServicer):
    """Traits and aliases, as backends tell them."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities

    async def Identify(self, request: pb2.IdentifyRequest, _: object) -> pb2.IdentifyResponse:
        """Set traits of a user or a tenant."""
        actor = await self._identities.identify(
            Person(_environment(request.environment), request.tenant, request.user_id),
            request.anonymous_id,
            request.traits,
            request.observed_at if request.HasField("observed_at") else None,
        )
        return pb2.IdentifyResponse(actor_id=actor)

    async def Alias(self, request: pb2.AliasRequest, _: object) -> pb2.AliasResponse:
        """Join an anonymous id to a user."""
        person = Person(_environment(request.environment), request.tenant, request.user_id)
        actor, joined_now = await self._identities.alias(person, request.anonymous_id)
        return pb2.AliasResponse(actor_id=actor, joined_now=joined_now)

    async def Unalias(self, request: pb2.UnaliasRequest, _: object) -> pb2.UnaliasResponse:
        """Take an alias back."""
        await self._identities.unalias(_environment(request.environment), request.tenant, request.anonymous_id)
        return pb2.UnaliasResponse()

    async def GetTraits(self, request: pb2.GetTraitsRequest, _: object) -> pb2.GetTraitsResponse:
        """Return what is known of a user and their tenant."""
        person = Person(_environment(request.environment), request.tenant, request.user_id)
        actor, traits = await self._identities.traits(person)
        return pb2.GetTraitsResponse(
            user_traits=_parsed(traits.user), tenant_traits=_parsed(traits.tenant), actor_id=actor
        )

    async def ListTraitChanges(self, request: pb2.ListTraitChangesRequest, context: BytesContext) -> None:  # type: ignore[override]  # writes bytes
        """Stream what changed, and end."""
        environment = _environment(request.environment)
        async with aclosing(self._identities.trait_changes(environment, request.cursor)) as found:
            async for response in found:
                await context.write(response.SerializeToString())


def _environment(named: str) -> str:
    return current_caller.get().environment(named)


def _parsed(values: Mapping[str, bytes]) -> dict[str, value_pb2.Value]:
    return {name: value_pb2.Value.FromString(value) for name, value in values.items()}
