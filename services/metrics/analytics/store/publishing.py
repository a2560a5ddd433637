"""Who may change the store of an environment, and how a change appears. Blocking."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from services.metrics.analytics.store.folders import Current, StoreFolder, sync_folder
from services.metrics.analytics.store.manifest import Manifest, encoded


class Deposed(Exception):
    """Another process writes the store now: nothing of this one's appears any more."""


class Publisher:
    """
    Publishes manifests of one build, in the name of a term.

    Whoever begins to write takes the next term; from that moment on nothing appears that is of a lower one, however
    late its writer notices. It is safe to use from threads.

    Args:
        folder: of the environment.
        term: what `take_term` returned.
        manifest: of the build, as it is published; of version 0 for one that is begun.
        clock: seconds since 1970.
    """

    def __init__(self, folder: StoreFolder, term: int, manifest: Manifest, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._clock = clock
        self._turn = threading.Lock()
        self._names = 0
        self.term = term
        self.manifest = manifest
        self.writing: set[str] = set()
        """Names of segments that are written and not published yet."""

    @property
    def folder(self) -> Path:
        """The folder of the build."""
        return self._folder.build(self.manifest.build)

    def new_name(self) -> str:
        """Return a name for a segment that no other one has, nor will have."""
        with self._turn:
            self._names += 1
            name = f"{self.term:08d}-{self._names:08d}"
            self.writing.add(name)
            return name

    def forget_names(self, names: Iterable[str]) -> None:
        """Say that segments are not written any more: they were published, or never will be."""
        with self._turn:
            self.writing.difference_update(names)

    def publish(self, change: Callable[[Manifest], Manifest]) -> Manifest:
        """
        Let a change appear, all of it or nothing; return the manifest with it.

        Args:
            change: returns the content of the next version. The files that it names are on disk; their names need not
                be.

        Raises:
            Deposed: see there.
            OSError: it cannot be written.
        """
        with self._turn:
            # What the manifest names must be there before it.
            sync_folder(self.folder)
            with self._folder.alone():
                self._check(self._folder.current())
                manifest = change(self.manifest).changed(term=self.term, published_us=int(self._clock() * 1_000_000))
                self._folder.replace_manifest(manifest.build, encoded(manifest))
            self.manifest = manifest
            self.writing -= {segment.name for segment in manifest.segments}
            return manifest

    def go_live(self) -> str:
        """Let this build answer from now on; return the one that did before, empty for none. Raises as `publish`."""
        with self._folder.alone():
            current = self._folder.current()
            self._check(current)
            if current.live == self.manifest.build:
                return ""
            self._folder.replace_current(Current(self.manifest.build, "", self.term))
            return current.live

    def _check(self, current: Current) -> None:
        if current.term != self.term or self.manifest.build not in {current.live, current.making}:
            raise Deposed


def take_term(folder: StoreFolder) -> Current:
    """Become the one who writes; return what there is, with the term. Raises OSError."""
    with folder.alone():
        current = folder.current()
        taken = Current(current.live, current.making, current.term + 1)
        folder.replace_current(taken)
        return taken


def begin_build(folder: StoreFolder, term: int, build: str, *, drop_live: bool) -> None:
    """
    Begin a build beside the one that answers, in the place of any that was begun before.

    Args:
        folder: of the environment.
        term: of the writer.
        build: a name that no other one had.
        drop_live: whether nothing answers until the new one is made: the present one is damaged.

    Raises:
        Deposed: another process writes the store now.
        OSError: it cannot be written.
    """
    with folder.alone():
        current = folder.current()
        if current.term != term:
            raise Deposed
        folder.build(build).mkdir(parents=True)
        folder.replace_manifest(build, encoded(Manifest(build, term)))
        folder.replace_current(Current("" if drop_live else current.live, build, term))
