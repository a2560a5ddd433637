"""The seam through which flags and segments are managed: read with what is known about them, and changed."""

import datetime
import enum
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from services.flags.store import Entry, EnvironmentHead, Kind
from services.flags.store.records import Action, Author, Definition, PastVersion, Record
from services.flags.store.rollouts import RolloutChange


class State(enum.Enum):
    """States to filter by; `FlagState` of `flag_admin_service.proto`."""

    LIVE = "live"
    """All but archived."""
    ON = "on"
    OFF = "off"
    KILLED = "killed"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which definitions a list shows. Empty texts filter nothing; `search` is a part of key or description."""

    state: State = State.LIVE
    tag: str = ""
    owner: str = ""
    search: str = ""


class Change(Protocol):
    """
    A change of one environment that is being made, alone: nobody else changes the environment meanwhile.

    Everything that is put is written when the block ends without an error, in one transaction and under one revision.
    With an error, or when nothing was put, nothing is written.
    """

    head: EnvironmentHead
    """Where the environment stood when the change began."""
    at: datetime.datetime
    """When the change is made, by the database's clock; never before that of an earlier revision."""

    @property
    def rollouts(self) -> RolloutChange:
        """The rollout plans of the environment: what is put there is written in the same transaction."""

    @property
    def revision(self) -> int:
        """The revision that this change brings."""

    @property
    def written(self) -> bool:
        """Whether anything was put."""

    async def find(self, kind: Kind, key: str) -> Record | None:
        """Return a definition, archived or not."""

    async def records(self) -> Sequence[Record]:
        """Return all definitions, archived ones included, by kind and key."""

    async def entries_since(self, revision: int) -> Sequence[Entry]:
        """Return what changed after a revision, archived entries included."""

    async def size(self) -> int:
        """Return how many bytes the live definitions have together, without what was put."""

    async def version(self, kind: Kind, key: str, version: int) -> PastVersion | None:
        """Return one version of a definition."""

    def put(
        self, definition: Definition, previous: Record | None, action: Action, *, comment: str, archived: bool = False
    ) -> Record:
        """
        Make this the newest version of a definition, and return it as it will be stored.

        The version inside the message is ignored: it is one more than that of `previous`, or 1.
        """


class DefinitionStore(Protocol):
    """
    Flags and segments with their history.

    Every method raises `NotFound` when there is no such environment, and `Unavailable` when the database does not
    answer; it works again by itself afterwards.
    """

    async def find(self, environment: str, kind: Kind, key: str) -> Record | None:
        """Return a definition, archived or not."""

    async def page(
        self, environment: str, kind: Kind, wanted: Filter, *, after: str, limit: int
    ) -> tuple[EnvironmentHead, Sequence[Record]]:
        """Return at most `limit` definitions whose key comes after `after`, by key, as of one instant."""

    async def history(
        self, environment: str, kind: Kind, key: str, *, before: int | None, limit: int
    ) -> Sequence[PastVersion]:
        """Return at most `limit` versions, newest first; with `before` only versions below it."""

    def change(
        self, environment: str, author: Author, *, seconds: float | None = None
    ) -> AbstractAsyncContextManager[Change]:
        """
        Begin a change; wait for those that others are making.

        The whole block may take `seconds`, or else the store's usual time, and is then given up with `Unavailable`.
        When the database goes away while the end is being written, the message of `Unavailable` says that it may have
        been.
        """
