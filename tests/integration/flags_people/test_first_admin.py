"""The person whom the first start creates."""

import asyncio
import stat
from pathlib import Path

import pytest

from services.flags.people.first_admin import PASSWORD_FILE, ensure_first_admin
from services.flags.private_file import PrivateFileError
from tests.support.people_desk import PeopleDesk


async def test_the_first_start_makes_an_admin(
    desk: PeopleDesk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One of all replicas that start at once; the password is in the file alone, which is its owner's, and works."""
    home = tmp_path / "home"
    await asyncio.gather(*[ensure_first_admin(desk.store.access, desk.passwords, home) for _ in range(3)])
    file = home / PASSWORD_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    password = file.read_text().strip()
    [person] = await desk.everybody()
    assert (person.login, person.created_by) == ("admin", "mirante")
    assert (await desk.session(await desk.log_in("admin", password))).person.id == person.id
    assert password not in caplog.text
    assert password not in await desk.stored()


async def test_later_starts_leave_people_alone(desk: PeopleDesk, tmp_path: Path) -> None:
    """Also where somebody else was made first."""
    ana = await desk.create()
    await ensure_first_admin(desk.store.access, desk.passwords, tmp_path)
    assert await desk.everybody() == [ana]
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_cannot_be_written_leaves_nobody(desk: PeopleDesk, tmp_path: Path) -> None:
    """Nobody would know the password."""
    (tmp_path / "file").write_text("")
    with pytest.raises(PrivateFileError):
        await ensure_first_admin(desk.store.access, desk.passwords, tmp_path / "file")
    assert await desk.everybody() == []
