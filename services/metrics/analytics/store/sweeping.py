"""Deletes files that no manifest names any more, when nobody can be reading them. Blocking."""

import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from services.metrics.analytics.store.folders import StoreFolder
from services.metrics.analytics.store.manifest import Manifest
from services.metrics.analytics.store.segment_files import files_of


class Sweeper:
    """
    Deletes what is left over of one environment.

    What is found unnamed for the first time may be read by whoever has the manifest before, and stays for a while.

    Args:
        folder: of the environment.
        grace_seconds: for so long readers use what they have.
        clock: seconds, of whatever beginning.
    """

    def __init__(self, folder: StoreFolder, grace_seconds: float, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._grace_seconds = grace_seconds
        self._clock = clock
        self._unnamed: dict[Path, float] = {}

    def sweep(self, manifests: Collection[Manifest], writing: Collection[str]) -> int:
        """
        Delete what is due; return how many files and folders that were.

        Args:
            manifests: of all builds that are in use.
            writing: names of segments that are being written.

        Raises:
            OSError: the folder cannot be read.
        """
        now = self._clock()
        unnamed = self._find(manifests, writing)
        self._unnamed = {path: self._unnamed.get(path, now) for path in unnamed}
        due = [path for path, since in self._unnamed.items() if now - since >= self._grace_seconds]
        for path in due:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        return len(due)

    def _find(self, manifests: Collection[Manifest], writing: Collection[str]) -> list[Path]:
        found: list[Path] = []
        builds = {manifest.build for manifest in manifests}
        for path in self._folder.path.iterdir():
            if path.is_dir() and path.name not in builds:
                found.append(path)
        for manifest in manifests:
            folder = self._folder.build(manifest.build)
            named = {file.name for segment in manifest.segments for file in files_of(folder, segment)}
            for path in folder.iterdir():
                is_segment = path.suffix in {".parquet", ".keys"}
                if is_segment and path.name not in named and path.stem not in writing:
                    found.append(path)
        return found
