"""What may be a login."""

import pytest

from services.flags.people.texts import normal_login
from services.runtime.errors import InvalidRequest


@pytest.mark.parametrize(
    ("login", "normal"),
    [
        ("Ana@Vendas.example", "ana@vendas.example"),
        ("joão", "joão"),
        ("joa\u0303o", "joão"),
        ("\uff21na", "ana"),
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
    ],
)
def test_one_spelling_stands_for_all(login: str, normal: str) -> None:
    """Case and composition of characters do not make another person; the normal form is its own."""
    assert normal_login(login) == normal
    assert normal_login(normal) == normal


@pytest.mark.parametrize(
    "login", ["", " ", "a b", " ana", "ana\u3000", "a\nb", "a\u200bb", "a\u202eb", "x" * 201, "\ufdfa" * 100]
)
def test_what_is_no_login(login: str) -> None:
    """Nothing invisible, nothing too long in either form; the refusal does not repeat it."""
    with pytest.raises(InvalidRequest) as refused:
        normal_login(login)
    assert [each.field for each in refused.value.violations] == ["login"]
