"""Who evaluates flags, from the exposures in the analytics store. Blocking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import duckdb
from mirante.api.metrics.v1 import programme_service_pb2 as pb2

from services.metrics.analytics.store import StoreUnavailable
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import Snapshot
from services.metrics.analytics.store.schema import text_expression

EXPOSURE: Final = "flag_exposta"
_VARIANT, _FLAG = "variant", "flag"


@dataclass(slots=True)
class Usage:
    """
    How a flag was evaluated.

    Attributes:
        last_us: the newest exposure there is, microseconds since 1970.
        variants: exposures and people by variant, of the days that were asked for.
    """

    last_us: int = 0
    variants: dict[str, tuple[int, int]] = field(default_factory=dict)

    def fill(self, life: pb2.FlagLifecycle) -> None:
        """Write it into a flag's life."""
        if self.last_us:
            life.last_evaluated_at.FromMicroseconds(self.last_us)
        total = sum(exposures for exposures, _ in self.variants.values())
        for variant, (exposures, people) in sorted(self.variants.items(), key=lambda each: (-each[1][0], each[0])):
            life.variants.add(variant=variant, exposures=exposures, people=people, share=exposures / total)


def usage_of(snapshot: Snapshot, flags: Sequence[str], since_us: int) -> Mapping[str, Usage]:
    """
    Return how flags were evaluated; those that never were are left out.

    Args:
        snapshot: of the store.
        flags: their keys; events about anything else are not looked at.
        since_us: from when on exposures are counted, microseconds since 1970. The newest one may be older.

    Raises:
        StoreUnavailable: its files cannot be read.
        Overloaded: there is too little memory.
    """
    used: dict[str, Usage] = {}
    for flag, variant, exposures, people, last_us in _rows(snapshot, flags, since_us):
        usage = used.setdefault(flag, Usage())
        usage.last_us = max(usage.last_us, last_us)
        if exposures:
            usage.variants[variant or ""] = (exposures, people)
    return used


def _rows(snapshot: Snapshot, flags: Sequence[str], since_us: int) -> list[Any]:
    kinds, rest = snapshot.properties(None), snapshot.has_rest(None)
    flag, variant = (text_expression(name, kinds.get(name, frozenset()), rest=rest) for name in (_FLAG, _VARIANT))
    exposed = (
        f"SELECT {flag} AS flag, {variant} AS variant, actor, time FROM events "  # noqa: S608 - names of ours
        f"WHERE name = '{EXPOSURE}'"
    )
    query = f"""
        SELECT flag, variant, count(*) FILTER (WHERE recent),
            count(DISTINCT actor) FILTER (WHERE recent), max(epoch_us(time))
        FROM (SELECT *, time >= make_timestamp($since) AS recent FROM ({exposed}))
        WHERE flag IN (SELECT unnest($flags)) GROUP BY flag, variant
    """  # noqa: S608 - as above
    connection = snapshot.connect(None, Limits())
    try:
        return connection.execute(query, {"since": since_us, "flags": list(flags)}).fetchall()
    except duckdb.IOException as error:
        snapshot.report_damage()
        raise StoreUnavailable("files of the analytics store could not be read: ask again") from error
    finally:
        connection.close()
