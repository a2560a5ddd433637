"""Tells in Kubernetes' events what was done to an object, for `kubectl describe`."""

import datetime
import logging
from collections.abc import Callable
from typing import Final

from services.controller.cluster.api import FIELD_MANAGER, ApiError, KubernetesApi, Object

_log = logging.getLogger(__name__)

_AGAIN_SECONDS: Final = 600.0
_MOST_REMEMBERED: Final = 10_000
_MOST_CHARACTERS: Final = 1_000


class Recorder:
    """
    Records events. They are told as well as can be: nothing fails because of one that is lost.
    """

    def __init__(self, api: KubernetesApi, identity: str, clock: Callable[[], float]) -> None:
        self._api = api
        self._identity = identity
        self._clock = clock
        self._told: dict[tuple[str, str, str], float] = {}

    async def tell_state(self, about: Object, reason: str, message: str) -> None:
        """Record that something is wrong with an object; the same of the same object once in ten minutes."""
        key = (about["metadata"]["uid"], reason, message)
        if self._clock() - self._told.get(key, float("-inf")) < _AGAIN_SECONDS:
            return
        if len(self._told) >= _MOST_REMEMBERED:
            self._told.clear()
        self._told[key] = self._clock()
        await self.tell(about, reason, message, warning=True)

    async def tell(self, about: Object, reason: str, message: str, *, warning: bool = False) -> None:
        """
        Record that something was done.

        Args:
            about: the object.
            reason: one word in CamelCase, for programs.
            message: for people.
            warning: whether somebody should look.
        """
        metadata = about["metadata"]
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        namespace = metadata["namespace"]
        document: Object = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{metadata['name']}.", "namespace": namespace},
            "involvedObject": {
                "apiVersion": about["apiVersion"],
                "kind": about["kind"],
                "namespace": namespace,
                "name": metadata["name"],
                "uid": metadata["uid"],
                "resourceVersion": metadata["resourceVersion"],
            },
            "type": "Warning" if warning else "Normal",
            "reason": reason,
            "message": message[:_MOST_CHARACTERS],
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "source": {"component": FIELD_MANAGER},
            "reportingComponent": "flags.mirante.dev/controller",
            "reportingInstance": self._identity,
        }
        try:
            await self._api.create(f"/api/v1/namespaces/{namespace}/events", document)
        except ApiError as error:
            _log.info("an event was not recorded", extra={"reason": reason, "error": error.message})
