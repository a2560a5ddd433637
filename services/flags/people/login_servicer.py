"""`LoginService`: decodes, calls the use case, encodes."""

from mirante.api.flags.v1 import people_service_pb2 as pb2
from mirante.api.flags.v1 import people_service_pb2_grpc as pb2_grpc

from services.flags.people.logins import Logins
from services.flags.people.messages import person_role, session_message
from services.runtime.access import current_caller


class LoginServicer(pb2_grpc.LoginServiceServicer):
    """Logins and sessions."""

    def __init__(self, logins: Logins) -> None:
        self._logins = logins

    async def LogIn(self, request: pb2.LogInRequest, _: object) -> pb2.LogInResponse:
        """Begin a session for a person with a password."""
        begun = await self._logins.log_in(request.login, request.password, current_caller.get())
        return pb2.LogInResponse(secret=begun.secret, session=session_message(begun.session))

    async def LogInWithIdentity(
        self, request: pb2.LogInWithIdentityRequest, _: object
    ) -> pb2.LogInWithIdentityResponse:
        """Begin a session for somebody whom an identity provider knows."""
        begun = await self._logins.log_in_with_identity(
            request.issuer,
            request.subject,
            login=request.login,
            name=request.name,
            role=None if request.role == pb2.PERSON_ROLE_UNSPECIFIED else person_role(request.role),
            caller=current_caller.get(),
        )
        return pb2.LogInWithIdentityResponse(secret=begun.secret, session=session_message(begun.session))

    async def GetSession(self, request: pb2.GetSessionRequest, _: object) -> pb2.GetSessionResponse:
        """Return a session that has not ended."""
        session = await self._logins.session(request.secret, current_caller.get())
        return pb2.GetSessionResponse(session=session_message(session))

    async def LogOut(self, request: pb2.LogOutRequest, _: object) -> pb2.LogOutResponse:
        """End a session."""
        await self._logins.log_out(request.secret)
        return pb2.LogOutResponse()

    async def ChangePassword(self, request: pb2.ChangePasswordRequest, _: object) -> pb2.ChangePasswordResponse:
        """Replace the password of a session's person."""
        begun = await self._logins.change_password(
            request.secret, request.old_password, request.new_password, current_caller.get()
        )
        return pb2.ChangePasswordResponse(secret=begun.secret, session=session_message(begun.session))
