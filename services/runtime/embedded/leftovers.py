"""
Ends what an earlier run of the same home left behind.

Only called while the home is held, so whatever still uses its data is an orphan: its supervisor is dead.
"""

import asyncio
import contextlib
import os
import signal

from services.runtime.embedded.engine import Engine
from services.runtime.embedded.errors import HomeUnusable
from services.runtime.embedded.home import Workspace
from services.runtime.embedded.processes import birthmark, running_in

_POLL_S = 0.01
_KILL_WITHIN_S = 30.0


async def end_leftovers(engine: Engine, workspace: Workspace) -> list[int]:
    """
    Stop the recorded server in an orderly way, then kill whatever else still works in the data folder.

    Returns:
        The pids that were ended; empty after a clean stop.

    Raises:
        HomeUnusable: a process could not be ended.
    """
    ended: list[int] = []
    leader = workspace.remembered()
    if leader is not None and birthmark(leader.pid) == leader.birthmark:
        ended.append(leader.pid)
        _signal(leader.pid, engine.stop_signal)
        if not await _gone(leader.pid, leader.birthmark, engine.stop_within_s):
            _signal(leader.pid, signal.SIGKILL)
            await _gone(leader.pid, leader.birthmark, _KILL_WITHIN_S)
    # A killed postmaster's children end by themselves once they notice; one in a long computation does not notice.
    orphans = {pid: birthmark(pid) for pid in running_in(workspace.data, engine.executable)}
    for pid in orphans:
        _signal(pid, signal.SIGKILL)
    for pid, born in orphans.items():
        ended.append(pid)
        if born is not None and not await _gone(pid, born, _KILL_WITHIN_S):
            raise HomeUnusable(f"process {pid}, left behind by an earlier run in {workspace.data}, cannot be ended")
    workspace.forget()
    return ended


async def _gone(pid: int, born: str, within_s: float) -> bool:
    deadline = asyncio.get_running_loop().time() + within_s
    while birthmark(pid) == born:
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(_POLL_S)
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    except PermissionError as error:
        raise HomeUnusable(
            f"process {pid}, left behind by an earlier run of this MIRANTE_HOME, belongs to another user: end it first"
        ) from error
