"""Makes one flag what its resource says, and says in the resource how that went."""

import asyncio
import datetime
import enum
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from services.controller.claims import Claims, flag_of
from services.controller.cluster.api import ApiError, KubernetesApi, Object
from services.controller.cluster.events import Recorder
from services.controller.cluster.following import Followed, Name
from services.controller.flag_service import Clients, FlagService
from services.controller.planning import Act, Action, Conflict, Plan, Stored, plan
from services.controller.reporting import Fault, Outcome, invalid, memory_of, merge_patch, status_of
from services.controller.resource import FINALIZER, GROUP, PLURAL, VERSION, Wanted, wanted_of
from services.controller.statuses import Refused, stale

_log = logging.getLogger(__name__)

_ATTEMPTS: Final = 5


class Verdict(enum.Enum):
    """What follows from a look at a resource."""

    DONE = "done"
    WAITING = "waiting"
    """Clients have yet to apply it: look again soon."""
    FAILED = "failed"
    """Try again, later each time."""


class Reconciler:
    """
    Looks at resources, one at a time each.

    Args:
        api: of the cluster.
        flags: the flag service.
        recorder: of events.
        followed: the resources.
        claims: who speaks for a flag.
        now: the present, in UTC.
    """

    def __init__(
        self,
        api: KubernetesApi,
        flags: FlagService,
        recorder: Recorder,
        *,
        followed: Followed,
        claims: Claims,
        now: Callable[[], datetime.datetime],
    ) -> None:
        self._api = api
        self._flags = flags
        self._recorder = recorder
        self._followed = followed
        self._claims = claims
        self._now = now
        self._writing: dict[str, asyncio.Lock] = {}

    async def look(self, name: Name) -> Verdict:
        """
        Carry out what a resource says.

        Raises:
            ApiError: the cluster did not take what had to be written; look again later.
        """
        document = self._followed.objects.get(name)
        if document is None:
            return Verdict.DONE
        wanted = wanted_of(document)
        speaker = self._claims.speaker(flag_of(document))
        if speaker not in (name, None):
            return await self._silent(document, wanted, f"{speaker[0]}/{speaker[1]}" if speaker else "")
        if wanted.deleting:
            return await self._farewell(document, wanted)
        unheld: ApiError | None = None
        try:
            document = await self._hold(document, holds=wanted.ownership.archives)
        except ApiError as error:
            unheld = error  # a kill does not wait for it
        outcome = await _Look(self._flags, wanted, document, self._recorder, self._lock(wanted.environment)).run()
        if outcome.fault is not None:
            await self._recorder.tell_state(document, outcome.fault.reason, outcome.fault.message)
        if outcome.plan.conflict is not None:
            await self._recorder.tell_state(document, outcome.plan.conflict.reason, outcome.plan.conflict.message)
        await self._publish(document, wanted, outcome)
        if unheld is not None:
            raise unheld
        if outcome.fault is not None:
            return Verdict.FAILED
        lagging = outcome.clients is not None and outcome.clients.applied < outcome.clients.connected
        return Verdict.WAITING if lagging else Verdict.DONE

    async def _silent(self, document: Object, wanted: Wanted, speaker: str) -> Verdict:
        """Say of a resource that another one speaks for its flag."""
        if wanted.deleting:
            await self._hold(document, holds=False)
            return Verdict.DONE
        conflict = Conflict("ClaimedByAnother", f"{speaker} is older and names the same flag")
        memory = memory_of(document.get("status") or {})
        outcome = Outcome(None, Plan([], conflict, memory.kill_done), fault=Fault(conflict.reason, conflict.message))
        await self._recorder.tell_state(document, conflict.reason, conflict.message)
        await self._publish(document, wanted, outcome)
        return Verdict.DONE

    async def _farewell(self, document: Object, wanted: Wanted) -> Verdict:
        if FINALIZER not in _finalizers(document):
            return Verdict.DONE
        outcome = await _Look(self._flags, wanted, document, self._recorder, self._lock(wanted.environment)).run()
        if outcome.fault is not None:
            message = f"the flag could not be archived, so the resource stays: {outcome.fault.message}"
            await self._recorder.tell_state(document, outcome.fault.reason, message)
            await self._publish(document, wanted, replace(outcome, fault=Fault(outcome.fault.reason, message)))
            return Verdict.FAILED
        await self._hold(document, holds=False)
        return Verdict.DONE

    async def _hold(self, document: Object, *, holds: bool) -> Object:
        """Have the resource wait for us when it is deleted, or no longer."""
        present = _finalizers(document)
        if holds is (FINALIZER in present):
            return document
        wanted = [*present, FINALIZER] if holds else [each for each in present if each != FINALIZER]
        patch = {"metadata": {"finalizers": wanted, "resourceVersion": document["metadata"]["resourceVersion"]}}
        try:
            document = await self._api.merge(_path(document), patch)
        except ApiError as error:
            if error.is_missing:
                return document
            raise
        self._followed.seen(document)
        return document

    async def _publish(self, document: Object, wanted: Wanted, outcome: Outcome) -> None:
        before = document.get("status") or {}
        after = status_of(wanted, before, outcome, self._now().strftime("%Y-%m-%dT%H:%M:%SZ"))
        patch = merge_patch(before, after)
        if not patch:
            return
        try:
            self._followed.seen(await self._api.merge(f"{_path(document)}/status", {"status": patch}))
        except ApiError as error:
            if not error.is_missing:
                raise

    def _lock(self, environment: str) -> asyncio.Lock:
        return self._writing.setdefault(environment, asyncio.Lock())


class _Look:
    """One look at a flag, from what is there to what was done."""

    def __init__(
        self, flags: FlagService, wanted: Wanted, document: Object, recorder: Recorder, writing: asyncio.Lock
    ) -> None:
        self._flags = flags
        self._wanted = wanted
        self._document = document
        self._recorder = recorder
        self._writing = writing
        self._memory = memory_of(document.get("status") or {})
        self._stored: Stored | None = None
        self._plan = Plan(kill_done=self._memory.kill_done)

    async def run(self) -> Outcome:
        """Look, plan and act; again when somebody else was faster."""
        fault: Fault | None = None
        for attempt in range(_ATTEMPTS):
            try:
                fault = await self._attempt()
                break
            except Refused as error:
                fault = invalid(error.violations) if error.violations else Fault(_reason(error), error.message)
                if not error.is_stale or attempt == _ATTEMPTS - 1:
                    break
        return Outcome(self._stored, self._plan, await self._clients(), fault)

    async def _attempt(self) -> Fault | None:
        wanted = self._wanted
        await self._read()
        self._plan = plan(wanted, self._stored, None, self._memory)
        await self._act(self._plan.actions, 0)
        if wanted.deleting:
            return None
        if wanted.problems:
            return invalid(wanted.problems)
        async with self._writing:
            found = await self._flags.differences(wanted.environment, wanted.key, wanted.definition)
            await self._read()
            if self._stored is not None and self._stored.revision > found.revision:
                raise stale()
            self._plan = plan(wanted, self._stored, found, self._memory)
            await self._act(self._plan.actions, found.revision)
        return None

    async def _act(self, actions: Sequence[Action], revision: int) -> None:
        for action in actions:
            try:
                revision = await self._do(action, revision)
            except Refused as error:
                if error.is_state and action.act in (Act.KILL, Act.RESTORE):
                    raise stale() from None  # somebody did the same just now
                raise
            _log.info("done", extra={"act": action.act.value, "flag": self._wanted.key})
            await self._recorder.tell(self._document, action.event, action.message, warning=action.warning)

    async def _do(self, action: Action, revision: int) -> int:
        """Do one thing; return the revision that it led to."""
        wanted, flags = self._wanted, self._flags
        environment, key = wanted.environment, wanted.key
        if action.act is Act.KILL:
            await flags.kill(environment, key, action.reason)
            # From here on a flag that is not killed is one that somebody has restored.
            self._memory = replace(self._memory, kill_done=True)
        elif action.act is Act.RESTORE:
            await flags.restore(environment, key, action.reason)
        elif action.act is Act.ARCHIVE:
            await flags.archive(environment, key, action.reason)
        else:
            off = {"on": False} if action.act is Act.CREATE_OFF else {}
            await flags.define(environment, key, {**wanted.definition, **off}, revision=revision, comment=action.reason)
        await self._read()
        return self._stored.revision if self._stored is not None else 0

    async def _read(self) -> None:
        self._stored = await self._flags.find(self._wanted.environment, self._wanted.key)

    async def _clients(self) -> Clients | None:
        if self._stored is None or self._stored.archived:
            return None
        try:
            return await self._flags.clients(self._wanted.environment, self._stored.revision)
        except Refused:
            return None


def _reason(error: Refused) -> str:
    """Return the reason of a refusal as conditions write them: "FLAG_NOT_FOUND" is "FlagNotFound"."""
    return "".join(part.capitalize() for part in error.reason.split("_"))


def _finalizers(document: Object) -> list[str]:
    return list(document["metadata"].get("finalizers") or [])


def _path(document: Object) -> str:
    metadata = document["metadata"]
    return f"/apis/{GROUP}/{VERSION}/namespaces/{metadata['namespace']}/{PLURAL}/{metadata['name']}"
