"""Logging in, sessions and how they end."""

import asyncio
import datetime
from dataclasses import replace

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from mirante.api.flags.v1 import people_service_pb2 as pb2

from services.flags.people.passwords import open_passwords
from services.runtime.errors import AlreadyExists, Overloaded, StateConflict, Unauthenticated
from tests.support.people_desk import ADMIN, GATEWAY, LONGEST, PASSWORD, UNUSED, PeopleDesk, reason

EDITOR = pb2.PERSON_ROLE_EDITOR
OTHER = "another password"


def identity(**fields: object) -> pb2.LogInWithIdentityRequest:
    """Return a login at an identity provider."""
    request = pb2.LogInWithIdentityRequest(issuer="https://id.example", subject="7", login="Ana", name="Ana Souza")
    request.MergeFrom(pb2.LogInWithIdentityRequest(**fields))  # type: ignore[arg-type]  # the fields are the caller's
    return request


async def test_who_logs_in_has_a_session(desk: PeopleDesk) -> None:
    """With the person, and the environments that exist and the gateway's key holds; the secret is nowhere."""
    await desk.create("ana", role=EDITOR)
    begun = await desk.call(desk.logins.LogIn, pb2.LogInRequest(login="ANA", password=PASSWORD))
    assert len(begun.secret) == 43
    session = await desk.session(begun.secret)
    assert session == begun.session
    assert (session.person.login, session.person.role) == ("ana", EDITOR)
    assert session.person.last_login_at.ToDatetime(datetime.UTC) == desk.now
    assert session.expires_at.ToDatetime(datetime.UTC) == desk.now + LONGEST
    assert list(session.environments) == ["production", "staging"]
    some = replace(GATEWAY, environments=frozenset({"staging", "nowhere"}), everywhere=False)
    assert list((await desk.session(begun.secret, some)).environments) == ["staging"]
    assert begun.secret not in await desk.stored()


async def test_failures_look_alike(desk: PeopleDesk) -> None:
    """Nobody learns from them who there is."""
    await desk.create("ana")
    await desk.update(await desk.create("gone"), disabled=True)
    await desk.call(desk.logins.LogInWithIdentity, identity(login="other"))
    failures = [
        await desk.failure("ana"),
        await desk.failure("nobody", PASSWORD),
        await desk.failure("gone", PASSWORD),
        await desk.failure("other", PASSWORD),
    ]
    assert {(type(each), reason(each), each.message, str(each.metadata)) for each in failures} == {
        (Unauthenticated, "LOGIN_FAILED", "the login or the password is wrong", "{}")
    }


@pytest.mark.parametrize("login", ["ana", "nobody"])
async def test_guessing_is_slowed_down(desk: PeopleDesk, login: str) -> None:
    """Whether there is such a person or not, and however many guess at once; later the right password is let in."""
    await desk.create("ana")
    failures = await asyncio.gather(*[desk.failure(login) for _ in range(10)])
    kinds = [type(each) for each in failures]
    assert (kinds.count(Unauthenticated), kinds.count(Overloaded)) == (5, 5)
    refused = await desk.failure(login, PASSWORD)
    assert isinstance(refused, Overloaded)
    assert refused.retry_seconds == 1
    desk.now += datetime.timedelta(seconds=1)
    if login == "ana":
        await desk.log_in()
        assert reason(await desk.failure()) == "LOGIN_FAILED"


async def test_a_session_ends_by_time(desk: PeopleDesk) -> None:
    """Unused it ends early; used it ends in the end."""
    await desk.create()
    unused, used = await desk.log_in(), await desk.log_in()
    began = desk.now
    while desk.now < began + LONGEST:
        assert not await desk.has_ended(used)
        desk.now += UNUSED * 0.9
    assert await desk.has_ended(used)
    assert await desk.has_ended(unused)
    desk.now = began + UNUSED
    assert await desk.has_ended(unused)
    assert not await desk.has_ended(used)
    desk.now = began + LONGEST
    await desk.log_in()
    assert await desk.sessions() == 1


async def test_a_session_ends_by_logging_out(desk: PeopleDesk) -> None:
    """That one alone; a second time, and a secret that was never one, change nothing."""
    await desk.create()
    mine, other = await desk.log_in(), await desk.log_in()
    for secret in (mine, mine, "", "x" * 9_000, "é\0"):
        await desk.call(desk.logins.LogOut, pb2.LogOutRequest(secret=secret))
    assert await desk.has_ended(mine)
    assert not await desk.has_ended(other)
    for secret in ("", "x" * 9_000, "é\0", "x" * 43):
        assert await desk.has_ended(secret)


async def test_changes_of_a_person_hold_at_once(desk: PeopleDesk) -> None:
    """A role in the sessions that there are; whoever is disabled has none, and gets none back with the permission."""
    ana = await desk.create()
    secret = await desk.log_in()
    await desk.update(ana, role=EDITOR, name="Ana Souza")
    person = (await desk.session(secret)).person
    assert (person.role, person.name) == (EDITOR, "Ana Souza")
    await desk.update(ana, disabled=True)
    assert await desk.has_ended(secret)
    await desk.update(ana, disabled=False)
    assert await desk.has_ended(secret)
    await desk.log_in()


async def test_a_password_that_is_set_ends_all_sessions(desk: PeopleDesk) -> None:
    """And the old one is none any more."""
    ana = await desk.create()
    secret = await desk.log_in()
    await desk.call(desk.people.SetPassword, pb2.SetPasswordRequest(person_id=ana.id, password=OTHER), ADMIN)
    assert await desk.has_ended(secret)
    assert reason(await desk.failure(password=PASSWORD)) == "LOGIN_FAILED"
    await desk.log_in(password=OTHER)


async def test_a_person_changes_the_password(desk: PeopleDesk) -> None:
    """Other sessions end, the person stays logged in with a new one; a wrong old password counts as a failed login."""
    await desk.create()
    mine, other = await desk.log_in(), await desk.log_in()
    change = pb2.ChangePasswordRequest(secret=mine, old_password=PASSWORD, new_password=OTHER)
    begun = await desk.call(desk.logins.ChangePassword, change)
    assert await desk.has_ended(mine)
    assert await desk.has_ended(other)
    assert await desk.session(begun.secret) == begun.session
    await desk.log_in(password=OTHER)
    assert reason(await desk.refused(desk.logins.ChangePassword, change)) == "SESSION_ENDED"
    change.secret = begun.secret
    for _ in range(5):
        assert reason(await desk.refused(desk.logins.ChangePassword, change)) == "LOGIN_FAILED"
    assert isinstance(await desk.refused(desk.logins.ChangePassword, change), Overloaded)
    assert not await desk.has_ended(begun.secret)


async def test_a_login_loses_against_what_happens_meanwhile(desk: PeopleDesk) -> None:
    """A password that was checked and then replaced, or a person disabled since, begins no session."""
    ana = await desk.create()
    entered, go_on = asyncio.Event(), asyncio.Event()
    checked = desk.passwords.verify

    async def slow(password_hash: str | None, password: str) -> bool:
        found = await checked(password_hash, password)
        entered.set()
        await go_on.wait()
        return found

    desk.passwords.verify = slow  # type: ignore[method-assign]  # a moment that no test could hit otherwise
    for meanwhile in ("password", "disabled"):
        entered.clear()
        go_on.clear()
        attempt = asyncio.create_task(desk.failure(password=PASSWORD))
        await entered.wait()
        if meanwhile == "password":
            await desk.call(desk.people.SetPassword, pb2.SetPasswordRequest(person_id=ana.id, password=PASSWORD), ADMIN)
        else:
            await desk.update(ana, disabled=True)
        go_on.set()
        assert reason(await attempt) == "LOGIN_FAILED"
    assert await desk.sessions() == 0


async def test_sessions_of_one_person_are_bounded(desk: PeopleDesk) -> None:
    """The oldest end."""
    await desk.create()
    secrets = []
    for _ in range(22):
        secrets.append(await desk.log_in())
        desk.now += datetime.timedelta(seconds=1)
    assert [await desk.has_ended(secret) for secret in secrets] == [True] * 2 + [False] * 20


async def test_somebody_of_an_identity_provider(desk: PeopleDesk) -> None:
    """Appears at the first login, as a viewer unless it says more; later it changes name, login and role."""
    begun = await desk.call(desk.logins.LogInWithIdentity, identity())
    person = begun.session.person
    assert (person.login, person.name, person.role, person.source) == (
        *("ana", "Ana Souza"),
        *(pb2.PERSON_ROLE_VIEWER, pb2.PERSON_SOURCE_OIDC),
    )
    assert await desk.session(begun.secret) == begun.session
    await desk.update(person, role=EDITOR)
    renamed = await desk.call(desk.logins.LogInWithIdentity, identity(login="ana.lima", name="Ana Lima"))
    assert (renamed.session.person.id, renamed.session.person.login) == (person.id, "ana.lima")
    assert renamed.session.person.role == EDITOR
    promoted = await desk.call(desk.logins.LogInWithIdentity, identity(role=pb2.PERSON_ROLE_ADMIN))
    assert (await desk.session(begun.secret)).person.role == promoted.session.person.role == pb2.PERSON_ROLE_ADMIN
    assert await desk.everybody() == [promoted.session.person]
    error = await desk.refused(
        desk.people.SetPassword, pb2.SetPasswordRequest(person_id=person.id, password=PASSWORD), ADMIN
    )
    assert (type(error), error.metadata) == (StateConflict, {"state": "oidc"})


async def test_an_identity_takes_over_nobody(desk: PeopleDesk) -> None:
    """A login that another person has is refused, at the first login and later; so is whoever is disabled."""
    await desk.create("ana")
    error = await desk.refused(desk.logins.LogInWithIdentity, identity(login="ANA"))
    assert type(error) is AlreadyExists
    begun = await desk.call(desk.logins.LogInWithIdentity, identity(login="bia"))
    assert type(await desk.refused(desk.logins.LogInWithIdentity, identity())) is AlreadyExists
    same_subject = await desk.call(desk.logins.LogInWithIdentity, identity(issuer="https://b.example", login="rui"))
    assert same_subject.session.person.id != begun.session.person.id
    await desk.update(begun.session.person, disabled=True)
    error = await desk.refused(desk.logins.LogInWithIdentity, identity(login="bia"))
    assert reason(error) == "LOGIN_FAILED"
    assert await desk.has_ended(begun.secret)


async def test_first_logins_at_once_make_one_person(desk: PeopleDesk) -> None:
    """Both have sessions."""
    begun = await asyncio.gather(*[desk.call(desk.logins.LogInWithIdentity, identity()) for _ in range(4)])
    assert len({each.session.person.id for each in begun}) == len(await desk.everybody()) == 1
    assert await desk.sessions() == 4


async def test_outdated_hashes_are_replaced(desk: PeopleDesk) -> None:
    """At the next login, which ends no session."""
    await desk.create()
    before = await desk.log_in()
    old = (await desk.store.people.credentials("ana"),)
    stronger = replace(CHEAPEST, time_cost=CHEAPEST.time_cost + 1)
    async with open_passwords(stronger) as passwords:
        later = PeopleDesk(desk.store, passwords, desk.database_url)
        await later.log_in()
        found = await desk.store.people.credentials("ana")
        assert found is not None
        assert found.password_hash is not None
        assert found != old[0]
        assert not PasswordHasher.from_parameters(stronger).check_needs_rehash(found.password_hash)
        await later.log_in()
    assert not await desk.has_ended(before)
