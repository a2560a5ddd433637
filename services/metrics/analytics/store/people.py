"""Where actors stand in segments that were merged, split or erased. Blocking: it looks into keys."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.metrics.analytics.store.keys import Integers
from services.metrics.analytics.store.manifest import Manifest, Segment
from services.metrics.analytics.store.rows import numbers_of
from services.metrics.analytics.store.schema import ACTOR, OWN_ACTOR, TENANT
from services.metrics.analytics.store.segment_files import keys_of

Split: TypeAlias = tuple[str, int, int]
"""A tenant, an actor of it that is itself again, and who that was taken for."""


class SplitUnclear(Exception):
    """
    Whose the rows of a person are that was split is said by the log alone.

    Who reads it anew knows: of rows that were read after a split, the log has said whose they are.
    """


def affected(folder: Path, manifest: Manifest) -> list[Segment]:
    """
    Return the segments that hold rows of actors who were erased.

    Raises:
        SegmentDamaged: a segment cannot be read.
    """
    wanted = {tenant: _numbers(_all_numbers(manifest, tenant, gone)) for tenant, gone in manifest.erased.items()}
    return [segment for segment in manifest.segments if _held(folder, segment, wanted)]


def forgotten(folder: Path, known: Manifest) -> Callable[[Manifest], Manifest]:
    """
    Return the change that drops merges and erasures of actors of whom no segment of a manifest holds rows.

    It may be applied to a later version: what came in since does not hold them either.

    Raises:
        SegmentDamaged: a segment cannot be read.
    """
    merges = {tenant: _numbers(list(pairs)) for tenant, pairs in known.merges.items()}
    erased = {tenant: _numbers(_all_numbers(known, tenant, gone) + list(gone)) for tenant, gone in known.erased.items()}
    merges_left: dict[str, set[int]] = {}
    erased_left: dict[str, set[int]] = {}
    for segment in known.segments:
        for wanted, left in ((merges, merges_left), (erased, erased_left)):
            for tenant, found in _held(folder, segment, wanted).items():
                left.setdefault(tenant, set()).update(found)

    def change(before: Manifest) -> Manifest:
        now_merges = {
            tenant: {
                from_: into
                for from_, into in pairs.items()
                if from_ in merges_left.get(tenant, ()) or from_ not in known.merges.get(tenant, {})
            }
            for tenant, pairs in before.merges.items()
        }
        now_erased = {
            tenant: gone if erased_left.get(tenant) else gone - known.erased.get(tenant, frozenset())
            for tenant, gone in before.erased.items()
        }
        return replace(
            before,
            merges={tenant: pairs for tenant, pairs in now_merges.items() if pairs},
            erased={tenant: gone for tenant, gone in now_erased.items() if gone},
        )

    return change


def rows_split(
    held: Sequence[tuple[Segment, Any]],
    tenant: str,
    pairs: Collection[tuple[int, int]],
    settled: Collection[Split] = (),
) -> Iterator[tuple[Segment, Any]]:
    """
    Yield the segments in which rows are somebody else's after splits, with all their rows.

    Rows that an actor had before it was merged say so. What came later is theirs when it came from the same device:
    they are nobody but one device.

    Args:
        held: segments with all their rows.
        tenant: whose.
        pairs: the actors that are themselves again, and who they were taken for.
        settled: splits that all rows were read after.

    Raises:
        SplitUnclear: no row says which device an actor is, and there are rows that may be theirs.
    """
    devices = {actor: _devices(held, tenant, actor) for actor, _ in pairs}
    for actor, from_ in sorted(pairs):
        if not devices[actor] and (tenant, actor, from_) not in settled and _devices(held, tenant, from_):
            raise SplitUnclear
    for segment, rows in held:
        actors, owns = numbers_of(rows, ACTOR).copy(), numbers_of(rows, OWN_ACTOR).copy()
        of_tenant = _is(rows[TENANT], [tenant])
        for actor, from_ in sorted(pairs):
            theirs = of_tenant & (owns == actor)
            theirs |= of_tenant & (owns == from_) & _is_device(rows, devices[actor])
            changed = theirs & ((actors != actor) | (owns != actor))
            actors[changed], owns[changed] = actor, actor
        if (actors != numbers_of(rows, ACTOR)).any() or (owns != numbers_of(rows, OWN_ACTOR)).any():
            table = rows.set_column(rows.column_names.index(ACTOR), ACTOR, pa.array(actors))
            yield segment, table.set_column(table.column_names.index(OWN_ACTOR), OWN_ACTOR, pa.array(owns))


def _devices(held: Sequence[tuple[Segment, Any]], tenant: str, actor: int) -> set[str]:
    """Return the devices in rows that an actor had when they came in, and that name no user."""
    found: set[str | None] = set()
    for _, rows in held:
        theirs = _is(rows[TENANT], [tenant]) & (numbers_of(rows, OWN_ACTOR) == actor) & _unnamed(rows)
        found.update(rows["anonymous_id"].filter(pa.array(theirs)).unique().to_pylist())
    return {device for device in found if device is not None}


def _is_device(rows: Any, devices: set[str]) -> Any:
    return _unnamed(rows) & _is(rows["anonymous_id"], sorted(devices))


def _unnamed(rows: Any) -> Any:
    return pc.is_null(rows["user_id"]).to_numpy()


def _is(column: Any, values: Sequence[str]) -> Any:
    return pc.is_in(column.cast(pa.string()), pa.array(values, pa.string())).to_numpy()


def _all_numbers(manifest: Manifest, tenant: str, gone: frozenset[int]) -> list[int]:
    """Return actors with all who became them."""
    pairs = manifest.merges.get(tenant, {})
    return [*gone, *[from_ for from_, into in pairs.items() if into in gone]]


def _numbers(actors: Sequence[int]) -> Integers:
    return np.unique(np.array(list(actors), np.int64))


def _held(folder: Path, segment: Segment, wanted: Mapping[str, Integers]) -> dict[str, list[int]]:
    """Return which of some actors, by tenant, a segment has rows of."""
    parts = [part for part in segment.parts if len(wanted.get(part.tenant, ()))]
    if not parts:
        return {}
    held = keys_of(folder, segment).actor
    found: dict[str, list[int]] = {}
    for part in parts:
        actors = wanted[part.tenant]
        theirs = held[part.start : part.start + part.rows]
        here = np.searchsorted(theirs, actors, "right") > np.searchsorted(theirs, actors, "left")
        if here.any():
            found.setdefault(part.tenant, []).extend(actors[here].tolist())
    return found
