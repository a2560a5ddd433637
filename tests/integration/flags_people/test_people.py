"""Managing people: what is stored, who may, and what is refused."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from mirante.api.flags.v1 import people_service_pb2 as pb2

from services.runtime.errors import AlreadyExists, InvalidRequest, NotFound, PermissionDenied, StateConflict
from tests.support.people_desk import ADMIN, PASSWORD, PeopleDesk, reason

VIEWER, EDITOR, BOSS = pb2.PERSON_ROLE_VIEWER, pb2.PERSON_ROLE_EDITOR, pb2.PERSON_ROLE_ADMIN


async def test_a_person_is_created_and_the_password_is_nowhere(desk: PeopleDesk) -> None:
    """People are listed by login, with who made them."""
    bia = await desk.create("Bia@Vendas.example", name="Beatriz Lima", role=EDITOR)
    ana = await desk.create("ana")
    assert (bia.login, bia.name, bia.role, bia.source) == (
        *("bia@vendas.example", "Beatriz Lima"),
        *(EDITOR, pb2.PERSON_SOURCE_LOCAL),
    )
    assert (ana.name, ana.created_by, ana.HasField("created_at")) == ("ana", "chefe", True)
    assert (ana.HasField("disabled_at"), ana.HasField("last_login_at")) == (False, False)
    assert await desk.everybody() == [ana, bia]
    stored = await desk.stored()
    assert stored.count("$argon2id$") == 2
    assert PASSWORD not in stored


async def test_a_login_is_one_persons(desk: PeopleDesk) -> None:
    """Case does not count; of those who ask at once one gets it."""
    request = pb2.CreatePersonRequest(login="Ana", role=VIEWER, password=PASSWORD)
    results = await asyncio.gather(
        *[desk.call(desk.people.CreatePerson, request, ADMIN) for _ in range(4)], return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in results) == ["AlreadyExists"] * 3 + ["CreatePersonResponse"]
    assert type(await desk.refused(desk.people.CreatePerson, request, ADMIN)) is AlreadyExists


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"login": ""}, "login"),
        ({"login": "a b"}, "login"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"role": 0}, "role"),
        ({"role": 9}, "role"),
        ({"password": ""}, "password"),
        ({"password": "123456789"}, "password"),
        ({"password": "x" * 201}, "password"),
    ],
)
async def test_what_cannot_be_a_person_is_refused(desk: PeopleDesk, fields: dict[str, Any], field: str) -> None:
    """The refusal names the field, and nobody is stored."""
    request = pb2.CreatePersonRequest(**{"login": "ana", "role": VIEWER, "password": PASSWORD, **fields})
    error = await desk.refused(desk.people.CreatePerson, request, ADMIN)
    assert isinstance(error, InvalidRequest)
    assert [each.field for each in error.violations] == [field]
    assert await desk.everybody() == []


async def test_an_update_changes_what_it_names(desk: PeopleDesk) -> None:
    """Also back again; a person who is disabled twice was disabled the first time."""
    ana = await desk.create("ana", name="Ana")
    assert (await desk.update(ana, name="Ana Souza")).name == "Ana Souza"
    assert (await desk.update(ana, role=EDITOR)).role == EDITOR
    disabled = await desk.update(ana, disabled=True)
    assert disabled.HasField("disabled_at")
    assert await desk.update(ana, disabled=True) == disabled
    enabled = await desk.update(ana, disabled=False)
    assert (enabled.name, enabled.role, enabled.HasField("disabled_at")) == ("Ana Souza", EDITOR, False)
    assert await desk.everybody() == [enabled]


@pytest.mark.parametrize(
    ("fields", "field"),
    [({}, "name"), ({"name": " "}, "name"), ({"role": 0}, "role"), ({"person_id": "", "name": "x"}, "person_id")],
)
async def test_an_update_that_says_nothing_is_refused(desk: PeopleDesk, fields: dict[str, Any], field: str) -> None:
    """The refusal names the field."""
    ana = await desk.create()
    request = pb2.UpdatePersonRequest(**{"person_id": ana.id, **fields})
    error = await desk.refused(desk.people.UpdatePerson, request, ADMIN)
    assert isinstance(error, InvalidRequest)
    assert [each.field for each in error.violations] == [field]


async def test_somebody_stays_an_admin(desk: PeopleDesk) -> None:
    """Also when two admins take each other's role at once; somebody disabled does not count."""
    ana, bia = await desk.create("ana", role=BOSS), await desk.create("bia", role=BOSS)
    await desk.update(await desk.create("rui", role=BOSS), disabled=True)
    requests = [pb2.UpdatePersonRequest(person_id=each.id, role=VIEWER) for each in (ana, bia)]
    results = await asyncio.gather(
        *[desk.call(desk.people.UpdatePerson, each, ADMIN) for each in requests], return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in results) == ["StateConflict", "UpdatePersonResponse"]
    [last] = [each for each in await desk.everybody() if each.role == BOSS and not each.HasField("disabled_at")]
    for fields in ({"role": EDITOR}, {"disabled": True}):
        request = pb2.UpdatePersonRequest(person_id=last.id, **fields)
        error = await desk.refused(desk.people.UpdatePerson, request, ADMIN)
        assert (type(error), error.metadata) == (StateConflict, {"state": "last admin"})
    assert (await desk.update(last, name="Última")).name == "Última"


async def test_nobody_is_not_found(desk: PeopleDesk) -> None:
    """The refusal says whom it did not find."""
    for error in (
        await desk.refused(desk.people.UpdatePerson, pb2.UpdatePersonRequest(person_id="x", disabled=True), ADMIN),
        await desk.refused(desk.people.SetPassword, pb2.SetPasswordRequest(person_id="x", password=PASSWORD), ADMIN),
    ):
        assert (type(error), reason(error), error.metadata) == (NotFound, "PERSON_NOT_FOUND", {"person_id": "x"})


async def test_a_key_of_some_environments_manages_nobody(desk: PeopleDesk) -> None:
    """Roles of people hold in all: an admin of staging could make itself an admin of production."""
    ana = await desk.create()
    some = replace(ADMIN, environments=frozenset({"production", "staging"}), everywhere=False)
    for error in (
        await desk.refused(desk.people.ListPeople, pb2.ListPeopleRequest(), some),
        await desk.refused(
            desk.people.CreatePerson, pb2.CreatePersonRequest(login="x", role=BOSS, password=PASSWORD), some
        ),
        await desk.refused(desk.people.UpdatePerson, pb2.UpdatePersonRequest(person_id=ana.id, role=BOSS), some),
        await desk.refused(desk.people.SetPassword, pb2.SetPasswordRequest(person_id=ana.id, password=PASSWORD), some),
        await desk.refused(
            desk.logins.LogInWithIdentity,
            pb2.LogInWithIdentityRequest(issuer="i", subject="s", login="x", role=BOSS),
            some,
        ),
    ):
        assert (type(error), reason(error)) == (PermissionDenied, "ENVIRONMENT_DENIED")
    assert await desk.everybody() == [ana]
