"""Writes rows of segments anew, for what tidies. Blocking."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.metrics.analytics.store import tidy_plan as plan
from services.metrics.analytics.store.manifest import Manifest, Segment
from services.metrics.analytics.store.publishing import Publisher
from services.metrics.analytics.store.rows import numbers_of, with_people
from services.metrics.analytics.store.rows import with_few_properties as narrowed
from services.metrics.analytics.store.schema import ACTOR
from services.metrics.analytics.store.segment_files import rows_of, write_segment

_EVERYBODY: Final = (0, 2**63 - 1)


class SegmentMaker:
    """
    Makes segments of rows of others.

    Args:
        publisher: of the build.
        clock: seconds since 1970.

    Attributes:
        rows: that were written.
    """

    def __init__(self, publisher: Publisher, clock: Callable[[], float]) -> None:
        self._publisher = publisher
        self._clock = clock
        self.rows = 0

    def all(self, segment: Segment) -> Any:
        """Return the rows of a segment that may be seen. Raises SegmentDamaged."""
        return rows_of(self._publisher.folder, segment, segment.parts)

    def people(self, manifest: Manifest, rows: Any, tenant: str | None = None) -> Any:
        """Return rows with who is who now; of one tenant when it is said whose they all are."""
        merges, erased = manifest.merges, manifest.erased
        if tenant is not None:
            merges = {tenant: merges[tenant]} if tenant in merges else {}
            erased = {tenant: erased[tenant]} if tenant in erased else {}
        return with_people(rows, merges, erased)

    def written(self, rows: Any, month: int | None, made_us: int) -> Segment:
        """Write rows, ordered as in `write_segment`, to a segment. Raises OSError."""
        self.rows += rows.num_rows
        name = self._publisher.new_name()
        return replace(write_segment(self._publisher.folder, name, narrowed(rows), month), made_us=made_us)

    def pieces(self, rows: Any, month: int) -> list[Segment]:
        """Write rows of a month, ordered by actor, to segments that hold all rows of their actors. Raises OSError."""
        if not rows.num_rows:
            return []
        actor = numbers_of(rows, ACTOR)
        count = 1 if len(actor) <= plan.MOST_SETTLED else -(-2 * len(actor) // plan.MOST_SETTLED)
        cuts = {0, len(actor)}
        for number in range(1, count):
            cuts.add(int(np.searchsorted(actor, actor[len(actor) * number // count], "left")))
        made_us = int(self._clock() * 1_000_000)
        return [self.written(rows.slice(start, end - start), month, made_us) for start, end in pairwise(sorted(cuts))]

    def again(self, segment: Segment, rows: Any) -> list[Segment]:
        """
        Write the rows of a segment anew. Of a month, those of actors beyond its range are written beside it.

        Raises:
            OSError: they cannot be written.
        """
        if not rows.num_rows:
            return []
        if segment.month is None:
            return [self.written(rows, None, segment.made_us)]
        part = segment.parts[0]
        here, elsewhere = within(rows, part.first_actor, part.last_actor)
        made = self.pieces(here, segment.month)
        return [*made, self.written(elsewhere, None, segment.made_us)] if elsewhere.num_rows else made


def within(rows: Any, first: int, last: int) -> tuple[Any, Any]:
    """Return the rows of actors in a range, and the others."""
    if (first, last) == _EVERYBODY:
        return rows, rows.slice(0, 0)
    actor = numbers_of(rows, ACTOR)
    inside: npt.NDArray[np.bool_] = (actor >= first) & (actor <= last)
    if inside.all():
        return rows, rows.slice(0, 0)
    return rows.filter(pa.array(inside)), rows.filter(pa.array(~inside))
