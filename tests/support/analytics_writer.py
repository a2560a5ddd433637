"""
A writer of analytics stores in processes of their own, each killed at a given step.

As a program it forks one after the other: the first is killed before its first step, the next one later, and so on,
until one is not.
"""

import itertools
import os
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.metrics.analytics.store import tidy_plan
from services.metrics.analytics.store.folders import StoreFolder
from services.metrics.analytics.store.people import SplitUnclear
from services.metrics.analytics.store.publishing import Publisher, begin_build, take_term
from services.metrics.analytics.store.sweeping import Sweeper
from services.metrics.analytics.store.tidying import Tidier
from services.metrics.analytics.store.writing import LogIntake

ENVIRONMENT = "production"
FEW = {"MANY": 2, "MOST_SETTLED": 20, "OWN_ROWS": 4, "AT_ONCE": 10}
"""Of `tidy_plan`: so that a few rows make everything happen that millions would."""


def write_all(folder: Path, responses: Path) -> None:
    """Write what a store does not have yet of responses (pickled, with their index as cursors), and tidy it."""
    files = StoreFolder(folder, ENVIRONMENT)
    current = take_term(files)
    manifest = files.manifest(current.live or current.making)
    if manifest is None:
        begin_build(files, current.term, f"build-{current.term}", drop_live=False)
        manifest = files.manifest(f"build-{current.term}")
        assert manifest is not None
    publisher = Publisher(files, current.term, manifest, lambda: 1_790_000_000.0)
    publisher.go_live()
    intake, tidier = LogIntake(publisher, lambda: 1.0), Tidier(publisher, lambda: 1_790_000_000.0)
    sweeper = Sweeper(files, 0.0, lambda: 0.0)
    log: list[bytes] = pickle.loads(responses.read_bytes())  # noqa: S301 - of the test itself
    for response in log[int(publisher.manifest.cursor or b"0") :]:
        intake.take([response])
        tidier.step()
        sweeper.sweep([publisher.manifest], publisher.writing)
    while _step(tidier):
        pass
    sweeper.sweep([publisher.manifest], publisher.writing)


def write_until_killed(folder: Path, responses: Path, step: int) -> None:
    """Do the same, and be killed before the n-th thing that lasts: a sync, a rename or a deletion."""
    left = [step]
    # Of a process that is killed the system keeps what was written.
    os.fsync = _nothing  # type: ignore[assignment]  # also for whoever asks for more

    def counted(name: str, owner: Any) -> None:
        done: Callable[..., Any] = getattr(owner, name)

        def count(*args: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return done(*args, **named)

        setattr(owner, name, count)

    for name, rows in FEW.items():
        setattr(tidy_plan, name, rows)
    counted("fsync", os)
    counted("replace", Path)
    counted("unlink", Path)
    write_all(folder, responses)


def _nothing(_: object) -> None:
    return None


def _step(tidier: Tidier) -> bool:
    try:
        return tidier.step()
    except SplitUnclear:
        raise AssertionError("no split here is unclear") from None


def main() -> None:
    """Write responses (second argument) to stores in a folder (first), each killed so many steps later (third)."""
    folder, responses, stride = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    for step in itertools.count(1, stride):
        child = os.fork()
        if child == 0:
            write_until_killed(folder / str(step), responses, step)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            return
        if not os.WIFSIGNALED(status):
            raise SystemExit(f"step {step} failed")


if __name__ == "__main__":
    main()
