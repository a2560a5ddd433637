"""How what was seen compares with what is declared. Pure."""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.telemetry.catalogue.store import CoverageCount

ACCEPTED_DECLARED, ACCEPTED_UNDECLARED, ACCEPTED_VIOLATING, DEAD_LETTER = 1, 2, 3, 4
"""The column `outcome` of the table `coverage`."""

_MOST_VIOLATIONS: Final = 5


@dataclass(slots=True)
class _Tally:
    by_outcome: Counter[int] = field(default_factory=Counter)
    by_violation: Counter[str] = field(default_factory=Counter)


def coverage_report(catalogue: pb2.Catalogue, counts: Iterable[CoverageCount]) -> pb2.GetCoverageResponse:
    """
    Return the report: a row for each name and day, newest day first, then by name.

    Declared is what the catalogue declares now. An event counts as seen if anything of it came, valid or not.
    """
    declared = {event.name for event in catalogue.events}
    tallies: dict[tuple[str, str], _Tally] = {}
    for count in counts:
        tally = tallies.setdefault((count.day.isoformat(), count.name), _Tally())
        tally.by_outcome[count.outcome] += count.events
        if count.detail:
            tally.by_violation[count.detail] += count.events
    seen = declared & {name for (_, name), tally in tallies.items() if tally.by_outcome.total()}
    in_order = sorted(sorted(tallies.items()), key=lambda item: item[0][0], reverse=True)
    return pb2.GetCoverageResponse(
        rows=[_row(name, day, tally, declared=name in declared) for (day, name), tally in in_order],
        unseen=[event.name for event in catalogue.events if event.name not in seen],
        declared=len(declared),
        seen=len(seen),
    )


def _row(name: str, day: str, tally: _Tally, *, declared: bool) -> pb2.Coverage:
    outcomes = tally.by_outcome
    frequent = heapq.nsmallest(_MOST_VIOLATIONS, tally.by_violation.items(), key=lambda item: (-item[1], item[0]))
    return pb2.Coverage(
        name=name,
        day=day,
        declared=declared,
        accepted=outcomes[ACCEPTED_DECLARED] + outcomes[ACCEPTED_UNDECLARED] + outcomes[ACCEPTED_VIOLATING],
        violating=outcomes[ACCEPTED_VIOLATING],
        dead_letters=outcomes[DEAD_LETTER],
        violations=[violation for violation, _ in frequent],
    )
