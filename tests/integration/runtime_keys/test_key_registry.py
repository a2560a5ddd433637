"""What is known of the keys, whatever the flag service does: asked over a real socket, with a memory of our own."""

from collections.abc import AsyncIterator

import grpc.aio
import pytest
from mirante.api.flags.v1 import key_registry_service_pb2 as pb2

from services.runtime.access import Role
from services.runtime.errors import NotFound, ServiceError, Unavailable
from services.runtime.keys import secret_hash
from services.runtime.keys.keyring import KeyRing
from services.runtime.keys.registry import KeyRegistry, RegisteredKey
from tests.support.fake_key_registry import INTERNAL_KEY, FakeKeyRegistry, fake_key_registry


class Memory:
    """A `KeyMemory` that may be away."""

    def __init__(self) -> None:
        self.response: bytes | None = None
        self.saved = 0
        self.is_away = False

    async def load(self) -> bytes | None:
        """See `KeyMemory`."""
        self._answer()
        return self.response

    async def save(self, response: bytes) -> None:
        """See `KeyMemory`."""
        self._answer()
        self.response = response
        self.saved += 1

    def _answer(self) -> None:
        if self.is_away:
            raise Unavailable("away")


class Asking:
    """A registry as the service has it, with its ring of keys."""

    def __init__(self, flags: FakeKeyRegistry, memory: Memory, secret: str = INTERNAL_KEY) -> None:
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.initial_reconnect_backoff_ms", 50)]
        self.channel = grpc.aio.insecure_channel(flags.address, options=options)
        self.registry = KeyRegistry(self.channel, secret, memory)
        self.revoked: list[str] = []
        self.ring = KeyRing(self.registry, self.revoked.append)

    def lets_in(self, secret: str) -> bool:
        """Whether a key opens anything."""
        try:
            self.ring.authenticate(f"Bearer {secret}")
        except ServiceError:
            return False
        return True

    async def environments(self, secret: str) -> set[str]:
        """The environments that a key opens."""
        [key] = [each for each in await self.registry.api_keys() if each.secret_hash == secret_hash(secret)]
        return set(key.environments)


@pytest.fixture
async def flags() -> AsyncIterator[FakeKeyRegistry]:
    """A flag service."""
    async with fake_key_registry() as found:
        yield found


@pytest.fixture
def memory() -> Memory:
    """An empty memory."""
    return Memory()


@pytest.fixture
async def asking(flags: FakeKeyRegistry, memory: Memory) -> AsyncIterator[Asking]:
    """A service that has asked nothing yet."""
    found = Asking(flags, memory)
    yield found
    await found.channel.close()


async def test_keys_are_those_of_the_flag_service(flags: FakeKeyRegistry, asking: Asking) -> None:
    """With everything about them; they are read again only when they have changed."""
    flags.add("small", "reader", "staging", quota=7)
    flags.revoke("secret of browser")
    version = await asking.registry.api_keys_version()
    assert await asking.registry.api_keys_version() == version
    assert flags.asked == [0, flags.version]
    keys = {key.secret_hash: key for key in await asking.registry.api_keys()}
    assert set(keys) == {secret_hash(secret) for secret in flags.keys}
    small = keys[secret_hash("small")]
    assert small == RegisteredKey(
        flags.keys["small"].api_key.id, "name of reader", Role.READER, ("staging",), 7, secret_hash("small"), None
    )
    assert keys[secret_hash("secret of browser")].revoked_at is not None


async def test_new_keys_are_let_in_and_revoked_ones_are_not(flags: FakeKeyRegistry, asking: Asking) -> None:
    """As of the next refresh, which tells whose streams have to be closed."""
    await asking.ring.refresh()
    assert not asking.lets_in("new")
    flags.add("new")
    await asking.ring.refresh()
    assert asking.lets_in("new")
    flags.revoke("new")
    await asking.ring.refresh()
    assert not asking.lets_in("new")
    assert asking.revoked == [flags.keys["new"].api_key.id]


async def test_a_key_for_all_opens_those_that_exist(flags: FakeKeyRegistry, asking: Asking) -> None:
    """A new environment too, although no key has changed; another key's environments stay as they are."""
    await asking.ring.refresh()
    assert await asking.environments("secret for all") == {"production", "staging"}
    flags.environments.append("new")
    await asking.ring.refresh()
    assert (
        await asking.environments("secret for all") == asking.registry.environments == {"production", "staging", "new"}
    )
    assert await asking.environments("secret of admin") == {"production"}
    everywhere = asking.ring.authenticate("Bearer secret for all")
    assert everywhere.environment("new") == "new"
    with pytest.raises(NotFound):
        everywhere.environment("nowhere")
    assert asking.revoked == []


async def test_browser_access_comes_with_the_keys(flags: FakeKeyRegistry, memory: Memory, asking: Asking) -> None:
    """It stays when only the environments change, and is remembered for an outage."""
    flags.allow("production", "https://app.example")
    await asking.ring.refresh()
    flags.environments.append("new")
    await asking.ring.refresh()
    assert [list(each.origins) for each in asking.registry.browser_access] == [["https://app.example"]]
    await flags.stop()
    later = Asking(flags, memory)
    await later.ring.refresh()
    assert later.registry.browser_access == asking.registry.browser_access
    await later.channel.close()


async def test_an_outage_changes_nothing(
    flags: FakeKeyRegistry, asking: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    """However the flag service fails; the last keys stand, it is said once, and what happened meanwhile comes later."""
    await asking.ring.refresh()
    flags.add("meanwhile")
    flags.revoke("secret of server")
    for failure in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAUTHENTICATED):
        flags.failure = failure
        await asking.ring.refresh()
    await flags.stop()
    await asking.ring.refresh()
    assert asking.lets_in("secret of server")
    assert not asking.lets_in("meanwhile")
    assert [record.getMessage() for record in caplog.records] == [
        "the flag service does not tell the keys: going on with the last ones"
    ]
    assert INTERNAL_KEY not in str([vars(record) for record in caplog.records])
    flags.failure = None
    await flags.start()
    while asking.lets_in("secret of server"):
        await asking.ring.refresh()
    assert asking.lets_in("meanwhile")


async def test_a_start_without_the_flag_service_goes_by_memory(
    flags: FakeKeyRegistry, asking: Asking, memory: Memory
) -> None:
    """An earlier process has kept the keys, each answer that brought something new; then the truth counts again."""
    await asking.ring.refresh()
    await asking.ring.refresh()
    assert memory.saved == 1
    flags.environments.append("new")
    await asking.ring.refresh()
    assert memory.saved == 2
    assert memory.response is not None
    kept = pb2.GetKeysResponse.FromString(memory.response)
    assert (len(kept.keys), list(kept.environments)) == (len(flags.keys), flags.environments)

    flags.failure = grpc.StatusCode.UNAVAILABLE
    later = Asking(flags, memory)
    await later.ring.refresh()
    assert later.lets_in("secret of server")
    assert await later.environments("secret for all") == {"production", "staging", "new"}
    flags.failure = None
    flags.revoke("secret of server")
    await later.ring.refresh()
    assert not later.lets_in("secret of server")
    await later.channel.close()


async def test_without_keys_and_memory_nobody_is_let_in(flags: FakeKeyRegistry, asking: Asking) -> None:
    """It is our fault, not the caller's, and heals by itself."""
    flags.failure = grpc.StatusCode.UNAVAILABLE
    with pytest.raises(Unavailable):
        await asking.ring.refresh()
    with pytest.raises(Unavailable) as caught:
        asking.ring.authenticate("Bearer secret of server")
    assert "starting" in caught.value.message
    flags.failure = None
    await asking.ring.refresh()
    assert asking.lets_in("secret of server")


async def test_what_cannot_be_remembered_counts_and_is_saved_later(
    flags: FakeKeyRegistry, asking: Asking, memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk keeps no revoked key valid; it is said once, and no later restart brings the key back."""
    await asking.ring.refresh()
    memory.is_away = True
    flags.revoke("secret of server")
    for _ in range(3):
        await asking.ring.refresh()
    assert not asking.lets_in("secret of server")
    assert [each.message for each in caplog.records].count("the keys cannot be remembered: trying again") == 1
    memory.is_away = False
    await asking.ring.refresh()
    await flags.stop()
    later = Asking(flags, memory)
    await later.ring.refresh()
    assert later.lets_in("secret of reader")
    assert not later.lets_in("secret of server")
    await later.channel.close()


async def test_a_role_of_a_newer_flag_service_opens_nothing(flags: FakeKeyRegistry, asking: Asking) -> None:
    """The other keys are not in its way."""
    flags.add("newer")
    flags.keys["newer"].api_key.role = 99  # type: ignore[assignment]  # not of this version
    await asking.ring.refresh()
    assert not asking.lets_in("newer")
    assert asking.lets_in("secret of server")


async def test_a_wrong_key_of_our_own_is_told(
    flags: FakeKeyRegistry, memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    """In the log, without the key."""
    wrong = Asking(flags, memory, secret="hush-hush")
    with pytest.raises(Unavailable):
        await wrong.ring.refresh()
    [record] = caplog.records
    assert record.code == "PERMISSION_DENIED"  # type: ignore[attr-defined]  # set by the logger's caller
    assert "hush-hush" not in str(vars(record))
    await wrong.channel.close()
