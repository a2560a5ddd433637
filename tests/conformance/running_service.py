"""A real flag service that holds the definitions of all suites, each as an environment."""

import asyncio
import copy
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.flags.app import running
from services.flags.key_secrets import new_key
from services.flags.settings import FlagsSettings
from services.flags.store.postgres import Store
from services.flags.store.records import Definition
from services.runtime.access import Role
from tests.conformance.case_files import Suite, suites
from tests.support.datastores import RunningDatastores, fresh_database
from tests.support.flag_store import migrated_store, put


@dataclass(frozen=True)
class RunningService:
    """Where the service listens, and the secrets of keys that hold all environments: a backend's, another service's."""

    address: str
    secret: str
    internal_secret: str


@contextmanager
def running_service(datastores: RunningDatastores) -> Iterator[RunningService]:
    """Run the service on a thread of its own, on a database of its own, until the block ends."""
    started: Future[RunningService] = Future()
    finish = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(datastores, started, finish)), name="flag-service")
    thread.start()
    try:
        yield started.result()
    finally:
        finish.set()
        thread.join()


async def _serve(datastores: RunningDatastores, started: "Future[RunningService]", finish: threading.Event) -> None:
    try:
        await datastores.valkey.ensure_running()
        async with fresh_database(datastores.postgres) as database_url:
            async with migrated_store(database_url) as store:
                for suite in suites().values():
                    await _store(store, suite)
                key, secret = new_key("tests", Role.SERVER, tuple(suites()), quota_per_second=0, created_by="tests")
                await store.access.add_key(key)
                internal, internal_secret = new_key(
                    "gateway", Role.INTERNAL, ("*",), quota_per_second=0, created_by="tests"
                )
                await store.access.add_key(internal)
            with tempfile.TemporaryDirectory() as home:
                settings = FlagsSettings(
                    home=Path(home),
                    database_url=database_url,
                    redis_url=datastores.valkey.url,
                    port=0,
                    drain_seconds=0.0,
                    goodbye_spread_seconds=0.0,
                    quota=1e6,
                )
                async with running(settings) as service:
                    started.set_result(RunningService(f"127.0.0.1:{service.port}", secret, internal_secret))
                    await asyncio.to_thread(finish.wait)
    except BaseException as error:
        if not started.done():
            started.set_exception(error)
        raise


async def _store(store: Store, suite: Suite) -> None:
    """Write each definition as often as its version says: the store counts versions itself."""
    await store.access.create_environment(suite.name, "", actor="tests")
    definitions: list[Definition] = [*suite.flags, *suite.segments]
    for version in range(1, max(definition.version for definition in definitions) + 1):
        # Copies, because the store puts the version that it has counted into the message.
        await put(store, suite.name, *[copy.deepcopy(each) for each in definitions if each.version >= version])
