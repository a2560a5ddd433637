"""The names that questions may say: those that the catalogue declares, and those of what has come in."""

import asyncio
import contextlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import numpy as np
from mirante.api.telemetry.v1 import catalogue_service_pb2 as catalogue_pb2

from services.metrics.analytics.reports.asking import Known
from services.metrics.analytics.store import StoreUnavailable
from services.metrics.analytics.store.folders import StoreFolder
from services.metrics.analytics.store.manifest import Manifest
from services.metrics.analytics.store.reading import AnalyticsStore
from services.metrics.analytics.store.segment_files import SegmentDamaged, keys_of
from services.runtime.errors import Unavailable

_CATALOGUE_SECONDS: Final = 10.0
_TRAIT_SECONDS: Final = 5.0
"""Traits change without the rest of the store."""


class CatalogueSource(Protocol):
    """Knows the catalogue of each environment."""

    async def get(self, environment: str) -> catalogue_pb2.Catalogue:
        """Return the catalogue; raise Unavailable when it cannot be asked for."""


@dataclass(frozen=True, slots=True)
class Names:
    """
    What there is in an environment.

    Attributes:
        declared: descriptions of the events of the catalogue; None while it is not known.
        declared_properties: of their properties.
        seen: events that have come in.
        seen_properties: of events that have come in; None where the store cannot tell them all.
        tenants: of which there is anything.
        traits: that any user has; None while they are not known.
    """

    declared: Mapping[str, str] | None
    declared_properties: frozenset[str]
    seen: frozenset[str]
    seen_properties: frozenset[str] | None
    tenants: tuple[str, ...]
    traits: frozenset[str] | None

    @property
    def known(self) -> Known:
        """What is checked. An event that is declared and never came in is known, and its numbers are 0."""
        events = None if self.declared is None else self.seen | self.declared.keys()
        if self.declared is None or self.seen_properties is None:
            return Known(events=events, traits=self.traits)
        return Known(events=events, properties=self.seen_properties | self.declared_properties, traits=self.traits)


class _OfStore(NamedTuple):
    """Events and properties that have come in, the tenants, and the names of traits."""

    events: frozenset[str]
    properties: frozenset[str] | None
    tenants: tuple[str, ...]
    traits: frozenset[str] | None


class _Seen(NamedTuple):
    """What was found in a store at a time, as long as its stamp is this; and by segment, which never change."""

    stamp: object
    at: float
    by_segment: dict[tuple[Path, str], frozenset[str]]
    found: _OfStore


class NameBook:
    """
    Knows the names.

    Args:
        folder: of all stores.
        catalogues: see there.
        clock: seconds, monotonic.
    """

    def __init__(self, folder: Path, catalogues: CatalogueSource, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._store = AnalyticsStore(folder)
        self._catalogues = catalogues
        self._clock = clock
        self._asked: dict[str, tuple[float, catalogue_pb2.Catalogue | None]] = {}
        self._seen: dict[str, _Seen] = {}

    async def names(self, environment: str) -> Names:
        """Return the names; raise StoreUnavailable when there is no store."""
        catalogue = await self._catalogue(environment)
        seen, properties, tenants, traits = await asyncio.to_thread(self._of_store, environment)
        declared = None if catalogue is None else {each.name: each.description for each in catalogue.events}
        declared_properties = (
            {each.name for event in catalogue.events for each in event.properties} if catalogue else ()
        )
        return Names(declared, frozenset(declared_properties), seen, properties, tenants, traits)

    async def of_tenant(self, environment: str, tenant: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return the events and the properties of which a tenant has any; raise StoreUnavailable."""
        return await asyncio.to_thread(self._of_tenant, environment, tenant)

    def _of_tenant(self, environment: str, tenant: str) -> tuple[frozenset[str], frozenset[str]]:
        properties = frozenset(self._store.snapshot(environment).properties(tenant))
        build, manifest = _live(StoreFolder(self._folder, environment))
        events: set[str] = set()
        for segment in manifest.segments:
            for part in segment.of(tenant):
                with contextlib.suppress(SegmentDamaged):
                    keys = keys_of(build, segment)
                    counts = np.bincount(keys.code[part.start : part.start + part.rows])
                    events.update(keys.names[code] for code in np.flatnonzero(counts).tolist())
        return frozenset(events), properties

    async def _catalogue(self, environment: str) -> catalogue_pb2.Catalogue | None:
        at, catalogue = self._asked.get(environment, (-math.inf, None))
        if self._clock() - at < _CATALOGUE_SECONDS:
            return catalogue
        # What was known a while ago is better than no check, and nobody waits twice for who does not answer.
        with contextlib.suppress(Unavailable):
            catalogue = await self._catalogues.get(environment)
        self._asked[environment] = (self._clock(), catalogue)
        return catalogue

    def _of_store(self, environment: str) -> _OfStore:
        folder = StoreFolder(self._folder, environment)
        stamp = folder.stamp()
        known = self._seen.get(environment)
        is_new = known is not None and self._clock() - known.at < _TRAIT_SECONDS
        if known is not None and is_new and stamp is not None and known.stamp == stamp:
            return known.found
        snapshot = self._store.snapshot(environment)
        by_segment = self._events(folder, known)
        properties = None if snapshot.has_rest(None) else frozenset(snapshot.properties(None))
        events = frozenset[str]().union(*by_segment.values())
        found = _OfStore(events, properties, tuple(sorted(snapshot.tenants())), snapshot.trait_names())
        self._seen[environment] = _Seen(stamp, self._clock(), by_segment, found)
        return found

    def _events(self, folder: StoreFolder, known: _Seen | None) -> dict[tuple[Path, str], frozenset[str]]:
        build, manifest = _live(folder)
        before = {} if known is None else known.by_segment
        by_segment = {}
        for segment in manifest.segments:
            key = build, segment.name
            try:
                by_segment[key] = before.get(key) or frozenset(keys_of(build, segment).names)
            except SegmentDamaged:
                # It is gone since: what was made of it has its names.
                continue
        return by_segment


def _live(folder: StoreFolder) -> tuple[Path, Manifest]:
    live = folder.live()
    if live is None:
        raise StoreUnavailable(f"the analytics store in {folder.path.name} is not built yet")
    return live
