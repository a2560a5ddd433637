"""What is saved of one kind, as messages: checked, kept, and given back with what is known of it."""

import datetime
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Generic, TypeVar

from google.protobuf.message import Message
from mirante.api.metrics.v1.saved_report_pb2 import SavedInfo
from mirante.evaluation.model import Violation

from services.metrics.analytics.saved.kinds import SavedKind
from services.metrics.analytics.saved.postgres import PostgresSaved
from services.metrics.analytics.saved.rows import SavedRow
from services.runtime.errors import InvalidRequest
from services.runtime.postgres.pool import PostgresPool
from services.runtime.texts import text_violations

Saved = TypeVar("Saved", bound=Message)

_LONGEST_NAME: Final = 200
_LONGEST_DESCRIPTION: Final = 2_000
_MOST_BYTES: Final = 1 << 20


class Shelf(Generic[Saved]):
    """
    Keeps messages of one kind, which have a field `info`.

    Args:
        pool: of connections.
        kind: see there.
        message: its type.
        check: raises InvalidRequest for what is wrong in the rest of a message of an environment.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        pool: PostgresPool,
        kind: SavedKind,
        message: type[Saved],
        check: Callable[[str, Saved], Awaitable[None]],
        clock: Callable[[], float],
    ) -> None:
        self._saved = PostgresSaved(pool, kind)
        self._kind = kind
        self._type = message
        self._check = check
        self._clock = clock

    async def all(self, environment: str) -> Sequence[Saved]:
        """Return everything, by name."""
        return [self._message(row) for row in await self._saved.all(environment)]

    async def get(self, environment: str, saved_id: str) -> Saved:
        """Return one; raise NotFound."""
        return self._message(await self._saved.get(environment, saved_id))

    async def create(self, environment: str, wish: Saved, actor: str) -> Saved:
        """Save something new; raise InvalidRequest or AlreadyExists."""
        info = self._info(wish)
        if info.id:
            raise InvalidRequest.of(f"{self._kind.field}.info.id", "is given by the service")
        content = await self._content(environment, wish)
        return self._message(await self._saved.create(environment, info, content, actor, self._now()))

    async def update(self, environment: str, wish: Saved, actor: str) -> Saved:
        """Replace something; raise InvalidRequest, NotFound, EtagMismatch or AlreadyExists."""
        info = self._info(wish)
        self._require_revision(info.revision, f"{self._kind.field}.info.revision")
        content = await self._content(environment, wish)
        return self._message(await self._saved.update(environment, info, content, actor, self._now()))

    async def delete(self, environment: str, saved_id: str, revision: int, actor: str) -> None:
        """Delete something; raise InvalidRequest, NotFound or EtagMismatch."""
        self._require_revision(revision, "revision")
        await self._saved.delete(environment, saved_id, revision, actor, self._now())

    async def _content(self, environment: str, wish: Saved) -> bytes:
        await self._check(environment, wish)
        bare = self._type()
        bare.CopyFrom(wish)
        bare.ClearField("info")
        content = bare.SerializeToString()
        if len(content) > _MOST_BYTES:
            raise InvalidRequest.of(self._kind.field, "may have 1 MiB at most")
        return content

    def _info(self, wish: Any) -> SavedInfo:
        info: SavedInfo = wish.info
        field = f"{self._kind.field}.info"
        found = [
            *text_violations(f"{field}.name", info.name, _LONGEST_NAME),
            *text_violations(f"{field}.description", info.description, _LONGEST_DESCRIPTION, lines=True),
        ]
        if not info.name.strip():
            found.append(Violation(f"{field}.name", "is required"))
        if found:
            raise InvalidRequest(found)
        return info

    def _require_revision(self, revision: int, field: str) -> None:
        if not revision:
            raise InvalidRequest.of(field, "is required: that of what was read")

    def _message(self, row: SavedRow) -> Saved:
        message: Any = self._type()
        message.ParseFromString(row.content)
        message.info.CopyFrom(row.info)
        found: Saved = message
        return found

    def _now(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)
