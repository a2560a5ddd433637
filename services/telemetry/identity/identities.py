"""What is done to identities."""

import datetime
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import identity_service_pb2 as pb2

from services.runtime.errors import InvalidRequest
from services.telemetry.events.subjects import ANONYMOUS, USER, actor_id
from services.telemetry.identity.limits import require_ids, traits_of
from services.telemetry.identity.store import IdentityStore, Joining, Person, TraitPlace, Traits
from services.telemetry.log import Position
from services.telemetry.log.cursor import issue, of_another_epoch
from services.telemetry.log.cursor import read as read_cursor

_ROWS_AT_ONCE: Final = 2_000
_RESPONSE_BYTES: Final = 512 * 1024


class Identities:
    """Traits, and who is who. Actor ids are those that readers of the log know people by."""

    def __init__(self, store: IdentityStore, hash_secret: bytes, clock: Callable[[], datetime.datetime]) -> None:
        self._store = store
        self._secret = hash_secret
        self._clock = clock

    async def identify(
        self,
        person: Person,
        anonymous_id: str,
        traits: Mapping[str, value_pb2.Value],
        observed_at: Timestamp | None,
    ) -> bytes:
        """
        Set traits, and join an anonymous id if one is given; return the person's actor id, empty for a tenant.

        Raises:
            InvalidRequest: ids, traits or the time are malformed; an anonymous id comes without a user id.
            StateConflict: the anonymous id belongs to another user, somebody was erased, there are too many traits.
        """
        if anonymous_id and not person.user_id:
            raise InvalidRequest.of("anonymous_id", "needs a user_id to belong to")
        if not person.user_id and not person.tenant:
            raise InvalidRequest.of("tenant", "is required without a user_id")
        require_ids(tenant=person.tenant, user_id=person.user_id or None, anonymous_id=anonymous_id or None)
        observed = traits_of(traits, observed_at, self._clock())
        joining = self._joining(person, anonymous_id) if anonymous_id else None
        await self._store.set_traits(person, observed, joining)
        return self._actor(person)

    async def alias(self, person: Person, anonymous_id: str) -> tuple[bytes, bool]:
        """
        Join an anonymous id to a user; return their actor id, and False when it was joined before.

        Raises:
            InvalidRequest: an id is missing or malformed.
            StateConflict: the anonymous id belongs to another user, or one of them was erased.
        """
        require_ids(tenant=person.tenant, user_id=person.user_id, anonymous_id=anonymous_id)
        return self._actor(person), await self._store.join(self._joining(person, anonymous_id))

    async def unalias(self, environment: str, tenant: str, anonymous_id: str) -> None:
        """
        Take an alias back; without one nothing happens.

        Raises:
            InvalidRequest: the id is missing or malformed.
            StateConflict: it was erased.
        """
        require_ids(tenant=tenant, anonymous_id=anonymous_id)
        await self._store.split(environment, tenant, anonymous_id)

    async def traits(self, person: Person) -> tuple[bytes, Traits]:
        """
        Return the actor id of a user, and the traits of user and tenant.

        Raises:
            InvalidRequest: an id is malformed.
        """
        require_ids(tenant=person.tenant, user_id=person.user_id or None)
        return self._actor(person), await self._store.traits(person)

    async def trait_changes(
        self, environment: str, cursor: bytes
    ) -> AsyncGenerator[pb2.ListTraitChangesResponse, None]:
        """
        Yield traits of users that changed since a cursor, of each what it is now; the last response has the next one.

        Raises:
            InvalidRequest: the cursor was not issued for this environment.
            StateConflict: the log was restored since it was issued.
        """
        head = await self._store.head()
        after, known = TraitPlace(0), 0
        if cursor:
            epoch, position = read_cursor(self._secret, environment, cursor)
            if epoch != head.epoch:
                raise of_another_epoch()
            # Whatever that transaction changed is known.
            after, known = TraitPlace(position.xid + 1), position.xid
        response, size = pb2.ListTraitChangesResponse(), 0
        while rows := await self._store.changes(environment, after, head.horizon, _ROWS_AT_ONCE):
            for place, value in rows:
                actor = self._actor(Person(environment, place.tenant, place.user_id))
                change = response.changes.add(tenant=place.tenant, actor_id=actor, name=place.name)
                if value is not None:
                    change.value.MergeFromString(value)
                size += change.ByteSize()
                if size > _RESPONSE_BYTES:
                    yield response
                    response, size = pb2.ListTraitChangesResponse(), 0
            after = rows[-1][0]
        # All below the horizon was told, and nothing else.
        final = max(known, head.horizon - 1)
        response.cursor = issue(self._secret, environment, head.epoch, Position(final, 0))
        yield response

    def _actor(self, person: Person) -> bytes:
        subject = USER + person.user_id if person.user_id else ""
        return actor_id(self._secret, person.environment, person.tenant, subject)

    def _joining(self, person: Person, anonymous_id: str) -> Joining:
        entry = log_pb2.ActorMerge(
            tenant=person.tenant,
            from_actor_id=actor_id(self._secret, person.environment, person.tenant, ANONYMOUS + anonymous_id),
            into_actor_id=self._actor(person),
        )
        return Joining(person, anonymous_id, entry.SerializeToString())
