"""What entries of the log that are not events change in a manifest. Pure."""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Final, TypeVar

from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.metrics.analytics.store.manifest import Manifest, Segment
from services.metrics.analytics.store.wire.decoding import actor_number

Pairs = Mapping[int, int]
KnownT = TypeVar("KnownT", Pairs, frozenset[tuple[int, int]])

_NONE: Final[Pairs] = {}


def applied(manifest: Manifest, entry: log_pb2.LogEntry) -> Manifest:
    """
    Return what an entry makes of a manifest, of the same version.

    What it says of rows that are not in segments yet is for whoever writes them: `condemned` and `merges` hold for all
    that comes, the erasure of a tenant for what stands before it.
    """
    kind = entry.WhichOneof("kind")
    if kind == "merge":
        from_, into = actor_number(entry.merge.from_actor_id), actor_number(entry.merge.into_actor_id)
        return merged(manifest, entry.merge.tenant, from_, into)
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
    pairs = dict(manifest.merges.get(tenant, _NONE))
    into = pairs.get(into, into)
    # Whoever became `from` before is `into` now, so that no pair leads to another one.
    pairs = {each: into if to == from_ else to for each, to in pairs.items()}
    pairs[from_] = into
    pairs = {each: to for each, to in pairs.items() if each != to}
    splits = manifest.splits.get(tenant, frozenset()) - {(from_, into)}
    return dataclasses.replace(
        manifest, merges=_with(manifest.merges, tenant, pairs), splits=_with(manifest.splits, tenant, splits)
    )


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
    changed = {each: one for each, one in by_tenant.items() if each != tenant}
    if known:
        changed[tenant] = known
    return changed
