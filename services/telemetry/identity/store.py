"""The seam between identities and the database."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Person:
    """A user of one tenant in one environment; without a user id the tenant itself."""

    environment: str
    tenant: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Trait:
    """An observation: `value` is a serialised `Value`, None when the trait was removed."""

    name: str
    value: bytes | None
    observed_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Joining:
    """An anonymous id that belongs to a person from now on, and the serialised `ActorMerge` that tells it."""

    person: Person
    anonymous_id: str
    entry: bytes


@dataclass(frozen=True, slots=True)
class Traits:
    """The traits that a user and their tenant have: serialised values by name."""

    user: Mapping[str, bytes]
    tenant: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class TraitHead:
    """The epoch of positions, and the transaction below which all changes of traits are final."""

    epoch: uuid.UUID
    horizon: int


@dataclass(frozen=True, slots=True, order=True)
class TraitPlace:
    """Where a trait stands among the changes: the transaction that changed it, and whose and which it is."""

    xid: int
    tenant: str = ""
    user_id: str = ""
    name: str = ""


class IdentityStore(Protocol):
    """
    Where identities are.

    Every change is one transaction, ordered against erasures: nothing of an erased person is written after their
    tombstone. All methods raise `Unavailable` when the database does not answer.
    """

    async def set_traits(self, person: Person, traits: Sequence[Trait], joining: Joining | None) -> bool:
        """
        Set traits, sorted by name; of each the newer observation wins. Join an anonymous id first if one is given.

        Returns:
            whether it was joined now.

        Raises:
            StateConflict: as `join`; or the person would have too many traits.
        """

    async def join(self, joining: Joining) -> bool:
        """
        Join an anonymous id to a user and append the log's entry; return False when it was joined before.

        Raises:
            StateConflict: it belongs to another user, or one of them was erased (SUBJECT_ERASED).
        """

    async def split(self, environment: str, tenant: str, anonymous_id: str) -> bool:
        """
        Take a joining back and append the log's entry; return False when there was none.

        Raises:
            StateConflict: the anonymous id was erased (SUBJECT_ERASED).
        """

    async def traits(self, person: Person) -> Traits:
        """Return the traits that a user and their tenant have; those of the user are empty without a user id."""

    async def head(self) -> TraitHead:
        """Return what is final now."""

    async def changes(
        self, environment: str, after: TraitPlace, horizon: int, limit: int
    ) -> Sequence[tuple[TraitPlace, bytes | None]]:
        """Return traits of users as they are now, in the order of their places: those after one, below a horizon."""
