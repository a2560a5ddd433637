"""API keys in memory."""

import pytest
from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.access import Role
from services.runtime.errors import Unauthenticated, Unavailable
from services.runtime.keys.keyring import KeyRing
from tests.support.memory_rules import MemoryRules


@pytest.fixture
def rules() -> MemoryRules:
    """A database with one key, whose secret is "hush"."""
    rules = MemoryRules()
    rules.add_key("hush", Role.SERVER, "production", "staging", key_id="key-1")
    return rules


async def ring_of(rules: MemoryRules, revoked: list[str] | None = None) -> KeyRing:
    """A ring that has read the keys."""
    ring = KeyRing(rules, (revoked if revoked is not None else []).append)
    await ring.refresh()
    return ring


@pytest.mark.parametrize("header", ["Bearer hush", "bearer hush", "BEARER  hush "])
async def test_a_key_opens_what_it_holds(rules: MemoryRules, header: str) -> None:
    """The scheme's case does not matter; a second call is let in as the first was."""
    ring = await ring_of(rules)
    for _ in range(2):
        caller = ring.authenticate(header)
        assert (caller.key_id, caller.role, caller.environments) == (
            "key-1",
            Role.SERVER,
            frozenset({"production", "staging"}),
        )


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic hush", "hush", "Bearer " + "x" * 600])
async def test_a_malformed_header_says_what_is_wanted(rules: MemoryRules, header: str | None) -> None:
    """The message never repeats what was sent."""
    with pytest.raises(Unauthenticated, match="Bearer KEY") as refused:
        (await ring_of(rules)).authenticate(header)
    assert refused.value.reason == reasons.ERROR_REASON_UNKNOWN_KEY
    assert "hush" not in refused.value.message


async def test_an_unknown_key_is_refused(rules: MemoryRules) -> None:
    """Without a word about which keys there are."""
    with pytest.raises(Unauthenticated) as refused:
        (await ring_of(rules)).authenticate("Bearer wrong")
    assert refused.value.reason == reasons.ERROR_REASON_UNKNOWN_KEY


async def test_a_revoked_key_is_refused_from_the_next_refresh_on(rules: MemoryRules) -> None:
    """Whoever was let in before is told apart from strangers, and its streams are closed."""
    revoked: list[str] = []
    ring = await ring_of(rules, revoked)
    ring.authenticate("Bearer hush")
    rules.revoke(rules.keys[0])
    await ring.refresh()
    assert revoked == ["key-1"]
    with pytest.raises(Unauthenticated) as refused:
        ring.authenticate("Bearer hush")
    assert refused.value.reason == reasons.ERROR_REASON_REVOKED_KEY


async def test_a_key_that_a_restore_took_away_is_gone(rules: MemoryRules) -> None:
    """Its streams are closed too."""
    revoked: list[str] = []
    ring = await ring_of(rules, revoked)
    rules.keys.clear()
    rules.keys_version -= 1
    await ring.refresh()
    assert revoked == ["key-1"]


async def test_unchanged_keys_are_not_read_again(rules: MemoryRules) -> None:
    """The version is all that a refresh asks for."""
    ring = await ring_of(rules)
    rules.reads.clear()
    await ring.refresh()
    assert rules.reads == ["keys version"]


async def test_keys_hold_while_the_database_is_away(rules: MemoryRules) -> None:
    """What is known goes on being known."""
    ring = await ring_of(rules)
    rules.away = True
    with pytest.raises(Unavailable):
        await ring.refresh()
    assert ring.authenticate("Bearer hush").key_id == "key-1"


async def test_before_the_first_refresh_nobody_is_a_stranger(rules: MemoryRules) -> None:
    """The service says that it is starting, instead of turning good keys away."""
    with pytest.raises(Unavailable):
        KeyRing(rules, lambda _key: None).authenticate("Bearer hush")
