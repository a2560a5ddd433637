"""Where a new subscriber is brought up from. None of what it may show is an error but a forged or damaged token."""

from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from services.flags.catalog import FlagCatalog
from services.flags.watch.resume_token import Position, read
from services.runtime.errors import Unavailable


async def starting_point(catalog: FlagCatalog, environment: str, subscribe: sync_pb2.Subscribe) -> Position | None:
    """
    Return the position from which changes bring the subscriber up; None when it has to get everything.

    A subscriber that is ahead makes the catalog catch up first. One that is ahead of the database itself, or of another
    lineage, shows that the database was restored: it gets everything.

    Raises:
        InvalidRequest: the token was not issued by this service for this environment, or was damaged.
        NotFound: no such environment.
        Unavailable: the subscriber may be ahead, and the database cannot be asked.
    """
    snapshot = catalog.snapshot(environment)
    if not subscribe.resume_token:
        return None
    lineage, revision = position = read(catalog.token_secret, environment, subscribe.resume_token)
    if lineage != snapshot.head.lineage or revision > snapshot.head.revision:
        await catalog.refresh(environment)
        snapshot = catalog.snapshot(environment)
        if lineage == snapshot.head.lineage and revision > snapshot.head.revision:
            await catalog.start_lineage(environment, lineage, revision)
            snapshot = catalog.snapshot(environment)
    if lineage != snapshot.head.lineage:
        return None
    if position == snapshot.position and subscribe.digest != snapshot.digest:
        return None
    try:
        await catalog.complete_since(environment, revision)
    except Unavailable:
        return None
    return position
