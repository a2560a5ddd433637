"""Reading the traits of users and tenants, to be put into an evaluation context."""

import logging

from mirante.client.calls import Calls, response_of

import grpc  # isort: skip

from mirante.api.telemetry.v1 import identity_service_pb2 as pb2
from mirante.api.telemetry.v1.identity_service_pb2_grpc import IdentityServiceStub
from mirante.client.settings import ClientSettings
from mirante.evaluation.model import JsonValue
from mirante.wire import value_from_proto

_log = logging.getLogger("mirante")


class Traits:
    """Asks the identity service; whatever fails, there are no traits. Never raises."""

    def __init__(self, connection: ClientSettings) -> None:
        self.calls = Calls(connection, IdentityServiceStub)
        self._environment = connection.environment

    def of(self, user_id: str, tenant: str) -> dict[str, JsonValue]:
        """Return the traits of the tenant and, where both have one, of the user. Blocks until the deadline."""
        try:
            return _merged(self.calls.ask(_get_traits, self._request(user_id, tenant)))
        except Exception as error:  # noqa: BLE001 - evaluation goes on without
            return _failed(error)

    async def of_async(self, user_id: str, tenant: str) -> dict[str, JsonValue]:
        """Do as `of`, without blocking the loop."""
        try:
            return _merged(await response_of(self.calls.start(_get_traits, self._request(user_id, tenant))))
        except Exception as error:  # noqa: BLE001 - evaluation goes on without
            return _failed(error)

    def _request(self, user_id: str, tenant: str) -> pb2.GetTraitsRequest:
        return pb2.GetTraitsRequest(environment=self._environment, user_id=user_id, tenant=tenant)


def _merged(response: pb2.GetTraitsResponse) -> dict[str, JsonValue]:
    return {
        name: value_from_proto(value)
        for traits in (response.tenant_traits, response.user_traits)
        for name, value in traits.items()
    }


def _failed(error: Exception) -> dict[str, JsonValue]:
    code = error.code().name if isinstance(error, grpc.Call) else type(error).__name__
    _log.info("traits cannot be read: %s", code)
    return {}


def _get_traits(
    stub: IdentityServiceStub,
) -> "grpc.UnaryUnaryMultiCallable[pb2.GetTraitsRequest, pb2.GetTraitsResponse]":
    return stub.GetTraits
