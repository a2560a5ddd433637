"""Makes the data folder of a server, and says how the server's account names it."""

import os
import shutil
import sys
from pathlib import Path

from services.runtime.embedded.account import Account, can_reach
from services.runtime.embedded.child import run_to_end
from services.runtime.embedded.engine import Engine
from services.runtime.embedded.errors import HomeUnusable, ServerDidNotStart
from services.runtime.embedded.home import Workspace, write_private

WORKING_FOLDER = "/proc/self/cwd"
"""Linux: names the working folder of whoever asks, without walking its parents."""


def path_for(engine: Engine, account: Account | None, data: Path) -> str:
    """
    Return the path by which a server of this account reaches its data.

    Below a parent that the account cannot enter, such as `/root`, that is the working folder, which root enters
    before it becomes that account: the data stays in the home folder and nobody's permissions change.

    Raises:
        HomeUnusable: there is no such path on this system or for this server.
    """
    if can_reach(account, data):
        return str(data)
    if sys.platform == "linux" and not engine.walks_to_its_data:
        return WORKING_FOLDER
    raise HomeUnusable(
        f"{data} lies below a folder that the unprivileged account of the servers cannot enter: choose another folder "
        "with MIRANTE_HOME, or do not run as root, or set DATABASE_URL and REDIS_URL to use running servers"
    )


async def create_data(engine: Engine, workspace: Workspace, account: Account | None, password: str) -> None:
    """
    Make the data folder if there is none; it appears complete or not at all.

    Raises:
        ServerDidNotStart: the engine could not create its data; the message holds its output.
    """
    if workspace.data.exists():
        return
    unfinished = workspace.remove_unfinished()
    unfinished.mkdir(mode=0o700)
    if account is not None:
        os.chown(unfinished, account.uid, account.gid)
    if engine.create_command is not None:
        await _fill(engine, workspace, account, unfinished, password)
    unfinished.rename(workspace.data)


async def _fill(engine: Engine, workspace: Workspace, account: Account | None, unfinished: Path, password: str) -> None:
    if engine.create_command is None:
        return
    secret = workspace.folder / "password.once"
    write_private(secret, password)
    if account is not None:
        os.chown(secret, account.uid, account.gid)
    try:
        # Relative to the working folder: the absolute path may lead through folders that the account cannot enter.
        arguments = engine.create_command(path_for(engine, account, unfinished), f"../{secret.name}")
        command = [str(engine.installation.binary(engine.create_executable)), *arguments]
        code, output = await run_to_end(command, folder=unfinished, account=account)
    finally:
        secret.unlink(missing_ok=True)
    if code != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise ServerDidNotStart(
            f"{engine.create_executable} could not create {workspace.data} (exit code {code}): {output[-2000:].strip()}"
        )
