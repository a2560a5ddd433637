"""Some of all actors: what narrows reports down. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports.reading import Keys
from services.metrics.analytics.store.runs import Places, Runs, joined, of_some
from services.metrics.analytics.store.schema import NOBODY

Actors = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class People:
    """
    Actors.

    Attributes:
        actors: ascending, each once.
        outside: whether all but these are meant. Nobody is never meant.
    """

    actors: Actors
    outside: bool = False

    def among(self, actors: Actors) -> npt.NDArray[np.bool_]:
        """Return which actors are meant."""
        found: npt.NDArray[np.bool_] = actors != NOBODY
        if len(self.actors):
            places = np.minimum(np.searchsorted(self.actors, actors), len(self.actors) - 1)
            found &= (self.actors[places] == actors) != self.outside
        elif not self.outside:
            found[:] = False
        return found


def all_of(some: Iterable[People]) -> People:
    """Return the actors who are among all of some."""
    inside: Actors | None = None
    outside = np.empty(0, np.int64)
    for each in some:
        if each.outside:
            outside = np.union1d(outside, each.actors)
        else:
            inside = each.actors if inside is None else np.intersect1d(inside, each.actors, assume_unique=True)
    if inside is None:
        return People(outside, outside=True)
    return People(np.setdiff1d(inside, outside, assume_unique=True))


class KeysOf:
    """The keys of some actors in a batch."""

    def __init__(self, batch: Keys, people: People) -> None:
        self._batch = batch
        self._people = people

    def times(self) -> Iterator[tuple[Actors, Places]]:
        """See `Keys`."""
        runs = self.read()
        if runs.times:
            yield joined(runs.times), runs.outside

    def read(self) -> Runs:
        """See `Keys`."""
        runs = self._batch.read()
        return of_some(runs, self._people.among(runs.actors))
