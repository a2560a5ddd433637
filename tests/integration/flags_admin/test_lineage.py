"""A database that was copied or restored is noticed when it is opened."""

import asyncio
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from services.flags.store.postgres import open_store
from tests.support.datastores import ServerHandle, fresh_database
from tests.support.flag_store import AUTHOR, bool_flag, migrated_store, put


async def lineages(url: str) -> list[str]:
    """Open a database as a service does, and return the lineages of its environments."""
    async with open_store(url) as store:
        return [head.lineage for head in await store.rules.heads()]


async def test_the_same_database_keeps_its_lineage(postgres_server: ServerHandle, database_url: str) -> None:
    """Also when the server was restarted, or crashed."""
    async with migrated_store(database_url, "production"):
        pass
    first = await lineages(database_url)
    await postgres_server.restart()
    await postgres_server.wait_until_ready()
    assert await lineages(database_url) == first
    await postgres_server.kill()
    await postgres_server.wait_until_ready()
    assert await lineages(database_url) == first


async def test_a_copy_has_lineages_of_its_own(postgres_server: ServerHandle, database_url: str) -> None:
    """Its revisions go on, and replicas that open it at once agree on one new lineage."""
    async with migrated_store(database_url, "production") as store:
        await put(store, "production", bool_flag("a"))
        await store.access.create_environment("staging", "", actor="tests")
        secret = await store.rules.token_secret()
    original = await lineages(database_url)
    async with fresh_database(postgres_server, template=database_url.rsplit("/", 1)[1]) as copy:
        found = await asyncio.gather(*[lineages(copy) for _ in range(4)])
        assert [each == found[0] for each in found] == [True] * 4
        assert set(found[0]).isdisjoint(original)
        assert await lineages(copy) == found[0]
        async with open_store(copy) as store:
            assert [head.revision for head in await store.rules.heads()] == [1, 0]
            assert await store.rules.token_secret() == secret
    assert await lineages(database_url) == original


async def test_tables_put_back_from_a_dump_have_a_new_lineage(database_url: str) -> None:
    """A dump restored over the same database makes the tables anew."""
    async with migrated_store(database_url, "production"):
        pass
    before = await lineages(database_url)
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            "CREATE TABLE put_back (LIKE environments INCLUDING ALL);"
            "INSERT INTO put_back SELECT * FROM environments;"
            "DROP TABLE environments CASCADE;"
            "ALTER TABLE put_back RENAME TO environments"
        )
    finally:
        await connection.close()
    after = await lineages(database_url)
    assert len(after) == 1
    assert after != before


async def execute(url: str, *statements: str) -> None:
    """Run statements as the owner of the database."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_database_that_failed_over_under_a_running_service(database_url: str) -> None:
    """The next change starts a new lineage, so no revision means two things; writers at the same time agree on it."""
    async with migrated_store(database_url, "production") as store, open_store(database_url) as other:
        await put(store, "production", bool_flag("a"))
        (before,) = await store.rules.heads()
        await execute(database_url, "UPDATE database_identity SET fingerprint = 'the one that was lost'")
        await asyncio.gather(*[put(each, "production", bool_flag("b")) for each in (store, other, store, other)])
        (after,) = await store.rules.heads()
        assert after.lineage != before.lineage
        assert after.revision == 5
        async with store.definitions.change("production", AUTHOR) as change:
            assert change.head == after


async def test_without_the_right_to_read_the_identity(database_url: str) -> None:
    """The service works, and keeps the lineages as they are."""
    async with migrated_store(database_url, "production"):
        pass
    role = f"plain_{urlsplit(database_url).path[-16:]}"
    await execute(
        database_url,
        "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC",
        f"CREATE ROLE {role} LOGIN PASSWORD 'plain'",
        f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {role}",
    )
    parts = urlsplit(database_url)
    url = urlunsplit(parts._replace(netloc=f"{role}:plain@{parts.netloc.rpartition('@')[2]}"))
    try:
        before = await lineages(url)
        async with open_store(url) as store:
            assert (await put(store, "production", bool_flag("a")))[0].revision == 1
        assert await lineages(url) == before
    finally:
        await execute(database_url, f"DROP OWNED BY {role}", f"DROP ROLE {role}")
