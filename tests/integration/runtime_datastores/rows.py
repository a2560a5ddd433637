"""Writes and reads a little data, to see what survives."""

import asyncpg
from redis.asyncio import Redis


async def write(database_url: str, redis_url: str, text: str) -> None:
    """Leave a row and a key."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (text text PRIMARY KEY)")
        await connection.execute("INSERT INTO kept VALUES ($1)", text)
    finally:
        await connection.close()
    async with Redis.from_url(redis_url) as client:
        await client.set(text, "1")
        await client.waitaof(1, 0, 10_000)


async def read(database_url: str, redis_url: str) -> tuple[list[str], list[str]]:
    """Return the rows and the keys, sorted."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch("SELECT text FROM kept ORDER BY text")
    finally:
        await connection.close()
    async with Redis.from_url(redis_url, decode_responses=True) as client:
        keys = await client.keys()
    return [row["text"] for row in rows], sorted(str(key) for key in keys)
