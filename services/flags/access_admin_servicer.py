"""`AccessAdminService`: decodes, calls the use case, encodes."""

from mirante.api.flags.v1 import access_admin_service_pb2 as pb2
from mirante.api.flags.v1 import access_admin_service_pb2_grpc as pb2_grpc

from services.flags.access_admin import AccessAdmin
from services.flags.access_history_messages import access_history_page
from services.flags.browser_access import BrowserAccessAdmin
from services.flags.browser_access_messages import browser_access_message
from services.flags.store import EnvironmentHead, StoredKey
from services.flags.store.access_history import AccessHistory
from services.flags.timestamps import timestamp
from services.runtime.access import Role, current_caller
from services.runtime.errors import InvalidRequest

_ROLES = {pb2.Role.Value(f"ROLE_{role.name}"): role for role in Role}
_ROLE_NUMBERS = {role: number for number, role in _ROLES.items()}


class AccessAdminServicer(pb2_grpc.AccessAdminServiceServicer):
    """Environments, the API keys that open them, and the browsers that they are open to."""

    def __init__(self, admin: AccessAdmin, browsers: BrowserAccessAdmin, history: AccessHistory) -> None:
        self._admin = admin
        self._browsers = browsers
        self._history = history

    async def CreateEnvironment(
        self, request: pb2.CreateEnvironmentRequest, _: object
    ) -> pb2.CreateEnvironmentResponse:
        """Create an empty environment."""
        head = await self._admin.create_environment(request.environment, request.description, current_caller.get())
        return pb2.CreateEnvironmentResponse(environment=_environment(head))

    async def ListEnvironments(
        self,
        request: pb2.ListEnvironmentsRequest,  # noqa: ARG002 - it has no fields
        _: object,
    ) -> pb2.ListEnvironmentsResponse:
        """Return the environments that the key holds."""
        heads = await self._admin.environments(current_caller.get())
        return pb2.ListEnvironmentsResponse(environments=map(_environment, heads))

    async def CreateApiKey(self, request: pb2.CreateApiKeyRequest, _: object) -> pb2.CreateApiKeyResponse:
        """Create a key and show its secret."""
        role = _ROLES.get(request.role)
        if role is None:
            raise InvalidRequest.of("role", "is required: server, browser, admin, editor, reader or internal")
        key, secret = await self._admin.create_key(
            request.name,
            role,
            request.environments,
            quota_per_second=request.quota_per_second,
            caller=current_caller.get(),
        )
        return pb2.CreateApiKeyResponse(api_key=api_key_message(key), secret=secret)

    async def ListApiKeys(
        self,
        request: pb2.ListApiKeysRequest,  # noqa: ARG002 - it has no fields
        _: object,
    ) -> pb2.ListApiKeysResponse:
        """Return the keys, without their secrets."""
        return pb2.ListApiKeysResponse(api_keys=map(api_key_message, await self._admin.keys(current_caller.get())))

    async def RevokeApiKey(self, request: pb2.RevokeApiKeyRequest, _: object) -> pb2.RevokeApiKeyResponse:
        """Revoke a key for good."""
        return pb2.RevokeApiKeyResponse(
            api_key=api_key_message(await self._admin.revoke_key(request.key_id, current_caller.get()))
        )

    async def GetBrowserAccess(self, request: pb2.GetBrowserAccessRequest, _: object) -> pb2.GetBrowserAccessResponse:
        """Return the browser access of an environment."""
        stored = await self._browsers.get(request.environment, current_caller.get())
        return pb2.GetBrowserAccessResponse(browser_access=browser_access_message(stored))

    async def SetBrowserAccess(self, request: pb2.SetBrowserAccessRequest, _: object) -> pb2.SetBrowserAccessResponse:
        """Replace the browser access of an environment."""
        stored = await self._browsers.set(
            request.environment,
            request.origins,
            request.token_keys,
            expected_version=request.expected_version if request.HasField("expected_version") else None,
            caller=current_caller.get(),
        )
        return pb2.SetBrowserAccessResponse(browser_access=browser_access_message(stored))

    async def GetAccessHistory(self, request: pb2.GetAccessHistoryRequest, _: object) -> pb2.GetAccessHistoryResponse:
        """Return who changed what, newest first."""
        return await access_history_page(self._history, request, current_caller.get())


def _environment(head: EnvironmentHead) -> pb2.Environment:
    return pb2.Environment(
        key=head.key,
        description=head.description,
        revision=head.revision,
        lineage=head.lineage,
        created_at=timestamp(head.created_at),
    )


def api_key_message(key: StoredKey) -> pb2.ApiKey:
    """Return a key as callers see it."""
    return pb2.ApiKey(
        id=key.id,
        name=key.name,
        role=_ROLE_NUMBERS[key.role],
        environments=key.environments,
        quota_per_second=key.quota_per_second,
        created_at=timestamp(key.created_at),
        created_by=key.created_by,
        revoked_at=timestamp(key.revoked_at),
    )
