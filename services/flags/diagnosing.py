"""What the flag service says of itself to whoever looks after it."""

import time
from collections.abc import Iterable

from mirante.api.common.v1 import diagnostics_service_pb2 as pb2

from services.flags.catalog import FlagCatalog


async def figures(catalog: FlagCatalog) -> Iterable[pb2.Figure]:
    """Return the revision of each environment here, and how long ago the replica heard of its database."""
    return [
        *[
            pb2.Figure(name="revision", of=environment, value=catalog.snapshot(environment).head.revision)
            for environment in catalog.environments()
        ],
        pb2.Figure(name="rules_age_seconds", value=time.monotonic() - catalog.read_at),
    ]
