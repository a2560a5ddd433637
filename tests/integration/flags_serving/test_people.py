"""People at a running service: the first admin, and calls that the gateway makes in a person's name."""

from pathlib import Path
from urllib.parse import quote

import pytest
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import people_service_pb2 as pb2

from tests.support.flag_store import bool_flag
from tests.support.serving import PRODUCTION, Datastores, Metadata, Serving, bearer, refused, serving


def acting(service: Serving, login: str, role: str, key: str = "") -> Metadata:
    """Return the metadata of a call that the gateway makes for a person."""
    metadata = bearer(key) if key else service.key("internal")
    return (*metadata, ("x-mirante-actor", quote(login)), ("x-mirante-actor-role", role))


async def test_the_first_admin_logs_in(stores: Datastores, caplog: pytest.LogCaptureFixture) -> None:
    """With the password in the home folder; it is in no log, and a restart leaves it."""
    file = Path(stores.home) / "admin_password"
    async with serving(stores):
        password = file.read_text().strip()
    async with serving(stores) as service:
        assert file.read_text().strip() == password
        request = pb2.LogInRequest(login="admin", password=password)
        begun = await service.logins.LogIn(request, metadata=service.key("internal"))
        assert (begun.session.person.role, list(begun.session.environments)) == (pb2.PERSON_ROLE_ADMIN, [PRODUCTION])
        for role in ("admin", "reader", "editor", "server", "browser"):
            denied = await refused(service.logins.LogIn(request, metadata=service.key(role)))
            assert denied.reason == "ROLE_DENIED"
        denied = await refused(service.logins.LogIn(request, metadata=acting(service, "admin", "admin")))
        assert (denied.reason, denied.metadata) == ("ROLE_DENIED", {"role": "admin", "needed": "internal"})
        wrong = pb2.LogInRequest(login="admin", password="x" * 20)
        failed = await refused(service.logins.LogIn(wrong, metadata=service.key("internal")))
        assert (failed.code, failed.reason) == ("UNAUTHENTICATED", "LOGIN_FAILED")
        await service.logins.LogOut(pb2.LogOutRequest(secret=begun.secret), metadata=service.key("internal"))
        asked = service.logins.GetSession(pb2.GetSessionRequest(secret=begun.secret), metadata=service.key("internal"))
        assert (await refused(asked)).reason == "SESSION_ENDED"
    assert password not in caplog.text
    assert begun.secret not in caplog.text


async def test_a_person_may_what_the_role_may_and_is_named_in_the_history(stores: Datastores) -> None:
    """Whatever the gateway's own key may."""
    async with serving(stores) as service:
        create = flags_pb2.CreateFlagRequest(environment=PRODUCTION, flag=bool_flag("nova"))
        viewer, editor = acting(service, "léo@x", "viewer"), acting(service, "léo@x", "editor")
        admin = acting(service, "léo@x", "admin")
        denied = await refused(service.flags.CreateFlag(create, metadata=viewer))
        assert (denied.reason, denied.metadata["role"]) == ("ROLE_DENIED", "reader")
        await service.flags.CreateFlag(create, metadata=editor)
        asked = flags_pb2.GetFlagHistoryRequest(environment=PRODUCTION, flag_key="nova")
        (entry,) = (await service.flags.GetFlagHistory(asked, metadata=viewer)).entries
        assert entry.actor == "léo@x"
        environment = access_pb2.CreateEnvironmentRequest(environment="staging")
        assert (await refused(service.access.CreateEnvironment(environment, metadata=editor))).reason == "ROLE_DENIED"
        await service.access.CreateEnvironment(environment, metadata=admin)
        assert len((await service.people.ListPeople(pb2.ListPeopleRequest(), metadata=admin)).people) == 1
        unknown = await refused(service.flags.GetFlagHistory(asked, metadata=acting(service, "léo@x", "owner")))
        assert (unknown.code, unknown.reason) == ("PERMISSION_DENIED", "ROLE_DENIED")


async def test_a_person_gets_no_further_than_the_gateways_key(stores: Datastores) -> None:
    """An admin at a gateway of one environment is one there alone, and manages no people."""
    async with serving(stores) as service:
        await service.access.CreateEnvironment(
            access_pb2.CreateEnvironmentRequest(environment="staging"), metadata=service.admin
        )
        request = access_pb2.CreateApiKeyRequest(name="narrow", role=access_pb2.ROLE_INTERNAL, environments=["staging"])
        secret = (await service.access.CreateApiKey(request, metadata=service.admin)).secret
        admin = acting(service, "ana", "admin", secret)
        create = flags_pb2.CreateFlagRequest(environment=PRODUCTION, flag=bool_flag("nova"))
        assert (await refused(service.flags.CreateFlag(create, metadata=admin))).reason == "ENVIRONMENT_DENIED"
        create.environment = "staging"
        await service.flags.CreateFlag(create, metadata=admin)
        people = await refused(service.people.ListPeople(pb2.ListPeopleRequest(), metadata=admin))
        assert (people.reason, people.metadata) == ("ENVIRONMENT_DENIED", {"environment": "*"})
