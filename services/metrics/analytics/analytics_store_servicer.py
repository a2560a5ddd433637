"""`AnalyticsStoreService`: says how far the log is in a store, and asks for it to be made anew."""

import asyncio
from pathlib import Path

from mirante.api.metrics.v1 import analytics_store_service_pb2 as pb2
from mirante.api.metrics.v1 import analytics_store_service_pb2_grpc as pb2_grpc

from services.metrics.analytics.store import StoreUnavailable
from services.metrics.analytics.store.folders import StoreFolder
from services.metrics.analytics.store.manifest import Manifest
from services.metrics.analytics.store.marks import Marks
from services.runtime.access import current_caller


class AnalyticsStoreServicer(pb2_grpc.AnalyticsStoreServiceServicer):
    """
    Answers from what any process can see of the stores, whoever writes them.

    Args:
        folder: of all stores.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def GetAnalyticsStore(
        self, request: pb2.GetAnalyticsStoreRequest, _: object
    ) -> pb2.GetAnalyticsStoreResponse:
        """Return what there is."""
        environment = current_caller.get().environment(request.environment)
        try:
            store = await asyncio.to_thread(_store, StoreFolder(self._folder, environment))
        except OSError as error:
            raise _unusable(error) from error
        return pb2.GetAnalyticsStoreResponse(store=store)

    async def RebuildAnalyticsStore(
        self, request: pb2.RebuildAnalyticsStoreRequest, _: object
    ) -> pb2.RebuildAnalyticsStoreResponse:
        """Ask whoever writes the store."""
        environment = current_caller.get().environment(request.environment)
        try:
            await asyncio.to_thread(Marks(StoreFolder(self._folder, environment).path).ask_rebuild)
        except OSError as error:
            raise _unusable(error) from error
        return pb2.RebuildAnalyticsStoreResponse()


def _store(folder: StoreFolder) -> pb2.AnalyticsStore:
    current = folder.current()
    store = pb2.AnalyticsStore()
    for build, field in ((current.live, store.answering), (current.making, store.making)):
        manifest = folder.manifest(build) if build else None
        if manifest is not None:
            field.CopyFrom(_build(manifest))
    return store


def _build(manifest: Manifest) -> pb2.AnalyticsBuild:
    segments = manifest.segments
    build = pb2.AnalyticsBuild(
        id=manifest.build,
        log_entries=manifest.position,
        events=sum(segment.rows for segment in segments),
        tenants=len({part.tenant for segment in segments for part in segment.parts}),
        segments=len(segments),
        size_bytes=sum(segment.file_bytes + segment.key_bytes for segment in segments),
        at_end=manifest.at_end,
    )
    if manifest.complete_us:
        build.complete_until.FromMicroseconds(manifest.complete_us)
    return build


def _unusable(error: OSError) -> StoreUnavailable:
    return StoreUnavailable(f"the folder of the analytics store cannot be used: {error.strerror}")
