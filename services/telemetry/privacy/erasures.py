"""Erases people and tenants, everywhere, and proves it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from services.runtime.errors import ServiceError
from services.runtime.postgres.pool import PostgresPool
from services.telemetry.events.locks import ARCHIVE_LOCK
from services.telemetry.privacy import postgres_requests as requests
from services.telemetry.privacy.archives import Archives
from services.telemetry.privacy.live_state import LiveState
from services.telemetry.privacy.postgres_cleaning import clean
from services.telemetry.privacy.postgres_condemning import Condemning
from services.telemetry.privacy.postgres_deleting import (
    ALIASES,
    DEAD_LETTERS,
    EVENT_KEYS,
    TRAITS,
    count_left,
    delete_all_rows,
    delete_events,
    delete_keys,
    delete_rows,
)
from services.telemetry.privacy.postgres_search import erased_but_present
from services.telemetry.privacy.requests import ERASE_SUBJECT, ERASE_TENANT, Asked, Doomed, Place, Request
from services.telemetry.privacy.tombstones import Tombstones

ARCHIVES: Final = "archives"
LIVE: Final = "live"
"""Places of the counts, beside the tables."""

_TAKE_TIME: Final = (
    "SELECT set_config(name, '0', false) FROM unnest('{statement_timeout,lock_timeout}'::text[]) AS name"
)
_TRY_LOCK: Final = "SELECT pg_try_advisory_lock($1)"
_POLL_SECONDS: Final = 0.1
_UNLOCK: Final = "SELECT pg_advisory_unlock($1)"


class Erasures:
    """
    Erases, one request at a time in the whole installation.

    First comes a short transaction after which nobody stores anything more of whom it concerns. All that follows may be
    cut short anywhere: the same call, or `resume`, goes on.
    """

    def __init__(
        self,
        *,
        pool: PostgresPool,
        slow_pool: PostgresPool,
        condemning: Condemning,
        archives: Archives,
        live_state: LiveState,
        hash_secret: bytes,
        notify: Callable[[], None],
    ) -> None:
        """
        Put together.

        Args:
            pool: for what is short.
            slow_pool: one connection, which may be used for an hour.
            condemning: writes tombstones.
            archives: days of the log in files.
            live_state: what others hold for the moment.
            hash_secret: of the installation.
            notify: is called when something was appended to the log.
        """
        self._pool = pool
        self._slow_pool = slow_pool
        self._condemning = condemning
        self._archives = archives
        self._live = live_state
        self._secret = hash_secret
        self._notify = notify

    async def erase_subject(self, place: Place, subject: str, asked: Asked) -> Request:
        """
        Erase a person: a user with all anonymous ids joined to it, or an anonymous id that was not.

        Returns:
            the request, complete unless a last search found something.

        Raises:
            StateConflict: the anonymous id belongs to a user.
            Unavailable: a store did not answer; whatever is not done goes on later.
        """
        request, subjects = await self._condemning.subject(place, subject, asked)
        self._notify()
        async with self._working() as connection:
            if request.bound is not None:
                # It was cut short, and aliases that named further subjects may be gone already.
                known = await erased_but_present(connection, self._archives, Tombstones(self._secret), place)
                subjects = (*subjects, *(each for each in known if each not in subjects))
            [settled] = await self._erase_people(connection, [request], subjects)
            return settled

    async def erase_tenant(self, place: Place, asked: Asked) -> Request:
        """
        Erase all that a tenant has up to now; what comes later is taken again.

        Returns:
            the request, complete unless a last search found something.

        Raises:
            Unavailable: a store did not answer; whatever is not done goes on later.
        """
        async with self._pool.transaction() as connection:
            request = await requests.unfinished(connection, ERASE_TENANT, place, b"")
            if request is None:
                request = await requests.record(connection, ERASE_TENANT, place, b"", asked)
        async with self._working() as connection:
            return await self._erase_tenant(connection, request)

    async def resume(self, *, wait: bool = True) -> list[Request]:
        """
        Go on with every erasure that was cut short; return those that were, as they are now.

        People are found by their tombstones. While another works it waits; without `wait` it does nothing.

        Raises:
            Unavailable: a store did not answer.
        """
        if not await self._unfinished():
            return []
        done: list[Request] = []
        async with self._working(wait=wait) as connection:
            if connection is None:
                return []
            unfinished = await requests.all_unfinished(connection, (ERASE_SUBJECT, ERASE_TENANT))
            for place in _in_order(request.place for request in unfinished if request.kind == ERASE_SUBJECT):
                theirs = [each for each in unfinished if each.kind == ERASE_SUBJECT and each.place == place]
                done += await self._resume_people(connection, place, theirs)
            for request in unfinished:
                if request.kind == ERASE_TENANT:
                    done.append(await self._erase_tenant(connection, request))
        return done

    async def _unfinished(self) -> bool:
        async with self._pool.connection() as connection:
            return bool(await requests.all_unfinished(connection, (ERASE_SUBJECT, ERASE_TENANT)))

    async def _resume_people(self, connection: Any, place: Place, theirs: Sequence[Request]) -> list[Request]:
        subjects = await erased_but_present(connection, self._archives, Tombstones(self._secret), place)
        if subjects:
            # A restored log may have brought them back to its readers.
            async with self._condemning.alone() as transaction:
                bound = await self._condemning.tell(transaction, place, subjects)
                for each in theirs:
                    if each.bound is None:
                        # From now on the entry knows whom live state has to forget, whatever is deleted.
                        await requests.place(transaction, each.id, bound)
            self._notify()
        return await self._erase_people(connection, theirs, subjects)

    async def _erase_people(self, connection: Any, theirs: Sequence[Request], subjects: Sequence[str]) -> list[Request]:
        request, place = theirs[0], theirs[0].place
        doomed = Doomed(place, tuple(subjects))
        actors = self._condemning.actors(place, subjects)
        for each in theirs:
            actors += [actor for actor in await self._condemning.told(connection, each) if actor not in actors]
        touched = await delete_events(connection, request.id, doomed)
        await self._erase_from_archives(connection, request, doomed)
        # Aliases last: they say who else the person is.
        for table in (DEAD_LETTERS, TRAITS, ALIASES):
            if await delete_rows(connection, request.id, doomed, table):
                touched.append(table)
        async with connection.transaction():
            await delete_all_rows(connection, request.id, doomed)
        await clean(connection, touched)
        # Last, because Redis may be away: nothing else waits for it.
        await requests.count(connection, request.id, LIVE, await self._live.forget(place, actors))
        left = {
            **await count_left(connection, doomed),
            ARCHIVES: await self._archives.count(connection, doomed),
            LIVE: await self._live.left(place, actors),
        }
        return [await requests.settle(connection, each.id, left) for each in theirs]

    async def _erase_tenant(self, connection: Any, request: Request) -> Request:
        bound, touched = request.bound, [DEAD_LETTERS, TRAITS, ALIASES]
        if bound is None:
            for table in touched:
                await delete_rows(connection, request.id, Doomed(request.place, None), table)
            bound = await self._condemning.tenant(request)
            self._notify()
        doomed = Doomed(request.place, None, bound)
        touched += await delete_events(connection, request.id, doomed)
        await self._erase_from_archives(connection, request, doomed)
        await clean(connection, touched)
        await requests.count(connection, request.id, LIVE, await self._live.forget_tenant(request.place))
        left = {
            **await count_left(connection, doomed),
            ARCHIVES: await self._archives.count(connection, doomed),
        }
        return await requests.settle(connection, request.id, left)

    async def _erase_from_archives(self, connection: Any, request: Request, doomed: Doomed) -> None:
        async for erased in self._archives.erase(connection, doomed):
            async with connection.transaction():
                keys = await delete_keys(connection, doomed, erased.event_ids)
                await requests.count(connection, request.id, EVENT_KEYS, keys)
                await requests.count(connection, request.id, ARCHIVES, erased.entries)

    @asynccontextmanager
    async def _working(self, *, wait: bool = True) -> AsyncIterator[Any]:
        """
        Lend a connection that may take its time, while no other erasure works and no day is archived.

        Without `wait` it is None when there is one or the other.
        """
        async with self._slow_pool.connection() as connection:
            await connection.execute(_TAKE_TIME)
            # Who waits within a statement has a snapshot, which keeps the dead rows of the erasure that is waited for.
            while not await connection.fetchval(_TRY_LOCK, ARCHIVE_LOCK):
                if not wait:
                    yield None
                    return
                await asyncio.sleep(_POLL_SECONDS)
            sound = False
            try:
                yield connection
                sound = True
            except (ServiceError, asyncpg.PostgresError, ValueError):
                sound = True
                raise
            finally:
                # Cancelled or broken, the pool closes the connection, and the lock goes with it.
                if sound:
                    await connection.fetchval(_UNLOCK, ARCHIVE_LOCK)


def _in_order(places: Iterable[Place]) -> list[Place]:
    return list(dict.fromkeys(places))
