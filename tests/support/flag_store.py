"""The flag service's store on a real database, and definitions to put into it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from mirante.api.flags.v1 import flag_pb2

import services.flags
from services.flags.store import Kind
from services.flags.store.postgres import Store, open_store
from services.flags.store.records import Action, Author, Definition, Record, kind_of
from services.runtime.migrations import migrate

MIGRATIONS = Path(services.flags.__file__).parent / "migrations"
AUTHOR = Author("ana", "key-1")


@asynccontextmanager
async def migrated_store(database_url: str, environment: str = "", work_seconds: float = 10.0) -> AsyncIterator[Store]:
    """Yield a store on a database that this brings up to date, with an environment if one is named."""
    await migrate(database_url, "flags", MIGRATIONS)
    async with open_store(database_url, work_seconds=work_seconds) as store:
        if environment:
            await store.access.create_environment(environment, "", actor="tests")
        yield store


def bool_flag(key: str, **fields: object) -> flag_pb2.Flag:
    """Return a sound flag with the variants on and off; `fields` replace what it has."""
    flag = flag_pb2.Flag(
        key=key,
        type=flag_pb2.FLAG_TYPE_BOOL,
        on=True,
        off_variant="off",
        fallthrough=flag_pb2.Serve(variant="on"),
    )
    flag.variants.add(name="on").value.bool_value = True
    flag.variants.add(name="off").value.bool_value = False
    flag.MergeFrom(flag_pb2.Flag(**fields))  # type: ignore[arg-type]  # the fields are the caller's
    return flag


def segment(key: str, *values: str) -> flag_pb2.Segment:
    """Return a segment of these users."""
    members = [flag_pb2.SegmentMembers(attribute="targeting_key", values=values)] if values else []
    return flag_pb2.Segment(key=key, included=members)


async def put(
    store: Store, environment: str, *definitions: Definition, action: Action = Action.UPDATE, archived: bool = False
) -> list[Record]:
    """Write the newest versions of definitions, in one change."""
    async with store.definitions.change(environment, AUTHOR) as change:
        return [
            change.put(each, await change.find(kind_of(each), each.key), action, comment="because", archived=archived)
            for each in definitions
        ]


async def found(store: Store, environment: str, kind: Kind, key: str) -> Record:
    """Return a definition that is there."""
    record = await store.definitions.find(environment, kind, key)
    assert record is not None
    return record
