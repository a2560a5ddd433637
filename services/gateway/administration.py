"""The admin API, put together. Called from the composition root."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc.aio
import httpx

from services.gateway.admin.attempts import Attempts
from services.gateway.admin.backends import open_methods
from services.gateway.admin.callers import Callers
from services.gateway.admin.calls import ApiCalls
from services.gateway.admin.cookies import SessionCookies
from services.gateway.admin.login_service import GrpcLoginService
from services.gateway.admin.logins import Logins
from services.gateway.admin.own_requests import OwnRequests
from services.gateway.admin.sessions import Sessions
from services.gateway.channels import open_channel
from services.gateway.http.open_connections import OpenConnections
from services.gateway.oidc.attempts import AttemptSigner
from services.gateway.oidc.identities import ClaimRules
from services.gateway.oidc.oidc_logins import CALLBACK_PATH, OidcLogins
from services.gateway.oidc.provider import Provider, Registration
from services.gateway.settings import GatewaySettings
from services.runtime.calls.authentication import Authenticator
from services.runtime.calls.quota import Quotas


@dataclass(frozen=True, slots=True)
class Administration:
    """What answers below `/api`; `oidc` is None without a provider. `streams` and `quotas` are those of its callers."""

    calls: ApiCalls
    logins: Logins
    oidc: OidcLogins | None
    streams: OpenConnections
    quotas: Quotas


@asynccontextmanager
async def open_administration(
    settings: GatewaySettings,
    *,
    telemetry: grpc.aio.Channel,
    metrics: grpc.aio.Channel,
    keys: Authenticator,
    key_quotas: Quotas,
    secret: str,
) -> AsyncIterator[Administration]:
    """
    Put the admin API together; it ends with the block.

    Args:
        settings: of the gateway.
        telemetry: to that service.
        metrics: to that service.
        keys: that are known.
        key_quotas: of API keys, the same as everywhere else.
        secret: the gateway's own key.
    """
    # A channel of its own: definitions in numbers are larger than what gRPC takes by itself.
    async with (
        open_channel(settings.flags_address, settings.flags_ca, "MIRANTE_FLAGS_CA") as flags,
        httpx.AsyncClient() as http,
    ):
        cookies, own_requests = SessionCookies(secure=settings.is_secure), OwnRequests(settings.public_url)
        service = GrpcLoginService(flags, secret)
        sessions = Sessions(service, cookies)
        attempts = Attempts()
        streams, quotas = OpenConnections(settings.streams_per_session), Quotas(settings.person_quota)
        callers = Callers(
            keys=keys,
            sessions=sessions,
            own_requests=own_requests,
            key_quotas=key_quotas,
            person_quotas=quotas,
            secret=secret,
        )
        methods = open_methods({"flags": flags, "telemetry": telemetry, "metrics": metrics})
        logins = Logins(
            service=service,
            sessions=sessions,
            cookies=cookies,
            own_requests=own_requests,
            attempts=attempts,
            streams=streams,
            takes_passwords=settings.password_logins,
            oidc_name=None if settings.oidc_issuer is None else settings.oidc_name,
        )
        oidc = None
        if (registration := _registration(settings)) is not None:
            oidc = OidcLogins(
                provider=Provider(registration, http),
                rules=_rules(settings),
                service=service,
                cookies=cookies,
                signer=AttemptSigner(secret),
                attempts=attempts,
                secure=settings.is_secure,
            )
        yield Administration(ApiCalls(methods, callers, streams), logins, oidc, streams, quotas)


def _registration(settings: GatewaySettings) -> Registration | None:
    issuer, client_id, client_secret = settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret
    if issuer is None or client_id is None or client_secret is None:
        return None  # they are set together
    return Registration(
        issuer=issuer,
        client_id=client_id,
        client_secret=client_secret.get_secret_value(),
        scopes=settings.oidc_scopes,
        redirect_uri=f"{settings.public_url}{CALLBACK_PATH}",
    )


def _rules(settings: GatewaySettings) -> ClaimRules:
    return ClaimRules(
        login=settings.oidc_login_claim,
        role=settings.oidc_role_claim or "",
        roles=settings.oidc_roles,
        default_role=settings.oidc_default_role or "",
    )
