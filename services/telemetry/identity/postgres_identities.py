"""The `IdentityStore` on Postgres."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.runtime.errors import StateConflict
from services.runtime.postgres.pool import PostgresPool
from services.telemetry.events.locks import ERASURE_LOCK
from services.telemetry.events.stored import MERGE, SPLIT
from services.telemetry.events.subjects import ANONYMOUS, USER, actor_id
from services.telemetry.identity.limits import MOST_TRAITS
from services.telemetry.identity.log_entries import append_entry
from services.telemetry.identity.store import Joining, Person, Trait, TraitHead, TraitPlace, Traits
from services.telemetry.identity.trait_stamps import UPSERT
from services.telemetry.privacy.tombstones import Tombstones

_MOST_NAMES: Final = 1_000
"""Of one person, removed traits included."""

_LOCK: Final = "SELECT pg_advisory_xact_lock_shared($1)"
_JOIN: Final = """
    INSERT INTO aliases (environment, tenant, anonymous_id, user_id) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING
    RETURNING true
"""
_OWNER: Final = "SELECT user_id FROM aliases WHERE environment = $1 AND tenant = $2 AND anonymous_id = $3"
_SPLIT: Final = """
    DELETE FROM aliases WHERE environment = $1 AND tenant = $2 AND anonymous_id = $3 RETURNING user_id
"""
_COUNT: Final = """
    SELECT count(value), count(*) FROM traits WHERE environment = $1 AND tenant = $2 AND user_id = $3
"""
_TRAITS: Final = """
    SELECT user_id, name, value FROM traits
    WHERE environment = $1 AND tenant = $2 AND user_id = ANY($3::text[]) AND value IS NOT NULL
"""

_HEAD: Final = """
    SELECT epoch, pg_snapshot_xmin(snapshot)::text::bigint + xid_offset AS horizon
    FROM telemetry_installation, pg_current_snapshot() AS snapshot
"""
_CHANGES: Final = """
    SELECT xid::text::bigint AS xid, tenant, user_id, name, value FROM traits
    WHERE environment = $1 AND xid < $2::text::xid8 AND user_id <> ''
        AND (xid, tenant, user_id, name) > ($3::text::xid8, $4, $5, $6)
    ORDER BY xid, tenant, user_id, name
    LIMIT $7
"""


class PostgresIdentities:
    """
    The `IdentityStore` on Postgres.

    `notify` is called when something was appended to the log.
    """

    def __init__(
        self, pool: PostgresPool, tombstones: Tombstones, hash_secret: bytes, notify: Callable[[], None]
    ) -> None:
        self._pool = pool
        self._tombstones = tombstones
        self._secret = hash_secret
        self._notify = notify

    async def set_traits(self, person: Person, traits: Sequence[Trait], joining: Joining | None) -> bool:
        """See `IdentityStore`."""
        joined = False
        async with self._pool.transaction() as connection:
            await self._enter(connection, person, None if joining is None else joining.anonymous_id)
            if joining is not None:
                joined = await _join(connection, joining)
            if traits:
                await _set(connection, person, traits)
        if joined:
            self._notify()
        return joined

    async def join(self, joining: Joining) -> bool:
        """See `IdentityStore`."""
        return await self.set_traits(joining.person, (), joining)

    async def split(self, environment: str, tenant: str, anonymous_id: str) -> bool:
        """See `IdentityStore`."""
        async with self._pool.transaction() as connection:
            await self._enter(connection, Person(environment, tenant, ""), anonymous_id)
            user_id = await connection.fetchval(_SPLIT, environment, tenant, anonymous_id)
            if user_id is None:
                return False
            entry = log_pb2.ActorSplit(
                tenant=tenant,
                actor_id=actor_id(self._secret, environment, tenant, ANONYMOUS + anonymous_id),
                from_actor_id=actor_id(self._secret, environment, tenant, USER + user_id),
            )
            await append_entry(connection, SPLIT, environment, tenant, entry.SerializeToString())
        self._notify()
        return True

    async def traits(self, person: Person) -> Traits:
        """See `IdentityStore`."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_TRAITS, person.environment, person.tenant, ["", person.user_id])
        return Traits(
            user={row["name"]: row["value"] for row in rows if row["user_id"]},
            tenant={row["name"]: row["value"] for row in rows if not row["user_id"]},
        )

    async def head(self) -> TraitHead:
        """See `IdentityStore`."""
        async with self._pool.connection() as connection:
            return TraitHead(*await connection.fetchrow(_HEAD))

    async def changes(
        self, environment: str, after: TraitPlace, horizon: int, limit: int
    ) -> Sequence[tuple[TraitPlace, bytes | None]]:
        """See `IdentityStore`."""
        place = (str(after.xid), after.tenant, after.user_id, after.name)
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_CHANGES, environment, str(horizon), *place, limit)
        return [(TraitPlace(row["xid"], row["tenant"], row["user_id"], row["name"]), row["value"]) for row in rows]

    async def _enter(self, connection: Any, person: Person, anonymous_id: str | None) -> None:
        """Keep erasures out until the transaction ends, and raise `StateConflict` for who was erased before."""
        await connection.execute(_LOCK, ERASURE_LOCK)
        await self._tombstones.refresh(connection)
        subjects = [USER + person.user_id] if person.user_id else []
        if anonymous_id is not None:
            subjects.append(ANONYMOUS + anonymous_id)
        if any(self._tombstones.erased(person.environment, person.tenant, subject) for subject in subjects):
            raise StateConflict("the subject was erased", reason=reasons.ERROR_REASON_SUBJECT_ERASED)


async def _join(connection: Any, joining: Joining) -> bool:
    environment, tenant, user_id = joining.person.environment, joining.person.tenant, joining.person.user_id
    if await connection.fetchval(_JOIN, environment, tenant, joining.anonymous_id, user_id):
        await append_entry(connection, MERGE, environment, tenant, joining.entry)
        return True
    owner = await connection.fetchval(_OWNER, environment, tenant, joining.anonymous_id)
    if owner != user_id:
        raise StateConflict("the anonymous id belongs to another user", metadata={"state": "joined to another user"})
    return False


async def _set(connection: Any, person: Person, traits: Sequence[Trait]) -> None:
    key = (person.environment, person.tenant, person.user_id)
    await connection.execute(
        UPSERT,
        *[[part] * len(traits) for part in key],
        [trait.name for trait in traits],
        [trait.value for trait in traits],
        [trait.observed_at for trait in traits],
    )
    present, names = await connection.fetchrow(_COUNT, *key)
    if present > MOST_TRAITS or names > _MOST_NAMES:
        raise StateConflict(
            f"there would be more than {MOST_TRAITS} traits, or {_MOST_NAMES} with those removed",
            metadata={"state": "too many traits"},
        )
