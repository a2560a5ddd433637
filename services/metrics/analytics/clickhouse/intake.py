"""Takes the log into ClickHouse. Blocking."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from services.metrics.analytics.clickhouse.rows import clickhouse_rows
from services.metrics.analytics.clickhouse.server import ClickHouseServer
from services.metrics.analytics.clickhouse.tables import BUILDS, Build, begun, builds_of, dropped, saved
from services.metrics.analytics.reports.dialects import ClickHouseDialect
from services.metrics.analytics.store.manifest import Manifest
from services.metrics.analytics.store.people import Split, SplitUnclear
from services.metrics.analytics.store.writing import Taken, taken
from services.runtime.errors import Unavailable

Item = TypeVar("Item")

_AT_ONCE: Final = 5_000
"""Actors, or rows, that one statement names."""
_STEPS: Final = 4
"""Versions of rows in a batch: as they came, then merged, then split."""

_quoted: Final = ClickHouseDialect().literal


class ClickHouseIntake:
    """
    Writes what the log streams into the table of a build.

    What is done of a batch before its cursor is saved may be done again: rows have their position as their key, and
    statements about people lead to the same rows.

    Args:
        server: where the tables are.
        environment: its key.
        clock: seconds since 1970.
        settled: splits that only the log can settle, and that stood in it before the build that does not answer yet was
            begun; None when that was begun for another reason.

    Attributes:
        build: as it is saved.
        splits: in the batch that was handed in last, whether it could be taken or not.
    """

    def __init__(
        self,
        server: ClickHouseServer,
        environment: str,
        clock: Callable[[], float],
        settled: frozenset[Split] | None = None,
    ) -> None:
        self._server = server
        self._environment = environment
        self._clock = clock
        self.build = self._opened()
        self._settled = None if self.build.live_since else settled
        self.splits: frozenset[Split] = frozenset()

    def take(self, responses: Sequence[bytes]) -> Manifest:
        """
        Take serialised responses in, which follow those before; return what is in now.

        Raises:
            LogUnreadable: these are none.
            SplitUnclear: only the log says whose some rows are: the table has to be made anew.
            Unavailable: the server does not answer, or another process writes the table now.
        """
        self._check_alone()
        before = self.build.manifest
        found = taken(before, responses)
        self.splits = frozenset((tenant, *pair) for tenant, pairs in found.after.splits.items() for pair in pairs)
        if found.after.unclear and self._settled is None:
            raise SplitUnclear
        version = (self.build.version + 1) * _STEPS
        if found.rows.num_rows:
            self._server.insert(self.build.table, clickhouse_rows(found.rows, version))
        self._merge(found.after.merges, version + 1)
        for tenant, pairs in found.after.splits.items():
            now = found.after.merges.get(tenant, {})
            for actor, from_ in sorted(pairs):
                # Who was told apart may be somebody else by now.
                self._split(tenant, actor, from_, now.get(actor, actor), version + 2)
        for tenant, gone in found.after.erased.items():
            self._erase(tenant, sorted(gone))
        self._erase_tenants(found, before.position)
        after = replace(
            found.after,
            cursor=found.frames.cursor,
            position=before.position + found.frames.entries,
            complete_us=max(before.complete_us, found.frames.complete_us),
            at_end=found.frames.at_end,
            # All of that is in the rows now.
            merges={},
            splits={},
            erased={},
            unclear=False,
        )
        self._save(after)
        return after

    @property
    def settled(self) -> frozenset[Split] | None:
        """What to begin with again after this one."""
        return self._settled

    def make_anew(self) -> None:
        """
        Begin a build that holds nothing, because the batch that was taken last was unclear; the one that answers does
        so until the new one has caught up.
        """
        if not self.build.live_since:
            dropped(self._server, self.build)
        self.build = begun(self._server, self._environment)
        self._settled = (self._settled or frozenset()) | self.splits

    def drop_all(self) -> None:
        """Begin a build that holds nothing, and let nothing answer until it has caught up: the log is another one."""
        for build in builds_of(self._server, self._environment):
            dropped(self._server, build)
        self.build = begun(self._server, self._environment)

    def _opened(self) -> Build:
        found = builds_of(self._server, self._environment)
        # One that is being made is newer than the one that answers.
        build = found[-1] if found else begun(self._server, self._environment)
        # What came behind the cursor may come under other positions now: some of it may be erased in the log.
        self._delete(build, f"position >= {build.manifest.position}")
        return build

    def _check_alone(self) -> None:
        """Find whoever led before and has not noticed yet that it does not any more."""
        [[version]] = self._server.rows(
            f"SELECT max(version) FROM {BUILDS} WHERE environment = {_quoted(self._environment)} "  # noqa: S608 - quoted
            f"AND build = {_quoted(self.build.manifest.build)}"
        )
        if int(version) != self.build.version:
            raise Unavailable("another process writes the events in ClickHouse")

    def _save(self, after: Manifest) -> None:
        build = replace(self.build, manifest=after)
        first = after.at_end and not build.live_since
        if first:
            build = replace(build, live_since=int(self._clock() * 1_000_000))
            self._settled = None
        self.build = saved(self._server, build)
        if first:
            for other in builds_of(self._server, self._environment):
                if other.table != build.table:
                    dropped(self._server, other)

    def _merge(self, merges: Mapping[str, Mapping[int, int]], version: int) -> None:
        pairs = [(tenant, from_, into) for tenant, each in merges.items() for from_, into in each.items()]
        for some in _parts(pairs):
            froms = ", ".join(str(from_) for _, from_, _ in some)
            intos = ", ".join(str(into) for _, _, into in some)
            whose = ", ".join(f"({_quoted(tenant)}, {from_})" for tenant, from_, _ in some)
            self._again(
                f"transform(actor, CAST([{froms}], 'Array(Int64)'), CAST([{intos}], 'Array(Int64)'), actor) AS actor",
                f"(tenant, actor) IN ({whose})",
                version,
            )

    def _split(self, tenant: str, actor: int, from_: int, now: int, version: int) -> None:
        """Tell two apart: see `rows_split` of the store."""
        theirs = f"tenant = {_quoted(tenant)} AND own_actor = {actor}"
        devices = f"SELECT anonymous_id FROM {self.build.table} FINAL WHERE {theirs} AND user_id IS NULL AND anonymous_id IS NOT NULL"  # noqa: E501, S608 - one query; quoted
        others = f"tenant = {_quoted(tenant)} AND own_actor = {from_} AND user_id IS NULL"
        [[known, unclear]] = self._server.rows(
            f"SELECT (SELECT count() FROM ({devices})), (SELECT countIf(anonymous_id IS NOT NULL) "  # noqa: S608 - as above
            f"FROM {self.build.table} FINAL WHERE {others})"
        )
        if not int(known) and int(unclear) and (tenant, actor, from_) not in (self._settled or ()):
            raise SplitUnclear
        self._again(
            f"toInt64({now}) AS actor, toInt64({actor}) AS own_actor",
            f"({theirs}) OR ({others} AND anonymous_id IN ({devices}))",
            version,
        )

    def _again(self, changed: str, where: str, version: int) -> None:
        """Write rows again, changed; they take the place of what they were."""
        table = self.build.table
        self._server.run(
            f"INSERT INTO {table} SELECT * REPLACE ({changed}, toUInt64({version}) AS version) "  # noqa: S608 - quoted
            # Within brackets, so that the condition is about what the rows were.
            f"FROM (SELECT * FROM {table} FINAL WHERE {where})"
        )

    def _erase(self, tenant: str, gone: Sequence[int]) -> None:
        for build in self._all_builds():
            for some in _parts(gone):
                actors = ", ".join(map(str, some))
                # Also what these rows were before: the row of an earlier version would take their place.
                found = self._server.rows(
                    f"SELECT DISTINCT position FROM {build.table} WHERE tenant = {_quoted(tenant)} "  # noqa: S608 - quoted
                    f"AND (actor IN ({actors}) OR own_actor IN ({actors}))"
                )
                for rows in _parts([int(position) for [position] in found]):
                    positions = ", ".join(map(str, rows))
                    self._delete(build, f"tenant = {_quoted(tenant)} AND position IN ({positions})")

    def _erase_tenants(self, found: Taken, position: int) -> None:
        for ordinal, entry in found.frames.others:
            if entry.WhichOneof("kind") != "tenant_erasure":
                continue
            theirs = f"tenant = {_quoted(entry.tenant_erasure.tenant)}"
            for build in self._all_builds():
                # Positions of another build are others; it does not follow the log any more.
                before = f" AND position < {position + ordinal}" if build.table == self.build.table else ""
                self._delete(build, theirs + before)

    def _all_builds(self) -> list[Build]:
        """Return also the build that answers while this one is made: what is erased disappears at once."""
        others = builds_of(self._server, self._environment)
        return [self.build, *(each for each in others if each.table != self.build.table)]

    def _delete(self, build: Build, where: str) -> None:
        self._server.run(f"ALTER TABLE {build.table} DELETE WHERE {where}")


def _parts(items: Sequence[Item]) -> Iterable[Sequence[Item]]:
    return [items[first : first + _AT_ONCE] for first in range(0, len(items), _AT_ONCE)]
