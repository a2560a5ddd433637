"""A copy of all objects of one kind, kept current: listed once, then watched."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from services.controller.cluster.api import ApiError, KubernetesApi, Object

_log = logging.getLogger(__name__)

Name: TypeAlias = tuple[str, str]
"""Namespace and name."""

_WATCH_SECONDS: Final = 300
_PAGE: Final = "500"
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0


def name_of(document: Object) -> Name:
    """Return namespace and name of an object."""
    metadata = document["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


class Followed:
    """
    The objects of a collection by name.

    Args:
        api: where they are.
        path: of the collection.
        on_change: told the name of each object that came, changed or went.

    Attributes:
        listed: set once all objects were read.
    """

    def __init__(self, api: KubernetesApi, path: str, on_change: Callable[[Name], None]) -> None:
        self._api = api
        self._path = path
        self._on_change = on_change
        self._objects: dict[Name, Object] = {}
        self.listed = asyncio.Event()

    @property
    def objects(self) -> Mapping[Name, Object]:
        """What is known now."""
        return self._objects

    async def run(self) -> None:
        """Follow for ever, from where the watch broke off; from a new list when that is too old."""
        pause, version = _FIRST_PAUSE, ""
        while True:
            try:
                if not version:
                    version = await self._list()
                    pause = _FIRST_PAUSE
                async for kind, document in self._api.watch(self._path, version, _WATCH_SECONDS):
                    version = document["metadata"]["resourceVersion"]
                    pause = _FIRST_PAUSE
                    self._take(kind, document)
            except ApiError as error:
                if error.status:
                    version = ""  # Refused, not cut off: whatever we knew, the server wants us to begin anew.
                if error.is_gone:
                    continue
                _log.warning("watch failed", extra={"path": self._path, "error": error.message})
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, _LONGEST_PAUSE)

    def seen(self, document: Object) -> None:
        """Take an object as a write returned it, unless the watch has brought a newer one or taken it away."""
        name = name_of(document)
        known = self._objects.get(name)
        if known is not None and known["metadata"]["uid"] == document["metadata"]["uid"]:
            self._objects[name] = document

    async def _list(self) -> str:
        found: dict[Name, Object] = {}
        query = {"limit": _PAGE}
        while True:
            page = await self._api.get(self._path, **query)
            found |= {name_of(each): each for each in page["items"]}
            more = page["metadata"].get("continue")
            if not more:
                break
            query["continue"] = more
        before, self._objects = self._objects, found
        self.listed.set()
        for name in before.keys() | found.keys():
            if _version(before.get(name)) != _version(found.get(name)):
                self._on_change(name)
        return str(page["metadata"]["resourceVersion"])

    def _take(self, kind: str, document: Object) -> None:
        if kind == "BOOKMARK":
            return
        name = name_of(document)
        if kind == "DELETED":
            self._objects.pop(name, None)
        else:
            self._objects[name] = document
        self._on_change(name)


def _version(document: Object | None) -> str:
    return "" if document is None else str(document["metadata"]["resourceVersion"])
