"""All flags and segments of an environment at one revision, ready to be evaluated."""

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from mirante.evaluation.compiled_flag import CompiledFlag
from mirante.evaluation.compiled_segment import BrokenSegment, CompiledSegment
from mirante.evaluation.model import Flag, Segment, Stamp
from mirante.evaluation.violations import InvalidDefinition


class Ruleset:
    """
    An immutable snapshot. `replaced` returns the next one and compiles only what changed.

    `broken` holds, by flag key, why a definition cannot be evaluated here; such a flag fails alone. A segment that
    cannot be read fails the flags that ask for it: no answer is safer than counting everybody, or nobody, as a member.
    `timed` holds the keys of the flags whose answer may depend on the time; for all others any `now` will do.
    """

    __slots__ = ("broken", "flags", "segments", "stamp", "timed")

    def __init__(
        self,
        flags: dict[str, CompiledFlag],
        segments: dict[str, CompiledSegment],
        broken: Mapping[str, str],
        timed: frozenset[str],
        stamp: Stamp,
    ) -> None:
        self.flags: Mapping[str, CompiledFlag] = flags
        self.segments: Mapping[str, CompiledSegment] = segments
        self.broken = MappingProxyType(dict(broken))
        self.timed = timed
        self.stamp = stamp

    @classmethod
    def empty(cls, stamp: Stamp) -> "Ruleset":
        """Return a ruleset in which no flag exists."""
        return cls({}, {}, {}, frozenset(), stamp)

    def replaced(
        self,
        *,
        stamp: Stamp,
        flags: Iterable[Flag] = (),
        removed_flags: Iterable[str] = (),
        segments: Iterable[Segment] = (),
        removed_segments: Iterable[str] = (),
        broken: Mapping[str, str] = MappingProxyType({}),
        broken_segments: Mapping[str, str] = MappingProxyType({}),
    ) -> "Ruleset":
        """
        Return the ruleset after a change; this one stays as it is.

        `broken` and `broken_segments` say by key why a definition could not even be read. Never raises: what cannot be
        compiled is broken too.
        """
        next_flags, next_segments, next_broken = dict(self.flags), dict(self.segments), dict(self.broken)
        touched: set[str] = set()
        for key in removed_flags:
            touched.add(key)
            next_flags.pop(key, None)
            next_broken.pop(key, None)
        for key in removed_segments:
            next_segments.pop(key, None)
        with _collector_paused():
            for flag in flags:
                touched.add(flag.key)
                try:
                    next_flags[flag.key] = CompiledFlag(flag)
                except InvalidDefinition as error:
                    next_flags.pop(flag.key, None)
                    next_broken[flag.key] = str(error)
                else:
                    next_broken.pop(flag.key, None)
            for segment in segments:
                try:
                    next_segments[segment.key] = CompiledSegment(segment)
                except InvalidDefinition as error:
                    next_segments[segment.key] = BrokenSegment(segment.key, str(error))
        for key, why in broken.items():
            touched.add(key)
            next_flags.pop(key, None)
            next_broken[key] = why
        for key, why in broken_segments.items():
            next_segments[key] = BrokenSegment(key, why)
        return Ruleset(next_flags, next_segments, next_broken, self._timed_after(touched, next_flags), stamp)

    def _timed_after(self, touched: set[str], flags: Mapping[str, CompiledFlag]) -> frozenset[str]:
        timed = {key for key in touched if key in flags and flags[key].timed}
        if timed == self.timed & touched:
            return self.timed
        return (self.timed - touched) | timed

    def with_stamp(self, stamp: Stamp) -> "Ruleset":
        """Return the same rules under another stamp."""
        return self.replaced(stamp=stamp)


def compile(  # noqa: A001 - the field's own word; always used as `evaluation.compile`
    flags: Iterable[Flag], segments: Iterable[Segment], stamp: Stamp
) -> Ruleset:
    """Return the ruleset of these definitions. Never raises, see `Ruleset.replaced`."""
    return Ruleset.empty(stamp).replaced(stamp=stamp, flags=flags, segments=segments)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """
    Keep the garbage collector out while thousands of objects are made of which none is garbage.

    Its passes over them took three quarters of the time that 10,000 flags need.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
