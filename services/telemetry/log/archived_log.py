"""Reads days that are only in their archives."""

import asyncio
import threading
from collections.abc import Sequence
from functools import lru_cache
from heapq import merge
from pathlib import Path
from typing import Final

from services.telemetry.log import LogRow, Position
from services.telemetry.log.archive_files import ArchiveDamaged, ArchivedDay, Groups, sha256_of

_REMEMBERED_GROUPS: Final = 4
_REMEMBERED_FILES: Final = 1_000


class ArchivedLog:
    """
    The archives of a folder, as the log.

    A file is checked against its hash before the first row of it is used. What was decoded last is remembered, because
    readers take less at a time than is decoded together.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._groups = lru_cache(_REMEMBERED_FILES)(self._checked)
        self._rows = lru_cache(_REMEMBERED_GROUPS)(self._decoded)
        self._one_at_a_time = threading.Lock()
        self._days: Sequence[ArchivedDay] = ()

    async def read(self, days: Sequence[ArchivedDay], after: Position, limit: int) -> list[LogRow]:
        """
        Return the next rows after a position, of all environments, in order; fewer than `limit` only at the end.

        Raises:
            ArchiveDamaged: a file is not what it was.
            OSError: a file cannot be read; one that was rewritten since `days` was read may be gone.
        """
        if days != self._days:
            # A file was rewritten without somebody, or there is another: what was decoded is not kept.
            self._days = days
            self._groups.cache_clear()
            self._rows.cache_clear()
        unread = [day for day in days if day.highest is not None and day.highest >= after.xid]
        if not unread:
            return []
        return await asyncio.to_thread(self._read, unread, after, limit)

    def _read(self, days: Sequence[ArchivedDay], after: Position, limit: int) -> list[LogRow]:
        # What waits here is decoded already when its turn comes.
        with self._one_at_a_time:
            rows: list[LogRow] = []
            for day in sorted(days, key=lambda day: day.lowest or 0):
                if len(rows) == limit and day.lowest is not None and day.lowest > rows[-1].xid:
                    break
                rows = list(merge(rows, self._read_day(day, after, limit)))[:limit]
            return rows

    def _read_day(self, day: ArchivedDay, after: Position, limit: int) -> list[LogRow]:
        found: list[LogRow] = []
        groups = self._groups(day)
        for number, highest in enumerate(groups.highest):
            if highest >= after.xid:
                found += [row for row in self._rows(day, number) if row[:2] > after]
                if len(found) >= limit:
                    break
        return found[:limit]

    def _checked(self, day: ArchivedDay) -> Groups:
        file = self._folder / day.file
        if sha256_of(file) != day.sha256:
            raise ArchiveDamaged(f"{day.file} was changed since it was verified")
        return Groups(file)

    def _decoded(self, day: ArchivedDay, number: int) -> list[LogRow]:
        return [
            LogRow(xid, order, kind, environment, tenant, subject, name, received_at, body, subject)
            for xid, order, kind, environment, tenant, subject, name, received_at, _, _, body in self._groups(day).rows(
                number
            )
        ]
