"""Letting calls in."""

import pytest

from services.runtime.access import Caller, Role
from services.runtime.calls.authentication import Entrance
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


def admitted(role: Role, method: str = METHOD, **headers: str | bytes) -> Caller:
    """Who is let in, with a key of this role."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    entrance = Entrance(OneKey(role), {METHOD: {Role.SERVER, Role.INTERNAL}})
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


def test_an_internal_key_acts_for_a_person() -> None:
    """The person's name travels percent-encoded."""
    assert admitted(Role.INTERNAL, x_mirante_actor="Jo%C3%A3o%20Silva").actor == "João Silva"


def test_another_key_cannot_act_for_a_person() -> None:
    """From any other key the name is ignored."""
    assert admitted(Role.SERVER, x_mirante_actor="Chefe").actor == "the key"


@pytest.mark.parametrize(
    ("sent", "actor"), [("", "the key"), ("a%00%0Ab", "ab"), ("%FF" * 3, "\ufffd" * 3), ("x" * 999, "x" * 200)]
)
def test_a_strange_name_is_made_harmless(sent: str, actor: str) -> None:
    """Names are printable and bounded; an empty one does not count."""
    assert admitted(Role.INTERNAL, x_mirante_actor=sent).actor == actor
