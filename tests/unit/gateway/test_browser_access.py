"""What the flag service tells of browsers."""

import logging
from dataclasses import dataclass, field

import pytest
from mirante.api.flags.v1 import access_admin_service_pb2 as pb2

from services.gateway.access.browser_access import FollowedBrowserAccess, browser_access_of
from tests.support.gateway_tokens import ORIGIN, backend, p256_pem


def told(environment: str, *origins: str, keys: tuple[str, ...] = ()) -> pb2.BrowserAccess:
    """Return what is told of an environment."""
    token_keys = [pb2.TokenKey(**backend(each, p256_pem() if each == "p256" else None).jwk()) for each in keys]
    return pb2.BrowserAccess(environment=environment, origins=origins, token_keys=token_keys)


@dataclass
class Registry:
    """What the flag service has told, and how often."""

    browser_access: list[pb2.BrowserAccess] = field(default_factory=list)
    changes: int = 0

    def tell(self, *access: pb2.BrowserAccess) -> None:
        """Tell something else."""
        self.browser_access, self.changes = list(access), self.changes + 1


def test_environments_have_their_own() -> None:
    """What is not named has nothing; each key has the one algorithm of its kind."""
    access = browser_access_of([told("production", ORIGIN, keys=("ed", "p256")), told("staging", "https://b.example")])
    assert access.origins == {ORIGIN, "https://b.example"}
    keys = access.of("production").keys
    assert {key_id: key.algorithm for key_id, key in keys.items()} == {"ed": "EdDSA", "p256": "ES256"}
    assert access.of("staging").origins == {"https://b.example"}
    assert not access.of("staging").keys
    assert not access.of("nowhere").origins


def test_a_key_that_is_not_understood_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """The flag service may be newer; the other keys and the origins hold, and the log names the key."""
    access = told("production", ORIGIN, keys=("good",))
    access.token_keys.add(kid="newer", kty="AKP", x="AAAA")
    access.token_keys.add(kid="broken", kty="OKP", crv="Ed25519", x="AA")
    with caplog.at_level(logging.WARNING):
        found = browser_access_of([access]).of("production")
    assert set(found.keys) == {"good"}
    assert found.origins == {ORIGIN}
    assert [vars(record)["kid"] for record in caplog.records] == ["newer", "broken"]


def test_a_change_is_followed() -> None:
    """Keys are read once for each; before the first word there is nothing."""
    registry = Registry()
    followed = FollowedBrowserAccess(registry)
    assert not followed.current().origins
    registry.tell(told("production", ORIGIN))
    first = followed.current()
    assert first.origins == {ORIGIN}
    assert followed.current() is first
    registry.tell()
    assert not followed.current().origins
