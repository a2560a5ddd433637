"""Finding the plan that a request means."""

import uuid

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.flags.rollouts.model import State
from services.flags.rollouts.records import StoredRollout
from services.flags.store.definitions import Change
from services.runtime.errors import EtagMismatch, InvalidRequest, NotFound


async def found(change: Change, rollout_id: str, etag: str = "") -> StoredRollout:
    """Return a plan; raise `NotFound` when there is none, `EtagMismatch` for another etag than it has."""
    stored = await change.rollouts.find(require_id(rollout_id))
    if stored is None:
        raise no_rollout(rollout_id)
    if etag and etag != stored.etag:
        raise EtagMismatch("the rollout was changed since it was read", metadata={"etag": stored.etag})
    return stored


async def is_breached(change: Change, flag_key: str) -> bool:
    """Whether a guard has stopped the rollout of a flag."""
    started = await change.rollouts.started(flag_key)
    return started is not None and started.progress.state is State.BREACHED


def require_id(rollout_id: str) -> str:
    """Return the id of a plan as it is stored; raise `InvalidRequest` for a text that is none."""
    if not rollout_id:
        raise InvalidRequest.of("rollout_id", "is required")
    try:
        return str(uuid.UUID(rollout_id))
    except ValueError:
        raise InvalidRequest.of("rollout_id", "is no id of a rollout") from None


def no_rollout(rollout_id: str) -> NotFound:
    """Return the error for a plan that does not exist."""
    return NotFound(
        f"there is no rollout {rollout_id!r}",
        reason=reasons.ERROR_REASON_ROLLOUT_NOT_FOUND,
        metadata={"rollout_id": rollout_id},
    )
