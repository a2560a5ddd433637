"""`PeopleAdminService`: decodes, calls the use case, encodes."""

from mirante.api.flags.v1 import people_service_pb2 as pb2
from mirante.api.flags.v1 import people_service_pb2_grpc as pb2_grpc

from services.flags.people.messages import person_message, person_role
from services.flags.people.people_admin import PeopleAdmin
from services.runtime.access import current_caller


class PeopleAdminServicer(pb2_grpc.PeopleAdminServiceServicer):
    """The people who may use the dashboard."""

    def __init__(self, admin: PeopleAdmin) -> None:
        self._admin = admin

    async def CreatePerson(self, request: pb2.CreatePersonRequest, _: object) -> pb2.CreatePersonResponse:
        """Create a person who logs in with a password."""
        role = person_role(request.role)
        person = await self._admin.create(request.login, request.name, role, request.password, current_caller.get())
        return pb2.CreatePersonResponse(person=person_message(person))

    async def ListPeople(
        self,
        request: pb2.ListPeopleRequest,  # noqa: ARG002 - it has no fields
        _: object,
    ) -> pb2.ListPeopleResponse:
        """Return everybody."""
        return pb2.ListPeopleResponse(people=map(person_message, await self._admin.people(current_caller.get())))

    async def UpdatePerson(self, request: pb2.UpdatePersonRequest, _: object) -> pb2.UpdatePersonResponse:
        """Change a person's name or role, or whether the person may log in."""
        person = await self._admin.update(
            request.person_id,
            name=request.name if request.HasField("name") else None,
            role=person_role(request.role) if request.HasField("role") else None,
            disabled=request.disabled if request.HasField("disabled") else None,
            caller=current_caller.get(),
        )
        return pb2.UpdatePersonResponse(person=person_message(person))

    async def SetPassword(self, request: pb2.SetPasswordRequest, _: object) -> pb2.SetPasswordResponse:
        """Replace a person's password."""
        person = await self._admin.set_password(request.person_id, request.password, current_caller.get())
        return pb2.SetPasswordResponse(person=person_message(person))
