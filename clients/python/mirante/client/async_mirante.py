"""The client with its asyncio face."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from mirante.client.mirante import MiranteClient
from mirante.evaluation.model import Context, Evaluation, FlagType, JsonValue


class AsyncMirante(MiranteClient):
    """
    `Mirante` for asyncio.

    In process, questions are plain calls that never wait: `mirante.is_enabled("nova_ui_vendas", context)`. In remote
    mode those would block the loop; there, await `details_async` and `all_flags_async`, which work in both modes.
    Listeners are called on a thread of the client, not in the loop.
    """

    async def details_async(
        self,
        flag_key: str,
        context: Context | None = None,
        default: JsonValue = None,
        expected_type: FlagType | None = None,
    ) -> Evaluation:
        """Return the answer as `details` does. Raises nothing but the task's cancellation."""
        if self._replica is not None:
            return self.details(flag_key, context, default, expected_type)
        evaluation = await self._remote().details_async(flag_key, context, default, expected_type)
        if self._exposures is not None:
            self._exposures.note(evaluation, context)
        return evaluation

    async def all_flags_async(self, context: Context | None = None) -> Mapping[str, Evaluation]:
        """Return the answers of all flags as `all_flags` does."""
        if self._replica is not None:
            return self.all_flags(context)
        return await self._remote().all_flags_async(context)

    async def wait_until_ready(self, timeout: float | None = 10.0) -> bool:  # noqa: ASYNC109 - as in `Mirante`
        """Wait until the service has confirmed the rules; return whether it has."""
        return await asyncio.to_thread(self._source.wait_until_ready, timeout)

    async def traits_async(self, user_id: str = "", tenant: str = "") -> dict[str, JsonValue]:
        """Return what `traits` returns, without blocking the loop."""
        return await self._telemetry.traits_async(user_id, tenant)

    async def flush(self, timeout: float = 10.0) -> int:  # noqa: ASYNC109 - as in `Mirante`
        """Deliver without lingering; return how many events are left. As `Mirante.flush`."""
        return await asyncio.to_thread(self._telemetry.flush, timeout)

    async def flush_to_spool(self, timeout: float = 1.0) -> bool:  # noqa: ASYNC109 - as in `Mirante`
        """Wait until everything tracked before is on disk; return whether it is. As `Mirante.flush_to_spool`."""
        return await asyncio.to_thread(self._telemetry.flush_to_spool, timeout)

    async def close(self) -> None:
        """Deliver what was tracked and leave the services, as `Mirante.close`."""
        await asyncio.to_thread(self._telemetry.close)
        await asyncio.to_thread(self._source.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
