"""Keys and the first admin whose secrets come from outside."""

import asyncio
import json
from pathlib import Path

import pytest

from services.flags.bootstrap import ensure_environment_and_keys
from services.flags.given_keys import ensure_given
from services.runtime.access import Role
from services.runtime.keys import secret_hash
from services.runtime.keys.keys_file import KEYS_FILE
from services.runtime.settings import SettingsError
from tests.support.people_desk import PeopleDesk

GIVEN = {"internal": "i" * 43, "server": "s" * 43, "admin_password": "a password of its own"}


def give(folder: Path, **files: str) -> Path:
    """Write files as a mounted Secret has them, a note of somebody else's beside them."""
    for name, text in {**files, "README": "not a key"}.items():
        (folder / name).write_text(f"{text}\n")
    return folder


async def test_what_is_given_works_and_is_made_once(desk: PeopleDesk, tmp_path: Path) -> None:
    """Replicas that start at once agree: one key each, one person, and a second start changes nothing."""
    folder = give(tmp_path, **GIVEN)
    access = desk.store.access
    before = {key.id for key in await access.api_keys()}
    await asyncio.gather(*[ensure_given(access, desk.passwords, "production", folder) for _ in range(3)])
    made = {key.secret_hash: key for key in await access.api_keys() if key.id not in before}
    internal, server = made[secret_hash(GIVEN["internal"])], made[secret_hash(GIVEN["server"])]
    assert len(made) == 2
    assert (internal.role, internal.environments) == (Role.INTERNAL, ("*",))
    assert (server.role, server.environments) == (Role.SERVER, ("production",))
    [person] = await desk.everybody()
    assert (await desk.session(await desk.log_in("admin", GIVEN["admin_password"]))).person.id == person.id


async def test_a_key_that_was_revoked_stays_so(desk: PeopleDesk, tmp_path: Path) -> None:
    """A start does not undo what an administrator did."""
    folder, access = give(tmp_path, server="s" * 43), desk.store.access
    await ensure_given(access, desk.passwords, "production", folder)
    [key] = [key for key in await access.api_keys() if key.secret_hash == secret_hash("s" * 43)]
    await access.revoke_key(key.id, actor="tests")
    await ensure_given(access, desk.passwords, "production", folder)
    [still] = [key for key in await access.api_keys() if key.secret_hash == secret_hash("s" * 43)]
    assert still.revoked_at is not None


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"internal": "i" * 43, "server": "too short"}, "server: a key has at least 32"),
        ({"internal": "i" * 43, "admin_password": "short"}, "admin_password: a password has at least 12"),
        ({"internal": "ç" * 43}, "internal: cannot be read"),
    ],
)
async def test_what_is_no_secret_is_refused(
    desk: PeopleDesk, tmp_path: Path, files: dict[str, str], complaint: str
) -> None:
    """By the name of the file, without what is in it, and before anything is made."""
    before = list(await desk.store.access.api_keys())
    with pytest.raises(SettingsError, match=complaint) as refused:
        await ensure_given(desk.store.access, desk.passwords, "production", give(tmp_path, **files))
    assert not any(text in str(refused.value) for text in files.values())
    assert list(await desk.store.access.api_keys()) == before


async def test_a_demo_finds_what_was_given(desk: PeopleDesk, tmp_path: Path) -> None:
    """Where its file of keys holds the same secrets, it makes none of its own, and need not write."""
    secrets = {role.value: role.value.ljust(43, "x") for role in Role}
    access, home = desk.store.access, tmp_path / "home"
    home.mkdir()
    (tmp_path / "given").mkdir()
    (home / KEYS_FILE).write_text(json.dumps(secrets))
    await ensure_given(access, desk.passwords, "production", give(tmp_path / "given", **secrets))
    before = list(await access.api_keys())
    written = (home / KEYS_FILE).stat()
    await ensure_environment_and_keys(access, "production", home)
    assert list(await access.api_keys()) == before
    assert (home / KEYS_FILE).stat() == written


async def test_a_folder_that_is_none(desk: PeopleDesk, tmp_path: Path) -> None:
    """A mount that failed is noticed."""
    with pytest.raises(SettingsError, match="is no folder"):
        await ensure_given(desk.store.access, desk.passwords, "production", tmp_path / "nowhere")
