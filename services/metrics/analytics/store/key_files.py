"""Keys of segments that are kept open, with what every report asks of them. Blocking."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.store.keys import Integers, Keys
from services.metrics.analytics.store.manifest import Manifest, Segment
from services.metrics.analytics.store.runs import Places
from services.metrics.analytics.store.segment_files import keys_of


class OpenKeys:
    """
    The keys of a segment.

    Attributes:
        actor, time, code, names: see `Keys`.
    """

    def __init__(self, keys: Keys) -> None:
        self.actor, self.time, self.code, self.names = keys.actor, keys.time, keys.code, keys.names
        self._begins: tuple[Places, Integers] | None = None

    @property
    def begins(self) -> tuple[Places, Integers]:
        """Where the rows of each actor begin, and who that is."""
        found = self._begins
        if found is None:
            places = begins_of(self.actor)
            found = self._begins = places, self.actor.take(places)
        return found


class KeyFiles:
    """
    The keys of the segments of a store. Segments never change: keys stay open as long as the store names them. Safe to
    use from threads.
    """

    def __init__(self) -> None:
        self._opened: dict[tuple[Path, str], OpenKeys] = {}
        self._kept: Manifest | None = None

    def of(self, folder: Path, segment: Segment) -> OpenKeys:
        """Return the keys of a segment; raise SegmentDamaged."""
        found = self._opened.get((folder, segment.name))
        if found is None:
            found = self._opened[folder, segment.name] = OpenKeys(keys_of(folder, segment))
        return found

    def keep(self, folder: Path, manifest: Manifest) -> None:
        """Let go of all that a manifest does not name. It stays open for whoever reads it now."""
        if manifest is not self._kept:
            self._kept = manifest
            names = {(folder, segment.name) for segment in manifest.segments}
            self._opened = {key: keys for key, keys in self._opened.copy().items() if key in names}


def begins_of(actor: npt.NDArray[np.int64]) -> Places:
    """Return where another actor begins; where the first one does among them."""
    if not len(actor):
        return np.empty(0, np.intp)
    begins = np.flatnonzero(actor[1:] != actor[:-1])
    begins += 1
    return np.concatenate((np.zeros(1, np.intp), begins))
