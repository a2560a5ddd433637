"""
Reading the store: the seam that reports are built on.

A `Snapshot` is the store at one moment; nothing that is asked of it changes any more. It answers as a DuckDB connection
with the view `events`, and as arrays in the order of actors and time.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow.compute as pc

from services.metrics.analytics.store import SnapshotExpired, StoreUnavailable
from services.metrics.analytics.store.arrays import Rows, Wanted, read_rows
from services.metrics.analytics.store.batches import Batch, batches
from services.metrics.analytics.store.engine import Limits, connect
from services.metrics.analytics.store.folders import StoreFolder
from services.metrics.analytics.store.key_files import KeyFiles
from services.metrics.analytics.store.manifest import Manifest
from services.metrics.analytics.store.marks import Marks
from services.metrics.analytics.store.pieces import Store
from services.metrics.analytics.store.schema import Kind, property_of
from services.metrics.analytics.store.segment_files import SegmentDamaged
from services.metrics.analytics.store.traits import TraitFile, read_traits, traits_of

GRACE_SECONDS: Final = 120.0
"""For so long files are kept that the newest manifest does not name; a report has to be done by then."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """
    How far the log is in the store.

    Attributes:
        position: how many entries of the log are in.
        complete_us: everything that was committed to the log before this time is in; microseconds since 1970, UTC.
        at_end: whether the log had nothing more then; otherwise the store is catching up.
    """

    position: int
    complete_us: int
    at_end: bool


class Snapshot:
    """
    The store of one environment at one moment.

    It may be used for `GRACE_SECONDS`; afterwards it raises SnapshotExpired. It is cheap, and safe to use from threads.

    Attributes:
        forgets: grows when something was erased: what was remembered of a lower one has to be dropped.
    """

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        clock: Callable[[], float] = time.monotonic,
        files: KeyFiles | None = None,
    ) -> None:
        self._folder = folder
        self._manifest = manifest
        self._clock = clock
        self._files = KeyFiles() if files is None else files
        self._until = clock() + GRACE_SECONDS
        self.watermark = Watermark(manifest.position, manifest.complete_us, manifest.at_end)
        self.forgets = manifest.forgets
        self._traits: TraitFile | None = None

    def key(self, tenant: str | None) -> tuple[str, int, bool]:
        """
        Return what is another one whenever an answer about a tenant may be, about all with None: results are remembered
        by it, of one environment.
        """
        manifest = self._manifest
        touched = manifest.position if tenant is None else manifest.touched.get(tenant, 0)
        # What was split is told apart a little later, which touches nothing.
        return manifest.build, touched, bool(manifest.splits if tenant is None else manifest.splits.get(tenant))

    def tenants(self) -> Mapping[str, int]:
        """Return the tenants of which there is anything, each with its rows (those erased a moment ago included)."""
        rows: dict[str, int] = {}
        for segment in self._manifest.segments:
            for part in segment.parts:
                rows[part.tenant] = rows.get(part.tenant, 0) + part.rows
        return rows

    def rows(self, tenant: str | None) -> int:
        """Return the rows of a tenant, of all with None (those erased a moment ago included)."""
        return sum(part.rows for segment in self._manifest.segments for part in segment.of(tenant))

    def first_us(self, tenant: str | None) -> int | None:
        """
        Return when the first event of a tenant occurred, of all with None, in microseconds since 1970; None when there
        is none (those erased a moment ago included).
        """
        return min((part.first_us for segment in self._manifest.segments for part in segment.of(tenant)), default=None)

    def properties(self, tenant: str | None) -> Mapping[str, frozenset[Kind]]:
        """
        Return the properties that have columns, with the kinds of values.

        Segments that hold several tenants are as one here: a property of another one may be among them.
        """
        kinds: dict[str, set[Kind]] = {}
        for segment in self._manifest.segments:
            if segment.of(tenant):
                for column in segment.properties:
                    found = property_of(column)
                    if found is not None:
                        kinds.setdefault(found.name, set()).add(found.kind)
        return {name: frozenset(each) for name, each in kinds.items()}

    def has_rest(self, tenant: str | None) -> bool:
        """Return whether any property is in the column `rest`."""
        return any(segment.has_rest and segment.of(tenant) for segment in self._manifest.segments)

    def connect(
        self, tenant: str | None, limits: Limits | None = None, *, sealed: bool = False
    ) -> duckdb.DuckDBPyConnection:
        """
        Open a DuckDB of its own, in memory, with the view `events`: `schema.FIXED` with `is_identified`, the columns of
        `properties`, and `rest` where `has_rest`. `actor` is the person after all merges, NULL for nobody.

        The connection sees the rows of the tenant and of nobody else (None: those of all), can reach neither other
        files nor the network, and its configuration is locked. The caller closes it.

        With `sealed` it is for statements of others: rows of who was erased a moment ago, which the view leaves out,
        cannot be reached past it either. What holds such rows is read into memory first.

        Raises:
            SnapshotExpired: see there.
            StoreUnavailable: the store is damaged.
        """
        self._check()
        try:
            return connect(self._folder, self._manifest, tenant, limits or Limits(), sealed=sealed)
        except SegmentDamaged as error:
            raise self._damaged(error) from error

    def arrays(self, tenant: str | None, wanted: Wanted) -> Iterator[Rows]:
        """
        Yield events of a tenant, of all with None, in stretches. Each holds all that is wanted of its actors, ordered
        by actor and then by time; events of one time are in the order of the log as far as one segment holds them.

        Raises:
            SnapshotExpired: see there.
            StoreUnavailable: the store is damaged.
        """
        try:
            for rows in read_rows(self._folder, self._manifest, tenant, wanted):
                self._check()
                yield rows
        except SegmentDamaged as error:
            raise self._damaged(error) from error

    def batches(self, tenant: str | None, wanted: Wanted) -> Iterator[Batch]:
        """
        Yield what is wanted of a tenant, of all with None, to be read by whichever thread: without columns, and a good
        deal faster than `arrays`.

        Raises:
            SnapshotExpired: see there.
            StoreUnavailable: see there.
        """
        for batch in batches(Store(self._folder, self._manifest, self._files, self._damaged), tenant, wanted):
            self._check()
            yield batch

    def traits(self, tenant: str | None) -> Any:
        """
        Return the traits that users of a tenant have now, of all with None, as a `pyarrow.Table` of `TRAITS`. It is the
        same table whenever it is asked for.
        """
        if self._traits is None:
            self._traits = read_traits(self._folder.parent)
        gone = self._manifest.condemned if tenant is None else {tenant: self._manifest.condemned.get(tenant, ())}
        return traits_of(self._traits.table, tenant, [actor for actors in gone.values() for actor in actors])

    def trait_names(self) -> frozenset[str] | None:
        """Return the names of all traits that users of any tenant have; None when no traits were told yet."""
        if not self.traits_version() or self._traits is None:
            return None
        return frozenset(pc.unique(self._traits.table["name"]).to_pylist())

    def traits_version(self) -> str:
        """
        Return what is another one whenever traits were told anew, empty when they never were: an answer that looks at
        them depends on it.
        """
        if self._traits is None:
            self._traits = read_traits(self._folder.parent)
        return self._traits.version

    def report_damage(self) -> None:
        """Say that what a connection read is damaged: whoever writes the store looks at it, and makes it anew."""
        if self._clock() > self._until:
            # What is deleted by then is not damaged.
            return
        with contextlib.suppress(OSError):
            Marks(self._folder.parent).note_damage(self._manifest.build)

    def _damaged(self, error: SegmentDamaged) -> StoreUnavailable:
        self._check()
        self.report_damage()
        return StoreUnavailable(f"the analytics store is damaged, and is made anew: {error}")

    def _check(self) -> None:
        if self._clock() > self._until:
            raise SnapshotExpired("what was read from the store is too old by now: ask again")


class AnalyticsStore:
    """The stores of all environments, for readers; `folder` is the one of the settings. Blocking, but quick."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._known: dict[str, tuple[object, Path, Manifest]] = {}
        self._files: dict[str, tuple[float, KeyFiles]] = {}

    def snapshot(self, environment: str) -> Snapshot:
        """
        Return the store of an environment as it is now.

        Raises:
            StoreUnavailable: it is not there yet, or cannot be read.
        """
        folder = StoreFolder(self._folder, environment)
        known = self._known.get(environment)
        stamp = folder.stamp()
        if known is None or stamp is None or known[0] != stamp:
            live = folder.live()
            if live is None:
                raise StoreUnavailable(f"the analytics store of {environment!r} is not built yet")
            known = self._known[environment] = (stamp, *live)
        _, files = self._files.get(environment, (0.0, KeyFiles()))
        files.keep(known[1], known[2])
        self._files[environment] = self._clock(), files
        self.release()
        return Snapshot(known[1], known[2], files=files)

    def release(self) -> None:
        """Let go of the files of stores that nobody asked for lately, so that those deleted take no room any more."""
        now = self._clock()
        self._files = {name: each for name, each in self._files.items() if now - each[0] <= GRACE_SECONDS}
