"""Flags that come from elsewhere, and go there: from another environment, from YAML, to YAML."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation.model import Violation

from services.flags.definition_checks import refuse, require_sound
from services.flags.flag_import import Planned, plan_import
from services.flags.flags_yaml import Definitions, write_definitions
from services.flags.flags_yaml.aside import Reader
from services.flags.history_diff import FieldChange, field_changes
from services.flags.preconditions import live
from services.flags.redefinition import MakeSalt, created, transplanted
from services.flags.references import References, require_room
from services.flags.rollouts.stage_rules import new_stage_rules, without_stages
from services.flags.store import Entry, EnvironmentChanges, Kind, RulesReader
from services.flags.store.absence import no_environment
from services.flags.store.definitions import Change, DefinitionStore
from services.flags.store.records import Action, Record, parsed_flag, parsed_segment, serialised
from services.flags.texts import check_comment, is_environment, require_key
from services.flags.writer import Writer
from services.runtime.access import Caller
from services.runtime.errors import EtagMismatch, InvalidRequest

_IMPORT_SECONDS: Final = 45.0
"""The most that an import may take once it holds the environment: thousands of definitions are checked and written."""


@dataclass(frozen=True, slots=True)
class Import:
    """How an import is to be made; fields as in `ImportFlagsRequest`."""

    yaml: str
    dry_run: bool = False
    prune: bool = False
    expected_revision: int | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Promotion:
    """The flag where it was promoted to (None if that was only planned), what changed, and what stands for the plan."""

    record: Record | None
    changes: Sequence[FieldChange]
    plan: str


class FlagTransfer:
    """Promotes, imports and exports. Whatever is raised, nothing was changed."""

    def __init__(
        self,
        store: DefinitionStore,
        rules: RulesReader,
        writer: Writer,
        references: References,
        make_salt: MakeSalt,
    ) -> None:
        self._store = store
        self._rules = rules
        self._writer = writer
        self._references = references
        self._make_salt = make_salt
        self._reader = Reader()

    async def promote(
        self, source: str, target: str, key: str, *, plan: str, dry_run: bool, comment: str, caller: Caller
    ) -> Promotion:
        """
        Copy a definition to another environment. A `plan` is that of an earlier answer, or empty.

        Rules of rollout plans stay behind: plans belong to their environment.

        Raises:
            EtagMismatch: the flag was changed since the plan was made.
            NotFound: no such environment or flag.
            InvalidRequest: the flag has another type there, or needs segments or flags that are not there.
            StateConflict: it is archived, here or there.
        """
        require_key(Kind.FLAG, key)
        check_comment(comment)
        if source == target:
            raise InvalidRequest.of("to_environment", "must be another environment")
        if not is_environment(source):
            raise no_environment(source)
        record = live(Kind.FLAG, key, await self._store.find(source, Kind.FLAG, key))
        given = without_stages(parsed_flag(record))
        async with self._writer.change(target, caller) as change:
            stored = await change.find(Kind.FLAG, key)
            now = _plan_of(record, stored)
            if plan not in ("", now):
                raise EtagMismatch("the flag was changed since the plan was made", metadata={"etag": now})
            if stored is None:
                before = None
                flag = created(given, self._make_salt)
                flag.on = False
            else:
                before = parsed_flag(live(Kind.FLAG, key, stored))
                flag = transplanted(before, given)
            changes = field_changes(before, flag)
            if stored is not None and serialised(flag) == stored.definition:
                return Promotion(None if dry_run else stored, changes, now)
            require_sound(flag, "flag")
            await self._references.require_sound(change, flag)
            written = None if dry_run else change.put(flag, stored, Action.PROMOTE, comment=comment)
            return Promotion(written, changes, now)

    async def export(self, environment: str) -> tuple[str, int]:
        """Return all live flags and segments as YAML, and the revision they are of."""
        if not is_environment(environment):
            raise no_environment(environment)
        changes = await self._rules.changes_since(environment, 0)
        return await asyncio.to_thread(_written, changes), changes.head.revision

    async def make(self, environment: str, wish: Import, caller: Caller) -> tuple[Sequence[Planned], int]:
        """
        Import YAML, all or nothing; return what changed, or would, and the environment's revision afterwards.

        Raises:
            NotFound: no such environment.
            InvalidRequest: the YAML cannot be read, or a definition is not sound; see `read_definitions`.
            EtagMismatch: the environment is not at `expected_revision` any more.
            StateConflict: there would be more definitions than an environment may have.
        """
        check_comment(wish.comment)
        if not wish.yaml.strip():
            raise InvalidRequest.of("yaml", "is required")
        wanted = await self._reader.read(wish.yaml)
        async with self._writer.change(environment, caller, seconds=_IMPORT_SECONDS) as change:
            if wish.expected_revision not in (None, change.head.revision):
                raise EtagMismatch(
                    f"environment {environment} was changed since the plan was made: it is at revision "
                    f"{change.head.revision}, not {wish.expected_revision}",
                    metadata={"etag": str(change.head.revision)},
                )
            plan = await self._plan(change, wanted, prune=wish.prune)
            if wish.dry_run:
                return plan, change.head.revision
            for each in plan:
                change.put(
                    each.definition,
                    each.stored,
                    Action.IMPORT,
                    comment=wish.comment,
                    archived=each.action is Action.ARCHIVE,
                )
            return plan, change.revision if plan else change.head.revision

    async def _plan(self, change: Change, wanted: Definitions, *, prune: bool) -> list[Planned]:
        stored = {(record.kind, record.key): record for record in await change.records()}
        plan = await asyncio.to_thread(plan_import, stored, wanted, prune=prune, make_salt=self._make_salt)
        written = [each for each in plan if each.action is not Action.ARCHIVE]
        removed = [(each.kind, each.key) for each in plan if each.action is Action.ARCHIVE]
        known = await self._references.known(change)
        found = await asyncio.to_thread(known.violations, [each.definition for each in written], removed)
        found += [each for one in written for each in _stage_rules(one)]
        refuse([Violation(_yaml_path(each.field), each.description) for each in found])
        lives = {name for name, record in stored.items() if not record.archived}
        size = sum(len(record.definition) for name, record in stored.items() if name in lives)
        require_room(
            len((lives | {(each.kind, each.key) for each in written}) - set(removed)),
            size + sum(each.definition.ByteSize() for each in written),
        )
        return plan


def _plan_of(given: Record, stored: Record | None) -> str:
    there = b"" if stored is None else stored.definition
    return hashlib.sha256(hashlib.sha256(given.definition).digest() + there).hexdigest()[:16]


def _stage_rules(planned: Planned) -> list[Violation]:
    flag, stored = planned.definition, planned.stored
    if not isinstance(flag, flag_pb2.Flag):
        return []
    return new_stage_rules(f"flags[{flag.key}]", flag, None if stored is None else parsed_flag(stored))


def _yaml_path(field: str) -> str:
    """Turn "flags[a].rules[0]" into "flags.a.rules[0]"."""
    return field.replace("[", ".", 1).replace("]", "", 1)


def _written(changes: EnvironmentChanges) -> str:
    def of(kind: Kind) -> list[Entry]:
        return sorted((each for each in changes.entries if each.kind is kind), key=lambda each: each.key)

    return write_definitions(map(parsed_flag, of(Kind.FLAG)), map(parsed_segment, of(Kind.SEGMENT)))
