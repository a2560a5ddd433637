"""A primary and a synchronous standby that takes over when the primary dies, as an operator's tools arrange it."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from services.runtime.embedded.account import account_for
from tests.support.postgres_node import DATABASE, HOST, PASSWORD, USER, PostgresNode

_STREAMS: Final = "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming')"


class PostgresPair:
    """Two servers, of which one takes writes and waits for the other before it acknowledges them."""

    def __init__(self, primary: PostgresNode, standby: PostgresNode) -> None:
        self.primary = primary
        self.standby = standby
        # Written once: which of the two is which changes.
        self.url = (
            f"postgresql://{USER}:{PASSWORD}@{HOST}:{primary.port},{HOST}:{standby.port}/{DATABASE}"
            "?target_session_attrs=read-write"
        )
        """The address that services are given."""

    async def create(self) -> None:
        """Make both, and return when the standby is waited for."""
        await self.primary.create()
        await self.standby.tool(
            *("pg_basebackup", "-D", str(self.standby.folder), "-R", "-X", "stream", "--checkpoint=fast"),
            *("--no-sync", "-d", f"{self.primary.connection} application_name=standby"),
        )
        await self._follow()

    async def fail_over(self) -> None:
        """Kill the primary, and let the standby take its place. It takes writes alone until `rejoin`."""
        self.primary.kill()
        self.primary, self.standby = self.standby, self.primary
        assert await self.primary.execute("SELECT pg_promote()", database="postgres")

    async def rejoin(self) -> None:
        """Make of the former primary the standby, and return when it is waited for."""
        await self.standby.tool(
            *("pg_rewind", "-D", str(self.standby.folder), "--write-recovery-conf", "--no-sync"),
            *("--source-server", f"{self.primary.connection} application_name=standby"),
        )
        await self._follow()

    def kill(self) -> None:
        """End both."""
        self.primary.kill()
        self.standby.kill()

    async def _follow(self) -> None:
        await self.standby.start()
        # Only now: without a standby every commit would wait for ever.
        await self.primary.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'", database="postgres")
        await self.primary.execute("SELECT pg_reload_conf()", database="postgres")
        await self.primary.becomes(_STREAMS)


@contextmanager
def postgres_folder() -> Iterator[Path]:
    """Yield a folder in which servers can have their data, whoever runs them."""
    with tempfile.TemporaryDirectory(prefix="mirante-postgres-") as name:
        folder = Path(name)
        account = account_for(folder / "data")
        folder.chmod(0o755)
        if account is not None:
            shutil.chown(folder, account.uid, account.gid)
        yield folder


@asynccontextmanager
async def postgres_pair() -> AsyncIterator[PostgresPair]:
    """Run both until the block ends."""
    with postgres_folder() as folder:
        pair = PostgresPair(PostgresNode(folder / "one"), PostgresNode(folder / "two"))
        try:
            await pair.create()
            yield pair
        finally:
            pair.kill()
