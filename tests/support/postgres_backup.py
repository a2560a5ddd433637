"""A base backup that is taken while everybody writes, the log archived beside it, and both in a lost server's place."""

import asyncio
import shutil
import subprocess
from pathlib import Path

from tests.support.flag_service_process import PATIENCE_SECONDS
from tests.support.postgres_node import PostgresNode

_ARCHIVED = """
    SELECT EXISTS (SELECT FROM pg_stat_archiver WHERE last_archived_wal >= $1 AND last_archived_wal !~ 'backup')
"""


class PostgresBackup:
    """
    Base backup and archived log of one server, as docs/backups.md has it.

    Args:
        node: the server; it is created here.
        folder: of the backup; the server's account may write there.
    """

    def __init__(self, node: PostgresNode, folder: Path) -> None:
        self.node = node
        self._folder = folder
        self._base = folder / "base"
        self._log = folder / "log"

    async def create(self) -> None:
        """Create the server so that it archives its log."""
        for folder in (self._folder, self._log):
            self.node.make_folder(folder)
        copies = f"test ! -f {self._log}/%f && cp %p {self._log}/%f"
        await self.node.create(archive_mode="on", archive_command=copies)

    async def take(self) -> None:
        """Take the base backup; nobody is kept from writing."""
        await self.node.tool("pg_basebackup", "-D", str(self._base), "--checkpoint=fast", "-d", self.node.connection)

    async def mark(self, name: str) -> None:
        """Name this moment, to come back to it, and return once the log until then is archived."""
        await self.node.execute("SELECT pg_create_restore_point($1)", name)
        segment = await self.node.execute("SELECT pg_walfile_name(pg_switch_wal())")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self.node.execute(_ARCHIVED, segment):
                await asyncio.sleep(0.05)

    async def restore(self, name: str) -> None:
        """Lose the server with its data, and bring up the backup in its place as it was at a moment that has a name."""
        self.node.kill()
        shutil.rmtree(self.node.folder)
        await asyncio.to_thread(subprocess.check_call, ["/bin/cp", "-a", self._base, self.node.folder])
        self.node.configure(
            {
                "restore_command": f"cp {self._log}/%f %p",
                "recovery_target_name": name,
                "recovery_target_action": "promote",
            }
        )
        # This file makes it begin a new timeline, by which services know that it is not the database they knew.
        self.node.touch("recovery.signal")
        await self.node.start()
        await self.node.becomes("SELECT NOT pg_is_in_recovery()")
