"""Letting calls in."""

import pytest

from services.runtime.access import Caller, Role
from services.runtime.calls.authentication import Entrance, Roles
from services.runtime.errors import PermissionDenied

METHOD = "/mirante.test.Service/Method"


class OneKey:
    """Knows one key, whatever it is sent."""

    def __init__(self, role: Role) -> None:
        self.caller = Caller("key-1", "the key", role, frozenset({"production"}))

    def authenticate(self, authorization: str | None) -> Caller:
        """See `Authenticator`."""
        assert authorization == "Bearer secret"
        return self.caller


SERVICES = {METHOD: {Role.SERVER, Role.INTERNAL}}
EVERYBODY = {METHOD: set(Role)}


def admitted(role: Role, method: str = METHOD, allowed: Roles = SERVICES, **headers: str | bytes) -> Caller:
    """Who is let in, with a key of this role."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    entrance = Entrance(OneKey(role), allowed)
    return entrance.of(method)({"authorization": "Bearer secret", **names})


def test_an_allowed_role_is_let_in() -> None:
    """The caller is that of the key."""
    assert admitted(Role.SERVER).actor == "the key"


def test_another_role_is_denied_with_those_that_are_needed() -> None:
    """The refusal tells what would be."""
    with pytest.raises(PermissionDenied) as denied:
        admitted(Role.READER)
    assert denied.value.metadata == {"role": "reader", "needed": "internal, server"}


def test_a_method_that_the_table_does_not_name_is_denied() -> None:
    """Nobody may call what was forgotten."""
    with pytest.raises(PermissionDenied):
        admitted(Role.ADMIN, "/mirante.test.Service/Forgotten")


@pytest.mark.parametrize(("sent", "role"), [("viewer", Role.READER), ("editor", Role.EDITOR), ("admin", Role.ADMIN)])
def test_an_internal_key_acts_for_a_person(sent: str, role: Role) -> None:
    """It has that person's name, which travels percent-encoded, and role; the key and its environments stay."""
    allowed = {METHOD: {role}}
    caller = admitted(Role.INTERNAL, allowed=allowed, x_mirante_actor="Jo%C3%A3o%20Silva", x_mirante_actor_role=sent)
    assert caller == Caller("key-1", "João Silva", role, frozenset({"production"}))


@pytest.mark.parametrize("sent", ["viewer", "editor", "admin"])
def test_whoever_acts_for_a_person_may_no_more_than_that_person(sent: str) -> None:
    """What only the key itself may do is denied."""
    with pytest.raises(PermissionDenied) as denied:
        admitted(Role.INTERNAL, allowed={METHOD: {Role.INTERNAL}}, x_mirante_actor="ana", x_mirante_actor_role=sent)
    assert denied.value.metadata["needed"] == "internal"


def test_another_key_cannot_act_for_a_person() -> None:
    """From any other key both headers are ignored."""
    assert admitted(Role.SERVER, x_mirante_actor="Chefe", x_mirante_actor_role="admin") == admitted(Role.SERVER)


@pytest.mark.parametrize("role", ["", "owner", "Admin", "internal", "admin, viewer", b"admin", None])
def test_an_unknown_role_is_refused(role: str | bytes | None) -> None:
    """So is none: a key that acts for somebody never falls back to what it may itself."""
    headers: dict[str, str | bytes] = {} if role is None else {"x_mirante_actor_role": role}
    with pytest.raises(PermissionDenied, match="x-mirante-actor-role: must be viewer, editor or admin"):
        admitted(Role.INTERNAL, METHOD, EVERYBODY, x_mirante_actor="ana", **headers)


@pytest.mark.parametrize("name", ["", "%00", "%20", None])
def test_a_role_without_a_person_is_refused(name: str | None) -> None:
    """The audit would not know who it was."""
    headers: dict[str, str | bytes] = {} if name is None else {"x_mirante_actor": name}
    with pytest.raises(PermissionDenied, match="x-mirante-actor: is required"):
        admitted(Role.INTERNAL, METHOD, EVERYBODY, x_mirante_actor_role="admin", **headers)


@pytest.mark.parametrize(("sent", "actor"), [("a%00%0Ab", "ab"), ("%FF" * 3, "\ufffd" * 3), ("x" * 999, "x" * 200)])
def test_a_strange_name_is_made_harmless(sent: str, actor: str) -> None:
    """Names are printable and bounded."""
    allowed = {METHOD: {Role.READER}}
    caller = admitted(Role.INTERNAL, allowed=allowed, x_mirante_actor=sent, x_mirante_actor_role="viewer")
    assert caller.actor == actor
