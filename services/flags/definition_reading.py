"""Flags and segments as people look at them: one, a page, the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.flags.history_diff import FieldChange, field_changes
from services.flags.preconditions import existing
from services.flags.store import Kind
from services.flags.store.absence import no_environment
from services.flags.store.definitions import DefinitionStore, Filter
from services.flags.store.records import PastVersion, Record, parsed_flag, parsed_segment
from services.flags.texts import is_environment, is_key, require_key
from services.runtime.pages import last_key, last_number, page_size, page_token
from services.runtime.texts import check_text

_PAGE_BYTES: Final = 3 * 1024 * 1024
"""Clients take messages of 4 MiB unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some definitions by key, the token of the next page (empty on the last), and the environment's revision."""

    records: Sequence[Record]
    next_token: str
    revision: int


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A version, and what it changed in the one before."""

    version: PastVersion
    changes: Sequence[FieldChange]


class DefinitionReading:
    """Reads flags or segments of one environment, from the database, so that writers see what they wrote."""

    def __init__(self, store: DefinitionStore, kind: Kind) -> None:
        self._store = store
        self._kind = kind

    async def get(self, environment: str, key: str) -> Record:
        """
        Return a definition, archived or not.

        Raises:
            NotFound: no such environment or definition.
        """
        require_key(self._kind, key)
        _require_environment(environment)
        return existing(self._kind, key, await self._store.find(environment, self._kind, key))

    async def page(self, environment: str, wanted: Filter, *, size: int, token: str) -> Page:
        """
        Return a page of definitions.

        Raises:
            InvalidRequest: the size, the token or a filter is wrong.
            NotFound: no such environment.
        """
        limit = page_size(size, default=100, most=1000)
        after = last_key(token, is_key)
        for name, text in (("tag", wanted.tag), ("owner", wanted.owner), ("search", wanted.search)):
            check_text(name, text, 200)
        _require_environment(environment)
        head, records = await self._store.page(environment, self._kind, wanted, after=after, limit=limit + 1)
        shown = _fitting(records[:limit])
        more = len(records) > len(shown)
        return Page(shown, page_token(shown[-1].key) if more else "", head.revision)

    async def history(self, environment: str, key: str, *, size: int, token: str) -> tuple[Sequence[HistoryEntry], str]:
        """
        Return versions, newest first, and the token of the next page.

        Raises:
            InvalidRequest: the size or the token is wrong.
            NotFound: no such environment or definition.
        """
        require_key(self._kind, key)
        limit = page_size(size, default=50, most=200)
        before = last_number(token)
        _require_environment(environment)
        versions = await self._store.history(environment, self._kind, key, before=before, limit=limit + 1)
        if not versions and before is None:
            existing(self._kind, key, None)
        entries = [
            HistoryEntry(version, self._changes(version, older))
            for version, older in zip(versions[:limit], [*versions[1:], None], strict=False)
        ]
        more = len(versions) > limit
        return entries, page_token(str(versions[limit - 1].version)) if more else ""

    def _changes(self, version: PastVersion, older: PastVersion | None) -> Sequence[FieldChange]:
        parse = parsed_flag if self._kind is Kind.FLAG else parsed_segment
        return field_changes(
            None if older is None else parse(older),
            parse(version),
            was_archived=older is not None and older.archived,
            archived=version.archived,
        )


def _fitting(records: Sequence[Record]) -> Sequence[Record]:
    """Return as many as one message may carry; at least one."""
    total = 0
    for position, record in enumerate(records):
        total += len(record.definition)
        if total > _PAGE_BYTES and position:
            return records[:position]
    return records


def _require_environment(environment: str) -> None:
    if not is_environment(environment):
        raise no_environment(environment)
