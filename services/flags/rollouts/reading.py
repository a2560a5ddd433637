"""Plans as people look at them: one with what happened to it, and pages."""

import datetime
import uuid
from collections.abc import Collection, Sequence
from typing import Final

from mirante.api.flags.v1 import rollout_pb2

from services.flags.rollouts.finding import no_rollout, require_id
from services.flags.rollouts.messages import rollout_message
from services.flags.rollouts.model import State
from services.flags.store import Kind
from services.flags.store.rollouts import RolloutStore
from services.flags.texts import require_key
from services.runtime.pages import decoded, page_size, page_token, wrong_token

_EVENTS: Final = 200
_DEFAULT_PAGE: Final = 50
_LARGEST_PAGE: Final = 200


class RolloutReading:
    """Reads plans of one environment, from the database, so that writers see what they wrote."""

    def __init__(self, store: RolloutStore) -> None:
        self._store = store

    async def get(self, environment: str, rollout_id: str) -> rollout_pb2.RolloutRecord:
        """
        Return a plan with what happened to it.

        Raises:
            NotFound: no such plan.
        """
        rollout_id = require_id(rollout_id)
        found = await self._store.find(environment, rollout_id)
        if found is None:
            raise no_rollout(rollout_id)
        message = rollout_message(*found)
        message.events.extend(await self._store.events(rollout_id, _EVENTS))
        return message

    async def page(
        self, environment: str, *, flag_key: str, states: Collection[State], size: int, token: str
    ) -> tuple[Sequence[rollout_pb2.RolloutRecord], str]:
        """
        Return a page of plans, newest first, and the token of the next one, empty on the last.

        Raises:
            InvalidRequest: a wrong key, size or token.
        """
        if flag_key:
            require_key(Kind.FLAG, flag_key)
        limit = page_size(size, default=_DEFAULT_PAGE, most=_LARGEST_PAGE)
        found = await self._store.page(
            environment, flag_key=flag_key, states=states, before=_place(token), limit=limit + 1
        )
        shown = found[:limit]
        last = shown[-1][0] if len(found) > limit else None
        next_token = page_token(f"{last.created_at.isoformat()} {last.id}") if last is not None else ""
        return [rollout_message(*each) for each in shown], next_token


def _place(token: str) -> tuple[datetime.datetime, str] | None:
    if not token:
        return None
    at, _, rollout_id = decoded(token).partition(" ")
    try:
        moment = datetime.datetime.fromisoformat(at)
        rollout_id = str(uuid.UUID(rollout_id))
    except ValueError:
        raise wrong_token() from None
    if moment.tzinfo is None:
        raise wrong_token()
    return moment, rollout_id
