"""Writers know every tombstone that was committed before they took the lock, at next to no cost."""

from typing import Any

from services.telemetry.events.subjects import subject_hash
from services.telemetry.privacy.tombstones import Tombstones
from tests.support.telemetry_people import PRODUCTION, People


async def bury(crowd: People, *subjects: str) -> None:
    """Write tombstones."""
    for subject in subjects:
        digest = subject_hash(crowd.hash_secret, PRODUCTION, "acme", subject)
        await crowd.execute(
            "INSERT INTO tombstones (environment, tenant, subject_hash) VALUES ($1, 'acme', $2)", PRODUCTION, digest
        )


async def refreshed(crowd: People, tombstones: Tombstones) -> list[Any]:
    """Refresh; return the numbers of rows that each query brought."""
    sizes = []

    class Counting:
        async def fetch(self, query: str, *arguments: object) -> list[Any]:
            rows = await crowd.fetch(query, *arguments)
            sizes.append(len(rows))
            return rows

    await tombstones.refresh(Counting())
    return sizes


async def test_only_news_are_read(crowd: People) -> None:
    """The last known one comes along as a witness."""
    tombstones = Tombstones(crowd.hash_secret)
    assert await refreshed(crowd, tombstones) == [0]
    assert not tombstones.erased(PRODUCTION, "acme", "u:ana")
    await bury(crowd, "u:ana", "a:nav-1")
    assert await refreshed(crowd, tombstones) == [2]
    assert await refreshed(crowd, tombstones) == [1]
    await bury(crowd, "u:bia")
    assert await refreshed(crowd, tombstones) == [2]
    assert len(tombstones) == 3
    assert all(tombstones.erased(PRODUCTION, "acme", subject) for subject in ("u:ana", "a:nav-1", "u:bia"))
    for environment, tenant, subject in (
        (PRODUCTION, "acme", "u:caio"), (PRODUCTION, "acme", "a:ana"), (PRODUCTION, "outra", "u:ana"),
        ("staging", "acme", "u:ana"), (PRODUCTION, "acme", ""),
    ):  # fmt: skip
        assert not tombstones.erased(environment, tenant, subject)


async def test_restored_table_is_read_anew(crowd: People) -> None:
    """Numbers are given out again after a restore; who was known as erased stays so."""
    tombstones = Tombstones(crowd.hash_secret)
    await bury(crowd, "u:ana", "u:bia", "u:caio")
    await refreshed(crowd, tombstones)
    await crowd.execute("DELETE FROM tombstones WHERE number > 1")
    await crowd.execute("ALTER TABLE tombstones ALTER COLUMN number RESTART WITH 2")
    await bury(crowd, "u:davi", "u:eva")
    assert await refreshed(crowd, tombstones) == [1, 3]
    assert all(tombstones.erased(PRODUCTION, "acme", f"u:{name}") for name in ("ana", "bia", "caio", "davi", "eva"))
    assert await refreshed(crowd, tombstones) == [1]
    await crowd.execute("TRUNCATE tombstones")
    await refreshed(crowd, tombstones)
    assert tombstones.erased(PRODUCTION, "acme", "u:eva")
    assert await refreshed(crowd, tombstones) == [0]
