"""The flag service's word on who may log in and which sessions there are."""

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import grpc
import grpc.aio
from mirante.api.flags.v1 import people_service_pb2 as pb2
from mirante.api.flags.v1.people_service_pb2_grpc import LoginServiceStub

from services.gateway.http.problems import Problem, problem_of_call, reason_of_call, session_ended
from services.gateway.http.tracing import trace_metadata

if TYPE_CHECKING:
    from mirante.api.flags.v1.people_service_pb2_grpc import LoginServiceAsyncStub

_SECONDS: Final = 10.0
_MOST_AT_ONCE: Final = 100
"""Anybody can make up cookies: they are not to use up what the gateway may ask of the flag service."""

_LOGIN_FAILED: Final = "LOGIN_FAILED"
_SESSION_ENDED: Final = "SESSION_ENDED"

_Answer = TypeVar("_Answer")


class LoginService(Protocol):
    """Every method raises `Problem`: LOGIN_FAILED, the same for whatever is wrong; or why it cannot be told now."""

    async def log_in(self, login: str, password: str) -> pb2.LogInResponse:
        """Begin a session."""

    async def log_in_with_identity(self, request: pb2.LogInWithIdentityRequest) -> pb2.LogInWithIdentityResponse:
        """Begin a session for somebody whom an identity provider knows."""

    async def session(self, secret: str) -> pb2.Session | None:
        """Return a session; None when it has ended or never was."""

    async def log_out(self, secret: str) -> None:
        """End a session, if there is one."""

    async def change_password(self, secret: str, old: str, new: str) -> pb2.ChangePasswordResponse:
        """Change the password of a session's person, and begin another session; SESSION_ENDED when there is none."""


class GrpcLoginService:
    """The `LoginService` that asks the flag service, with the key of this process."""

    def __init__(self, channel: grpc.aio.Channel, secret: str) -> None:
        self._stub: LoginServiceAsyncStub = LoginServiceStub(channel)
        self._authorization = ("authorization", f"Bearer {secret}")
        self._asked = 0

    async def log_in(self, login: str, password: str) -> pb2.LogInResponse:
        """See `LoginService`."""
        return await self._told(self._stub.LogIn(pb2.LogInRequest(login=login, password=password), **self._options()))

    async def log_in_with_identity(self, request: pb2.LogInWithIdentityRequest) -> pb2.LogInWithIdentityResponse:
        """See `LoginService`."""
        return await self._told(self._stub.LogInWithIdentity(request, **self._options()))

    async def session(self, secret: str) -> pb2.Session | None:
        """See `LoginService`."""
        try:
            answer = await self._told(self._stub.GetSession(pb2.GetSessionRequest(secret=secret), **self._options()))
        except Problem as problem:
            if problem.reason == _SESSION_ENDED:
                return None
            raise
        return answer.session

    async def log_out(self, secret: str) -> None:
        """See `LoginService`."""
        await self._told(self._stub.LogOut(pb2.LogOutRequest(secret=secret), **self._options()))

    async def change_password(self, secret: str, old: str, new: str) -> pb2.ChangePasswordResponse:
        """See `LoginService`."""
        request = pb2.ChangePasswordRequest(secret=secret, old_password=old, new_password=new)
        return await self._told(self._stub.ChangePassword(request, **self._options()))

    def _options(self) -> dict[str, Any]:
        if self._asked >= _MOST_AT_ONCE:
            raise Problem(503, "OVERLOADED", "too many sessions are looked for at this moment", retry_seconds=1.0)
        return {"metadata": (self._authorization, *trace_metadata()), "timeout": _SECONDS}

    async def _told(self, call: Awaitable[_Answer]) -> _Answer:
        self._asked += 1
        try:
            return await call
        except grpc.RpcError as error:
            raise _problem(error) from error
        finally:
            self._asked -= 1


def _problem(error: grpc.RpcError) -> Problem:
    # An UNAUTHENTICATED without one of these reasons is about our own key.
    reason = reason_of_call(error)
    if reason == _LOGIN_FAILED:
        return login_failed()
    if reason == _SESSION_ENDED:
        return session_ended()
    return problem_of_call(error, "flags", {grpc.StatusCode.ALREADY_EXISTS: 409})


def login_failed() -> Problem:
    """Return the one problem of every login that fails."""
    return Problem(401, _LOGIN_FAILED, "login: it is unknown, the password is wrong, or it may not be used")
