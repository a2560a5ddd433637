"""Answers that were given, for as long as they are right. Not for threads."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Made:
    """
    What an answer was made of.

    Attributes:
        key: another one whenever the answer may be.
        build, forgets: of the store: what was made before something was erased must not be told any more.
    """

    key: Hashable
    build: str
    forgets: int


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as bytes, what it was made of, and when (seconds, monotonic)."""

    answer: bytes
    made: Made
    at: float


class AnswerCache:
    """
    The newest answer to each definition, up to so many bytes; those that were not asked for longest go first.

    Args:
        most_bytes: of definitions and answers.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self.size_bytes = 0
        self.hits = 0
        self.misses = 0

    def get(self, definition: bytes, made: Made, since: float) -> bytes | None:
        """
        Return the answer to a definition that is as the store is now, or was made since a time and before no erasure;
        None when there is none.
        """
        kept = self._kept.get(definition)
        if kept is None or not _is_right(kept, made, since):
            self.misses += 1
            if kept is not None and not _is_of(kept, made):
                self._drop(definition)
            return None
        self.hits += 1
        self._kept.move_to_end(definition)
        return kept.answer

    def put(self, definition: bytes, kept: Kept) -> None:
        """Remember an answer; one that is too large by itself is not."""
        self._drop(definition)
        size = len(definition) + len(kept.answer)
        if size > self._most_bytes:
            return
        self._kept[definition] = kept
        self.size_bytes += size
        while self.size_bytes > self._most_bytes:
            self._drop(next(iter(self._kept)))

    def forget(self, beginning: bytes) -> None:
        """Drop the answers to all definitions that begin so."""
        for definition in [each for each in self._kept if each.startswith(beginning)]:
            self._drop(definition)

    def _drop(self, definition: bytes) -> None:
        kept = self._kept.pop(definition, None)
        if kept is not None:
            self.size_bytes -= len(definition) + len(kept.answer)


def _is_right(kept: Kept, made: Made, since: float) -> bool:
    if kept.made == made:
        return True
    return kept.at >= since and _is_of(kept, made)


def _is_of(kept: Kept, made: Made) -> bool:
    """Return whether nothing was erased since an answer was made, and the store was not made anew."""
    return (kept.made.build, kept.made.forgets) == (made.build, made.forgets)
