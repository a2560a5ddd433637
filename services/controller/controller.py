"""What the leader does: follows the resources, looks at what changed, and at everything now and then."""

import asyncio
import contextlib
import datetime
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from services.controller.claims import Claims
from services.controller.cluster.api import ApiError, KubernetesApi
from services.controller.cluster.events import Recorder
from services.controller.cluster.following import Followed, Name
from services.controller.drift import DriftWatch
from services.controller.flag_service import FlagService
from services.controller.reconciler import Reconciler, Verdict
from services.controller.resource import GROUP, LIFT_ANNOTATION, PLURAL, VERSION
from services.controller.statuses import Refused
from services.controller.work_queue import WorkQueue

_log = logging.getLogger(__name__)

_WORKERS: Final = 8
_WAITING_SECONDS: Final = 1.0
_LONGEST_WAIT: Final = 30.0
ALL_NAMESPACES: Final = "*"


class Controller:
    """
    Carries out all resources of a namespace.

    Args:
        api: of the cluster.
        flags: the flag service.
        recorder: of events.
        namespace: whose resources count; "*" for all.
        clock: seconds of a clock that only goes forward.
        now: the present, in UTC.

    Attributes:
        looks: how many looks at resources there were, by how they ended.
    """

    def __init__(
        self,
        api: KubernetesApi,
        flags: FlagService,
        recorder: Recorder,
        namespace: str,
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime.datetime],
    ) -> None:
        within = "" if namespace == ALL_NAMESPACES else f"/namespaces/{namespace}"
        self._path = f"/apis/{GROUP}/{VERSION}{within}/{PLURAL}"
        self._api = api
        self._flags = flags
        self._recorder = recorder
        self._clock = clock
        self._now = now
        self._begin()
        self.looks: Counter[str] = Counter()

    def _begin(self) -> None:
        """Forget everything: another may have led meanwhile."""
        self._claims = Claims()
        self._queue = WorkQueue(self._clock)
        self._looked: dict[Name, object] = {}
        self._waits: dict[Name, float] = {}
        self._followed = Followed(self._api, self._path, self._changed)
        self._drift = DriftWatch(self._flags, self._claims, self._queue.add)
        self._reconciler = Reconciler(
            self._api,
            self._flags,
            self._recorder,
            followed=self._followed,
            claims=self._claims,
            now=self._now,
        )

    @property
    def waiting(self) -> int:
        """How many resources wait to be looked at."""
        return self._queue.waiting

    def states(self) -> Mapping[str, int]:
        """Return how many resources are ready, not ready, and in conflict."""
        found = Counter({"ready": 0, "not_ready": 0, "conflict": 0})
        for document in self._followed.objects.values():
            holds = {each["type"]: each["status"] for each in (document.get("status") or {}).get("conditions") or []}
            found["ready" if holds.get("Ready") == "True" else "not_ready"] += 1
            found["conflict"] += holds.get("Conflict") == "True"
        return found

    async def run(self, *, resync_seconds: float, drift_seconds: float) -> None:
        """Carry out what resources say; for ever."""
        self._begin()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._followed.run())
            await self._followed.listed.wait()
            with contextlib.suppress(Refused):
                await self._drift.ask()  # before the first look, so that nothing changes in between unseen
            tasks.create_task(self._drift.run(drift_seconds))
            tasks.create_task(self._look_at_all(resync_seconds))
            for _ in range(_WORKERS):
                tasks.create_task(self._work())

    async def _work(self) -> None:
        while True:
            name = await self._queue.take()
            try:
                await self._look(name)
            finally:
                self._queue.done(name)

    async def _look(self, name: Name) -> None:
        document = self._followed.objects.get(name)
        self._looked[name] = _signature(document)
        try:
            verdict = await self._reconciler.look(name)
        except ApiError as error:
            _log.warning("a resource cannot be written", extra={"resource": "/".join(name), "error": error.message})
            verdict = Verdict.FAILED
        except Exception:  # noqa: BLE001 - the other resources go on
            _log.exception("a fault with one resource", extra={"resource": "/".join(name)})
            verdict = Verdict.FAILED
        self.looks[verdict.value] += 1
        if verdict is Verdict.FAILED:
            self._queue.failed(name)
            return
        self._queue.succeeded(name)
        if verdict is Verdict.WAITING:
            wait = self._waits[name] = min(self._waits.get(name, _WAITING_SECONDS / 2) * 2, _LONGEST_WAIT)
            self._queue.add(name, wait)
        else:
            self._waits.pop(name, None)
        if name not in self._followed.objects:
            self._looked.pop(name, None)

    async def _look_at_all(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            for name in self._followed.objects:
                self._queue.add(name, random.uniform(0.0, seconds / 2))

    def _changed(self, name: Name) -> None:
        document = self._followed.objects.get(name)
        for other in self._claims.take(name, document):
            self._queue.add(other)
        # Our own writes of status come back here too.
        if document is None or self._looked.get(name) != _signature(document):
            self._queue.add(name)


def _signature(document: Mapping[str, Any] | None) -> object:
    """Return what has to differ before a resource is worth another look."""
    if document is None:
        return None
    metadata = document["metadata"]
    lifts = (metadata.get("annotations") or {}).get(LIFT_ANNOTATION)
    return metadata["uid"], metadata.get("generation"), metadata.get("deletionTimestamp"), lifts
