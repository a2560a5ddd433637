"""What the first start of a demo creates, and what later ones leave."""

import asyncio
import hashlib
import json
import stat
from pathlib import Path

import pytest

from services.flags.bootstrap import ensure_environment_and_keys
from services.flags.private_file import PrivateFileError
from services.flags.store.postgres import Store, open_store
from services.runtime.access import Role
from services.runtime.keys.keys_file import KEYS_FILE
from tests.support.datastores import ServerHandle, fresh_database
from tests.support.flag_store import migrated_store

ROLES = {"server", "admin", "browser", "reader", "editor", "internal"}


async def opened_by(store: Store, home: Path) -> dict[str, tuple[Role, tuple[str, ...]]]:
    """Return what each key of the file opens in this database, by role; those that open nothing are left out."""
    keys = {key.secret_hash: key for key in await store.rules.api_keys() if key.revoked_at is None}
    secrets = json.loads((home / KEYS_FILE).read_text())
    found = {role: keys.get(hashlib.sha256(secret.encode()).digest()) for role, secret in secrets.items()}
    return {role: (key.role, key.environments) for role, key in found.items() if key}


def expected() -> dict[str, tuple[Role, tuple[str, ...]]]:
    """Return what the keys of a demo open."""
    return {role: (Role(role), ("*",) if role in {"admin", "internal"} else ("production",)) for role in ROLES}


async def test_the_first_start_creates_environments_and_keys(database_url: str, tmp_path: Path) -> None:
    """The file is readable by its owner only, and holds a key of each role."""
    home = tmp_path / "home"
    async with migrated_store(database_url) as store:
        await ensure_environment_and_keys(store.access, "production", home, others=("staging",))
        assert await opened_by(store, home) == expected()
        assert [head.key for head in await store.rules.heads()] == ["production", "staging"]
    assert stat.S_IMODE((home / KEYS_FILE).stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == [KEYS_FILE]


async def test_a_second_start_leaves_everything(database_url: str, tmp_path: Path) -> None:
    """Keys that work are not made anew."""
    async with migrated_store(database_url) as store:
        await ensure_environment_and_keys(store.access, "production", tmp_path)
        before = (tmp_path / KEYS_FILE).read_text()
        await ensure_environment_and_keys(store.access, "production", tmp_path)
        assert (tmp_path / KEYS_FILE).read_text() == before
        assert len(await store.rules.api_keys()) == len(ROLES)


async def test_replicas_that_start_at_once_make_one_set_of_keys(database_url: str, tmp_path: Path) -> None:
    """The one that comes second finds the keys of the first."""
    async with migrated_store(database_url) as store, open_store(database_url) as other:
        await asyncio.gather(
            *[ensure_environment_and_keys(each.access, "production", tmp_path) for each in (store, other, store, other)]
        )
        assert len(await store.rules.api_keys()) == len(ROLES)
        assert await opened_by(store, tmp_path) == expected()


async def test_keys_of_another_database_are_replaced(postgres_server: ServerHandle, tmp_path: Path) -> None:
    """When the data is gone and the file is not, the next start repairs it."""
    for _ in range(2):
        async with fresh_database(postgres_server) as url, migrated_store(url) as store:
            await ensure_environment_and_keys(store.access, "production", tmp_path)
            assert await opened_by(store, tmp_path) == expected()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"admin": 3}', "\0"])
async def test_a_damaged_file_is_replaced(database_url: str, tmp_path: Path, damage: str) -> None:
    """Whatever it holds."""
    (tmp_path / KEYS_FILE).write_text(damage)
    async with migrated_store(database_url) as store:
        await ensure_environment_and_keys(store.access, "production", tmp_path)
        assert await opened_by(store, tmp_path) == expected()


async def test_only_what_does_not_work_is_replaced(database_url: str, tmp_path: Path) -> None:
    """A revoked key gets a successor, the others stay."""
    async with migrated_store(database_url) as store:
        await ensure_environment_and_keys(store.access, "production", tmp_path)
        before = json.loads((tmp_path / KEYS_FILE).read_text())
        browser = next(key for key in await store.rules.api_keys() if key.role is Role.BROWSER)
        await store.access.revoke_key(browser.id, actor="tests")
        await ensure_environment_and_keys(store.access, "production", tmp_path)
        after = json.loads((tmp_path / KEYS_FILE).read_text())
        assert {role for role in ROLES if after[role] != before[role]} == {"browser"}
        assert await opened_by(store, tmp_path) == expected()


async def test_a_file_that_cannot_be_written_leaves_no_keys(database_url: str, tmp_path: Path) -> None:
    """The database does not keep keys that nobody can know."""
    (tmp_path / "file").write_text("")
    async with migrated_store(database_url) as store:
        with pytest.raises(PrivateFileError):
            await ensure_environment_and_keys(store.access, "production", tmp_path / "file")
        assert await store.rules.api_keys() == []
        assert await store.rules.heads() == []
