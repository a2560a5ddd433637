"""Stored definitions into rulesets, in slices: thousands of definitions must not keep other calls waiting."""

import asyncio
from collections.abc import Sequence
from typing import Final

from google.protobuf.message import DecodeError
from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation import Flag, Ruleset, Segment, Stamp
from mirante.wire import flag_from_proto, segment_from_proto

from services.flags.store import Entry, Kind

SLICE: Final = 200
"""Definitions that are compiled without a pause, about 5 ms."""


async def ruleset_with(ruleset: Ruleset, entries: Sequence[Entry], stamp: Stamp) -> Ruleset:
    """
    Return `ruleset` with these entries put in, or taken out if they are archived. The event loop goes on meanwhile.

    Never raises: a definition that cannot be read here, because a newer version wrote it, fails alone when evaluated.
    """
    for start in range(0, len(entries), SLICE):
        if start:
            await asyncio.sleep(0)
        ruleset = _with_slice(ruleset, entries[start : start + SLICE], stamp)
    return ruleset if entries else ruleset.with_stamp(stamp)


def _with_slice(ruleset: Ruleset, entries: Sequence[Entry], stamp: Stamp) -> Ruleset:
    flags: list[Flag] = []
    segments: list[Segment] = []
    broken: dict[str, str] = {}
    broken_segments: dict[str, str] = {}
    for entry in entries:
        if entry.archived:
            continue
        try:
            if entry.kind is Kind.FLAG:
                flags.append(flag_from_proto(flag_pb2.Flag.FromString(entry.definition)))
            else:
                segments.append(segment_from_proto(flag_pb2.Segment.FromString(entry.definition)))
        except (ValueError, DecodeError) as error:
            (broken if entry.kind is Kind.FLAG else broken_segments)[entry.key] = str(error)
    return ruleset.replaced(
        stamp=stamp,
        flags=flags,
        segments=segments,
        removed_flags=[entry.key for entry in entries if entry.archived and entry.kind is Kind.FLAG],
        removed_segments=[entry.key for entry in entries if entry.archived and entry.kind is Kind.SEGMENT],
        broken=broken,
        broken_segments=broken_segments,
    )
