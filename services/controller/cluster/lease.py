"""One leader among replicas, by a Lease: whoever renews it leads; unrenewed for long, it is there to be taken."""

import asyncio
import datetime
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final

from services.controller.cluster.api import ApiError, KubernetesApi, Object

_log = logging.getLogger(__name__)

_COLLECTION: Final = "/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"


class Lease:
    """
    A Lease that this process tries to hold.

    Clocks of machines are never compared: a holder counts as gone when its Lease has not changed for `seconds` by our
    own clock. It stops leading itself when it could not renew for two thirds of that.

    Args:
        api: of the cluster.
        namespace: of the Lease.
        name: of the Lease.
        identity: of this process, as people see it.
        clock: seconds of a clock that only goes forward.
        seconds: after which an unrenewed Lease may be taken.

    Attributes:
        leads: whether this process leads.
        known: set once it is known who leads.
    """

    def __init__(
        self,
        api: KubernetesApi,
        namespace: str,
        name: str,
        identity: str,
        clock: Callable[[], float],
        *,
        seconds: float,
    ) -> None:
        self._api = api
        self._collection = _COLLECTION.format(namespace=namespace)
        self._name = name
        self._identity = identity
        self._clock = clock
        self._seconds = seconds
        self._seen = ("", 0.0)
        self.leads = False
        self.known = asyncio.Event()

    async def run(self, lead: Callable[[], Awaitable[None]]) -> None:
        """Run `lead` whenever this process leads, and cancel it when it no longer does; for ever."""
        try:
            while True:
                if await self._try(self._seconds):
                    await self._lead(lead)
                await asyncio.sleep(self._pause())
        finally:
            if self.leads:
                self.leads = False
                await self._release()

    async def _lead(self, lead: Callable[[], Awaitable[None]]) -> None:
        self.leads = True
        _log.info("leading", extra={"lease": self._name})
        work = asyncio.ensure_future(lead())
        try:
            await self._renew_until_lost(work)
        finally:
            work.cancel()
            await asyncio.wait([work])
        if work.done() and not work.cancelled() and work.exception() is not None:
            _log.error("leading failed and is begun again", exc_info=work.exception())
        self.leads = False
        _log.warning("not leading any more", extra={"lease": self._name})

    async def _renew_until_lost(self, work: "asyncio.Future[None]") -> None:
        renewed = self._clock()
        while not work.done():
            await asyncio.wait([work], timeout=self._pause())
            asked = self._clock()
            left = renewed + self._seconds * 2 / 3 - asked
            held = await self._try(left) if left > 0 else False
            if held:
                renewed = asked
            elif held is False:
                return

    async def _try(self, most_seconds: float) -> bool | None:
        """Create, take or renew the Lease; return whether we hold it, None when that could not be found out."""
        try:
            async with asyncio.timeout(min(most_seconds, self._seconds / 3)):
                held = await self._claim()
        except (ApiError, TimeoutError) as error:
            if not (isinstance(error, ApiError) and error.is_conflict):
                _log.warning("the lease cannot be claimed", extra={"error": str(error)})
            return None
        self.known.set()
        return held

    async def _claim(self) -> bool:
        try:
            lease = await self._api.get(f"{self._collection}/{self._name}")
        except ApiError as error:
            if not error.is_missing:
                raise
            await self._api.create(self._collection, self._written(None))
            return True
        spec = lease.get("spec") or {}
        holder, version = spec.get("holderIdentity") or "", lease["metadata"]["resourceVersion"]
        if holder and holder != self._identity:
            if self._seen[0] != version:
                self._seen = (version, self._clock())
            if self._clock() - self._seen[1] < max(self._seconds, float(spec.get("leaseDurationSeconds") or 0)):
                return False
        await self._api.replace(f"{self._collection}/{self._name}", self._written(lease))
        self._seen = ("", 0.0)
        return True

    async def _release(self) -> None:
        try:
            async with asyncio.timeout(self._seconds / 3):
                lease = await self._api.get(f"{self._collection}/{self._name}")
                if lease["spec"].get("holderIdentity") == self._identity:
                    lease["spec"]["holderIdentity"] = ""
                    await self._api.replace(f"{self._collection}/{self._name}", lease)
        except (ApiError, TimeoutError):
            _log.info("the lease was not given back; others wait for its end")

    def _written(self, lease: Object | None) -> Object:
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        before = (lease or {}).get("spec") or {}
        taken = before.get("holderIdentity") != self._identity
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": lease["metadata"] if lease else {"name": self._name},
            "spec": {
                "holderIdentity": self._identity,
                "leaseDurationSeconds": max(1, round(self._seconds)),
                "acquireTime": now if taken else before.get("acquireTime"),
                "renewTime": now,
                "leaseTransitions": int(before.get("leaseTransitions") or 0) + (1 if lease and taken else 0),
            },
        }

    def _pause(self) -> float:
        return self._seconds / 3 * random.uniform(0.6, 0.9)
