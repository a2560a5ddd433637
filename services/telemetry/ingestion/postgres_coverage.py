"""Counts what was seen, in the transaction that stores it: the numbers are exact."""

from typing import Any, Final

from services.telemetry.ingestion.candidates import Candidate

_MOST_DETAILS: Final = 100
_OTHERS: Final = "other violations"

# In one order, so that two writers that do share a shard never wait for each other in a circle.
_ADD: Final = """
    INSERT INTO coverage (environment, day, name, outcome, detail, shard, events)
    SELECT environment, (now() AT TIME ZONE 'UTC')::date, name, outcome, detail, $6, events
    FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::bigint[])
        AS seen (environment, name, outcome, detail, events)
    ORDER BY environment, name, outcome, detail
    ON CONFLICT (environment, day, name, outcome, detail, shard)
    DO UPDATE SET events = coverage.events + excluded.events
"""


class Details:
    """
    Bounds how many different violations are counted of one event.

    A violation may name a property that was made up, and senders can make up many.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], set[str]] = {}

    def of(self, candidate: Candidate) -> str:
        """Return as what a violation is counted: by field and reason, never by a value."""
        violation = candidate.judgement.violation
        if violation is None:
            return ""
        detail = f"{violation.field}: {violation.description}"
        known = self._known.setdefault((candidate.environment, candidate.name), set())
        if detail not in known and len(known) >= _MOST_DETAILS:
            return _OTHERS
        known.add(detail)
        return detail


class CoverageCounts:
    """The counts of one transaction."""

    def __init__(self, shard: int, details: Details) -> None:
        self._shard = shard
        self._details = details
        self._seen: dict[tuple[str, str, int, str], int] = {}

    def add(self, candidate: Candidate) -> None:
        """Count an event by its outcome."""
        key = (candidate.environment, candidate.name, candidate.outcome, self._details.of(candidate))
        self._seen[key] = self._seen.get(key, 0) + 1

    async def write(self, connection: Any) -> None:
        """Add the counts to those of the day."""
        if not self._seen:
            return
        keys = list(self._seen)
        await connection.execute(
            _ADD,
            [key[0] for key in keys],
            [key[1] for key in keys],
            [key[2] for key in keys],
            [key[3] for key in keys],
            list(self._seen.values()),
            self._shard,
        )
