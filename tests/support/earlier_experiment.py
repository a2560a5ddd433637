"""Makes an experiment of a Mirante with embedded datastores begin days ago, so that pictures show how it went since."""

from datetime import timedelta
from pathlib import Path
from typing import Final

import asyncpg
from mirante.api.metrics.v1 import experiment_pb2

_PORT_LINE: Final = 3
"""Of postmaster.pid."""


async def begin_earlier(home: Path, key: str, by: timedelta) -> None:
    """Move the start of an experiment that runs into the past, and that of its phases."""
    folder = home / "postgres"
    port = (folder / "data/postmaster.pid").read_text().splitlines()[_PORT_LINE]
    password = (folder / "password").read_text().strip()
    connection = await asyncpg.connect(f"postgresql://mirante:{password}@127.0.0.1:{port}/mirante")
    try:
        stored = await connection.fetchval("SELECT record FROM experiments WHERE key = $1", key)
        record = experiment_pb2.ExperimentRecord.FromString(stored)
        for moment in (record.started_at, *(phase.started_at for phase in record.phases)):
            moment.FromDatetime(moment.ToDatetime() - by)
        changed = record.SerializeToString()
        await connection.execute("UPDATE experiments SET record = $2 WHERE key = $1", key, changed)
    finally:
        await connection.close()
