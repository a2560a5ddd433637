"""Who changed environments, keys, browser access and people is kept, with what it was before."""

from dataclasses import replace

import pytest
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1 import people_service_pb2 as pb2

from services.flags.access_admin import AccessAdmin
from services.flags.access_admin_servicer import AccessAdminServicer
from services.flags.browser_access import BrowserAccessAdmin
from services.runtime.access import Role
from services.runtime.errors import InvalidRequest, PermissionDenied
from tests.support.people_desk import ADMIN, PASSWORD, PeopleDesk

Row = tuple[str, str, str, list[tuple[str, str, str]]]


async def _nothing(*_: object) -> None:
    """Hear of a change."""


@pytest.fixture
def access(desk: PeopleDesk) -> AccessAdminServicer:
    """Return the access service on the desk's database."""
    store = desk.store
    return AccessAdminServicer(
        AccessAdmin(store.access, _nothing, _nothing),
        BrowserAccessAdmin(store.browsers, _nothing),
        store.access_history,
    )


async def _history(desk: PeopleDesk, access: AccessAdminServicer, size: int = 0) -> list[Row]:
    """Return all pages, newest first."""
    rows: list[Row] = []
    request = access_pb2.GetAccessHistoryRequest(page_size=size)
    while True:
        page = await desk.call(access.GetAccessHistory, request, ADMIN)
        rows += [
            (
                each.actor,
                access_pb2.AccessAction.Name(each.action).removeprefix("ACCESS_ACTION_").lower(),
                each.subject,
                [(change.path, change.before, change.after) for change in each.changes],
            )
            for each in page.changes
        ]
        assert all(each.HasField("at") for each in page.changes)
        if not page.next_page_token:
            return rows
        request.page_token = page.next_page_token


async def test_every_change_is_noted_under_its_authors_name(desk: PeopleDesk, access: AccessAdminServicer) -> None:
    """With what it was before; nothing secret is in it, and what was refused or changed nothing is not."""
    created = await desk.call(
        access.CreateEnvironment, access_pb2.CreateEnvironmentRequest(environment="testes"), ADMIN
    )
    key = await desk.call(
        access.CreateApiKey,
        access_pb2.CreateApiKeyRequest(name="loja", role=access_pb2.ROLE_SERVER, environments=["testes"]),
        ADMIN,
    )
    for _ in range(2):
        await desk.call(access.RevokeApiKey, access_pb2.RevokeApiKeyRequest(key_id=key.api_key.id), ADMIN)
    await desk.call(
        access.SetBrowserAccess,
        access_pb2.SetBrowserAccessRequest(environment="testes", origins=["https://app.vendas.example"]),
        ADMIN,
    )
    ana = await desk.create("ana", name="Ana", role=pb2.PERSON_ROLE_ADMIN)
    await desk.update(ana, name="Ana Souza")
    await desk.update(ana, name="Ana Souza")
    await desk.refused(desk.people.UpdatePerson, pb2.UpdatePersonRequest(person_id=ana.id, disabled=True), ADMIN)
    await desk.call(desk.people.SetPassword, pb2.SetPasswordRequest(person_id=ana.id, password=PASSWORD + "!"), ADMIN)
    found = await _history(desk, access)
    assert found[:7] == [
        ("chefe", "set_password", "ana", []),
        ("chefe", "update_person", "ana", [("name", "Ana", "Ana Souza")]),
        ("chefe", "create_person", "ana", [("name", "", "Ana"), ("role", "", "admin"), ("source", "", "local")]),
        ("chefe", "set_browser_access", "testes", [("origins", "", "https://app.vendas.example")]),
        ("chefe", "revoke_api_key", key.api_key.id, []),
        (
            "chefe",
            "create_api_key",
            key.api_key.id,
            [("name", "", "loja"), ("role", "", "server"), ("environments", "", "testes")],
        ),
        ("chefe", "create_environment", created.environment.key, []),
    ]
    assert key.secret not in repr(found)
    assert PASSWORD not in repr(found)
    assert await _history(desk, access, size=2) == found


async def test_what_an_identity_provider_says_is_noted(desk: PeopleDesk, access: AccessAdminServicer) -> None:
    """The first login, and a later one with another role; not one that says nothing new."""
    request = pb2.LogInWithIdentityRequest(
        issuer="i", subject="s", login="bia", name="Bia", role=pb2.PERSON_ROLE_VIEWER
    )
    await desk.call(desk.logins.LogInWithIdentity, request)
    await desk.call(desk.logins.LogInWithIdentity, request)
    request.role = pb2.PERSON_ROLE_EDITOR
    await desk.call(desk.logins.LogInWithIdentity, request)
    assert [row[1:] for row in (await _history(desk, access))[:2]] == [
        ("update_person", "bia", [("role", "viewer", "editor")]),
        ("create_person", "bia", [("name", "", "Bia"), ("role", "", "viewer"), ("source", "", "oidc")]),
    ]


async def test_it_is_for_those_who_hold_everything(desk: PeopleDesk, access: AccessAdminServicer) -> None:
    """An admin of some environments is refused, and so are wrong pages."""
    some = replace(ADMIN, role=Role.ADMIN, environments=frozenset({"production"}), everywhere=False)
    asked = access_pb2.GetAccessHistoryRequest()
    assert type(await desk.refused(access.GetAccessHistory, asked, some)) is PermissionDenied
    for wrong in ({"page_size": 201}, {"page_token": "?"}):
        error = await desk.refused(access.GetAccessHistory, access_pb2.GetAccessHistoryRequest(**wrong), ADMIN)
        assert isinstance(error, InvalidRequest)
