"""The resident memory of a service while something is done to it."""

import threading
from typing import Self

from tests.support.flag_service_process import ServiceProcess


class ResidentMemory:
    """Samples on a thread of its own until the block ends; `samples` are KiB, taken every so many seconds."""

    def __init__(self, process: ServiceProcess, *, every: float) -> None:
        self.samples = [process.resident_kib()]
        self._process = process
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="resident-memory")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def most(self) -> int:
        """The largest sample."""
        return max(self.samples)

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            self.samples.append(self._process.resident_kib())
