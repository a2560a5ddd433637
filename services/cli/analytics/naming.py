"""What is saved, as people name it."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from mirante.api.metrics.v1 import saved_report_pb2

from services.cli.refusals import Refusal

Saved = TypeVar("Saved", saved_report_pb2.Board, saved_report_pb2.Cohort)


def named(what: str, name: str, saved: Iterable[Saved], shown: Callable[[saved_report_pb2.SavedInfo], str]) -> Saved:
    """
    Return the one of these with an id or a name, in any case.

    Raises:
        Refusal: there is none; `shown` is what it says of each that there is.
    """
    there = []
    for each in saved:
        if name in (each.info.id, each.info.name) or name.casefold() == each.info.name.casefold():
            return each
        there.append(shown(each.info))
    raise Refusal(f"there is no {what} {name!r}", hint=f"there are {', '.join(there)}" if there else "")
