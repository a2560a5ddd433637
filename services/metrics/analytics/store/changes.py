"""What entries of the log that are not events change in a manifest. Pure."""

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from typing import Final, TypeVar

from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.metrics.analytics.store.manifest import Manifest, Segment
from services.metrics.analytics.store.wire.decoding import actor_number

Pairs = Mapping[int, int]
KnownT = TypeVar("KnownT", Pairs, frozenset[tuple[int, int]])

_NONE: Final[Pairs] = {}


def all_applied(manifest: Manifest, entries: Iterable[log_pb2.LogEntry]) -> Manifest:
    """
    Return what entries make of a manifest, of the same version.

    What it says of rows that are not in segments yet is for whoever writes them: `condemned` and `merges` hold for all
    that comes, the erasure of a tenant for what stands before it.
    """
    # Most are merges, one after the other.
    for kind, some in groupby(entries, lambda entry: entry.WhichOneof("kind")):
        if kind == "merge":
            manifest = all_merged(
                manifest,
                [
                    (each.merge.tenant, actor_number(each.merge.from_actor_id), actor_number(each.merge.into_actor_id))
                    for each in some
                ],
            )
        else:
            for entry in some:
                manifest = _applied(manifest, entry)
    return manifest


def _applied(manifest: Manifest, entry: log_pb2.LogEntry) -> Manifest:
    kind = entry.WhichOneof("kind")
    if kind == "split":
        return split(
            manifest, entry.split.tenant, actor_number(entry.split.actor_id), actor_number(entry.split.from_actor_id)
        )
    if kind == "erasure":
        return erased(manifest, entry.erasure.tenant, [actor_number(each) for each in entry.erasure.actor_ids])
    if kind == "tenant_erasure":
        return tenant_erased(manifest, entry.tenant_erasure.tenant)
    return manifest


def tenant_of(entry: log_pb2.LogEntry) -> str:
    """Return whom an entry that is not an event concerns; empty for an entry of a kind that is not known."""
    kind = entry.WhichOneof("kind")
    return "" if kind is None or kind == "event" else str(getattr(entry, kind).tenant)


def merged(manifest: Manifest, tenant: str, from_: int, into: int) -> Manifest:
    """Return the manifest in which one actor is another one."""
    return all_merged(manifest, [(tenant, from_, into)])


def all_merged(manifest: Manifest, merges: Iterable[tuple[str, int, int]]) -> Manifest:
    """Return the manifest in which actors of tenants are others, one after the other: who it was, and who it is now."""
    by_tenant: dict[str, list[tuple[int, int]]] = {}
    for tenant, from_, into in merges:
        by_tenant.setdefault(tenant, []).append((from_, into))
    all_pairs, all_splits = dict(manifest.merges), dict(manifest.splits)
    for tenant, some in by_tenant.items():
        pairs, splits = _merged(manifest.merges.get(tenant, _NONE), some)
        _put(all_pairs, tenant, pairs)
        _put(all_splits, tenant, manifest.splits.get(tenant, frozenset()) - splits)
    return dataclasses.replace(manifest, merges=all_pairs, splits=all_splits)


def _merged(known: Pairs, merges: Iterable[tuple[int, int]]) -> tuple[Pairs, set[tuple[int, int]]]:
    """Return who is who, and each that became another one with whom, none of them by way of a third one."""
    pairs, became = dict(known), set()
    froms: dict[int, set[int]] = {}
    for each, to in pairs.items():
        froms.setdefault(to, set()).add(each)
    for from_, wanted in merges:
        into = pairs.get(wanted, wanted)
        became.add((from_, into))
        if from_ == into:
            continue
        # Whoever became `from` before is `into` now, so that no pair leads to another one.
        moved = froms.pop(from_, set()) | {from_}
        froms.get(pairs.get(from_, from_), set()).discard(from_)
        froms.setdefault(into, set()).update(moved)
        pairs.update(dict.fromkeys(moved, into))
    return pairs, became


def split(manifest: Manifest, tenant: str, actor: int, from_: int) -> Manifest:
    """Return the manifest in which an actor is itself again."""
    pairs = {each: to for each, to in manifest.merges.get(tenant, _NONE).items() if each != actor}
    splits = manifest.splits.get(tenant, frozenset()) | {(actor, from_)}
    return dataclasses.replace(
        manifest, merges=_with(manifest.merges, tenant, pairs), splits=_with(manifest.splits, tenant, splits)
    )


def erased(manifest: Manifest, tenant: str, actors: Collection[int]) -> Manifest:
    """Return the manifest in which nothing of some actors may be seen any more, nor taken in."""
    gone = manifest.erased.get(tenant, frozenset()) | frozenset(actors)
    condemned = manifest.condemned.get(tenant, frozenset()) | frozenset(actors)
    # Rows of who was split from them go along, unless they were told apart before.
    unclear = any(from_ in actors for _, from_ in manifest.splits.get(tenant, ()))
    return dataclasses.replace(
        manifest,
        unclear=manifest.unclear or unclear,
        erased={**manifest.erased, tenant: gone},
        condemned={**manifest.condemned, tenant: condemned},
        forgets=manifest.forgets + 1,
    )


def tenant_erased(manifest: Manifest, tenant: str) -> Manifest:
    """Return the manifest without all that there is of a tenant."""
    return dataclasses.replace(
        manifest,
        segments=without_tenants(manifest.segments, {tenant}),
        merges=_with(manifest.merges, tenant, {}),
        erased={each: actors for each, actors in manifest.erased.items() if each != tenant},
        splits=_with(manifest.splits, tenant, frozenset()),
        forgets=manifest.forgets + 1,
    )


def without_tenants(segments: Collection[Segment], tenants: Collection[str]) -> tuple[Segment, ...]:
    """Return segments without the parts of some tenants; what has no part left is left out."""
    found = []
    for segment in segments:
        if any(part.tenant in tenants for part in segment.parts):
            parts = tuple(part for part in segment.parts if part.tenant not in tenants)
            if not parts:
                continue
            segment = dataclasses.replace(segment, parts=parts)  # noqa: PLW2901 - the same one, smaller
        found.append(segment)
    return tuple(found)


def _with(by_tenant: Mapping[str, KnownT], tenant: str, known: KnownT) -> dict[str, KnownT]:
    changed = dict(by_tenant)
    _put(changed, tenant, known)
    return changed


def _put(by_tenant: dict[str, KnownT], tenant: str, known: KnownT) -> None:
    if known:
        by_tenant[tenant] = known
    else:
        by_tenant.pop(tenant, None)
