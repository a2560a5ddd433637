"""What is done to one flag: created, redefined, archived, killed, restored, rolled back."""

from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.flags.v1 import flag_pb2

from services.flags.definition_checks import require_sound
from services.flags.preconditions import check_etag, existing, live, require_etag, require_unused
from services.flags.redefinition import MakeSalt, created, redefined
from services.flags.references import References
from services.flags.rollouts.finding import is_breached
from services.flags.rollouts.stage_rules import require_no_new_stage_rules
from services.flags.store import Kind
from services.flags.store.definitions import Change
from services.flags.store.records import Action, Record, parsed_flag, serialised
from services.flags.texts import check_comment, require_key, require_reason
from services.flags.writer import Writer
from services.runtime.access import Caller, Role
from services.runtime.errors import AlreadyExists, InvalidRequest, NotFound, PermissionDenied, StateConflict

_LARGEST_VERSION: Final = (1 << 63) - 1


class FlagAdmin:
    """
    Changes flags one at a time.

    Every method returns the record as it is afterwards, and raises `NotFound` for an environment or a flag that does
    not exist, `InvalidRequest` with the fields that are wrong, and `Unavailable` when the database does not answer.
    Whatever is raised, nothing was changed.
    """

    def __init__(self, writer: Writer, references: References, make_salt: MakeSalt) -> None:
        self._writer = writer
        self._references = references
        self._make_salt = make_salt

    async def create(self, environment: str, flag: flag_pb2.Flag, *, comment: str, caller: Caller) -> Record:
        """
        Create a flag.

        Raises:
            AlreadyExists: the key is taken, perhaps by an archived flag.
        """
        require_key(Kind.FLAG, flag.key, "flag.key")
        check_comment(comment)
        if flag.HasField("kill"):
            raise InvalidRequest.of("flag.kill", "a flag is killed by KillFlag only")
        if flag.HasField("bucketing"):
            raise InvalidRequest.of("flag.bucketing", "is chosen by the service")
        new = created(flag, self._make_salt)
        require_sound(new, "flag")
        require_no_new_stage_rules(new, None)
        async with self._writer.change(environment, caller) as change:
            taken = await change.find(Kind.FLAG, flag.key)
            if taken:
                state = "an archived flag" if taken.archived else "a flag"
                raise AlreadyExists(f"there is {state} {flag.key!r} already", metadata={"key": flag.key})
            await self._references.require_sound(change, new)
            return change.put(new, None, Action.CREATE, comment=comment)

    async def update(self, environment: str, flag: flag_pb2.Flag, *, etag: str, comment: str, caller: Caller) -> Record:
        """
        Replace the definition; without a difference nothing is written.

        Raises:
            EtagMismatch: the flag was changed since it was read.
            StateConflict: it is archived.
        """
        require_key(Kind.FLAG, flag.key, "flag.key")
        check_comment(comment)
        async with self._writer.change(environment, caller) as change:
            stored = live(Kind.FLAG, flag.key, await change.find(Kind.FLAG, flag.key))
            require_etag(etag, stored)
            current = parsed_flag(stored)
            require_no_new_stage_rules(flag, current)
            return await self._redefine(change, stored, redefined(current, flag), Action.UPDATE, comment)

    async def archive(self, environment: str, key: str, *, etag: str, comment: str, caller: Caller) -> Record:
        """
        Take a flag away from all evaluators.

        Raises:
            EtagMismatch: an etag was given, and the flag was changed since.
            StateConflict: it is archived already, or a prerequisite of other flags.
        """
        require_key(Kind.FLAG, key)
        check_comment(comment)
        async with self._writer.change(environment, caller) as change:
            stored = live(Kind.FLAG, key, await change.find(Kind.FLAG, key))
            check_etag(etag, stored)
            require_unused(stored, (await self._references.known(change)).users(Kind.FLAG, key))
            return change.put(parsed_flag(stored), stored, Action.ARCHIVE, comment=comment, archived=True)

    async def kill(self, environment: str, key: str, *, reason: str, caller: Caller) -> Record:
        """
        Serve the off variant to everybody.

        Raises:
            StateConflict: the flag is killed already, or archived.
        """
        require_key(Kind.FLAG, key)
        require_reason(reason)
        async with self._writer.change(environment, caller) as change:
            stored = live(Kind.FLAG, key, await change.find(Kind.FLAG, key))
            flag = parsed_flag(stored)
            if flag.HasField("kill"):
                raise StateConflict(
                    f"flag {key} was killed by {flag.kill.by} already: {flag.kill.reason}", metadata={"state": "killed"}
                )
            flag.kill.by, flag.kill.reason = caller.actor, reason
            flag.kill.at.FromDatetime(change.at)
            return change.put(flag, stored, Action.KILL, comment=reason)

    async def restore(self, environment: str, key: str, *, reason: str, caller: Caller) -> Record:
        """
        Lift the kill state.

        Raises:
            StateConflict: the flag is not killed, or archived.
            PermissionDenied: a guard of its rollout has killed it, and no person asks.
        """
        require_key(Kind.FLAG, key)
        require_reason(reason)
        async with self._writer.change(environment, caller) as change:
            stored = live(Kind.FLAG, key, await change.find(Kind.FLAG, key))
            flag = parsed_flag(stored)
            if not flag.HasField("kill"):
                raise StateConflict(f"flag {key} is not killed", metadata={"state": "on" if flag.on else "off"})
            if caller.role is Role.INTERNAL and await is_breached(change, key):
                raise PermissionDenied("a guard has killed the flag: restoring it is for people to decide on")
            flag.ClearField("kill")
            return change.put(flag, stored, Action.RESTORE, comment=reason)

    async def roll_back(
        self, environment: str, key: str, *, version: int, etag: str, comment: str, caller: Caller
    ) -> Record:
        """
        Make the definition of an earlier version the newest, also of an archived flag. The kill state stays.

        Raises:
            NotFound: no such version.
            EtagMismatch: an etag was given, and the flag was changed since.
            StateConflict: that definition is the present one.
        """
        require_key(Kind.FLAG, key)
        check_comment(comment)
        if version == 0:
            raise InvalidRequest.of("version", "is required, counted from 1")
        async with self._writer.change(environment, caller) as change:
            stored = existing(Kind.FLAG, key, await change.find(Kind.FLAG, key))
            check_etag(etag, stored)
            past = await change.version(Kind.FLAG, key, version) if version <= _LARGEST_VERSION else None
            if past is None:
                raise NotFound(
                    f"flag {key} has no version {version}",
                    reason=reasons.ERROR_REASON_VERSION_NOT_FOUND,
                    metadata={"version": str(version)},
                )
            current = parsed_flag(stored)
            flag = redefined(current, parsed_flag(past))
            if flag == current and not stored.archived:
                raise StateConflict(
                    f"flag {key} has the definition of version {version} already", metadata={"state": "current"}
                )
            return await self._redefine(change, stored, flag, Action.ROLL_BACK, comment)

    async def _redefine(
        self, change: Change, stored: Record, flag: flag_pb2.Flag, action: Action, comment: str
    ) -> Record:
        if serialised(flag) == stored.definition and not stored.archived:
            return stored
        require_sound(flag, "flag")
        await self._references.require_sound(change, flag)
        return change.put(flag, stored, action, comment=comment)
