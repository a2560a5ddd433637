"""
Counts many events together, with the same result as one after the other.

Most events only say that an actor was seen in a minute, often one that is known already: what many of them say is found
at once. What adds to an amount or takes something back is counted event by event, in their order.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from services.metrics.live.contributions import Actor
from services.metrics.live.environment import LiveMetrics
from services.metrics.live.events import Codes, Events
from services.metrics.live.plan import NamePlan, Texts
from services.metrics.live.tenant import LONGEST, Tenant

_FEW: Final = 64
"""So many events are counted faster one by one."""

_NOBODY: Final = -1

Flags = npt.NDArray[np.bool_]


def count_events(metrics: LiveMetrics, events: Events, first: int, end: int) -> None:
    """Count some of the events as `LiveMetrics.apply` does. Raises DecodeError when one is none."""
    if end - first <= _FEW or events.odd[first:end].any():
        for at in range(first, end):
            metrics.apply_event(events.stored(at))
    else:
        _Stretch(metrics, events, first, end).count()


class _Stretch:
    def __init__(self, metrics: LiveMetrics, events: Events, first: int, end: int) -> None:
        some = slice(first, end)
        self._metrics = metrics
        self._events = events
        self._first = first
        self._tenant, self._name, self._actor = events.tenant[some], events.name[some], events.actor[some]
        self._occurred, self._received = events.occurred[some], events.received[some]
        self._lasts = np.maximum(self._occurred, events.committed[some])
        self._plans: Sequence[NamePlan] = [metrics.plan.of(name) for name in events.names]
        self._tenants = self._tenants_of()

    def count(self) -> None:
        """Count all of it."""
        alone = self._alone()
        actors, who = self._actors(~alone)
        self._see(np.flatnonzero(~alone & (who != _NOBODY)), actors, who)
        adds = np.array([not each.only_sees for each in self._plans])[self._name]
        rows = np.flatnonzero((alone | adds) & self._is_counted())
        columns = (self._tenant, self._name, alone, who, self._occurred, self._received, self._lasts)
        for row, tenant_code, name, is_alone, number, *minutes in zip(
            rows.tolist(), *[each[rows].tolist() for each in columns], strict=True
        ):
            tenant, plan = self._tenants[tenant_code], self._plans[name]
            if tenant is None:
                continue
            if is_alone:
                tenant.apply(self._events.stored(self._first + row), plan)
            else:
                actor = None if number == _NOBODY else actors[number]
                tenant.apply_amounts(Texts(self._events.properties(self._first + row)), plan, actor, minutes)

    def _tenants_of(self) -> list[Tenant | None]:
        """Return the tenants of the events by their codes; None for those that are not counted."""
        found: list[Tenant | None] = [None] * len(self._events.tenants)
        codes, firsts, counts = np.unique(self._tenant, return_index=True, return_counts=True)
        for at in np.argsort(firsts).tolist():
            code = int(codes[at])
            found[code] = self._metrics.tenant_of(self._events.tenants[code], int(counts[at]))
        return found

    def _is_counted(self) -> Flags:
        known: Flags = np.array([each is not None for each in self._tenants])[self._tenant]
        return known

    def _alone(self) -> Flags:
        """Return by which events actors were seen when only the event as a whole can tell."""
        alone: Flags = np.array([each.sees_by_properties for each in self._plans])[self._name]
        for minute in (self._occurred, self._received):
            bit = minute - self._metrics.floor
            alone |= (bit < 0) | (bit >= LONGEST)
        return alone

    def _actors(self, together: Flags) -> tuple[list[Actor | None], Codes]:
        """
        Return the actors of all events, each once, and for each event the index of its actor.

        In place of those whom their tenant does not tell apart is None.
        """
        who: Codes = np.full(len(self._actor), _NOBODY, np.int64)
        somebody = np.array([bool(each) for each in self._events.actors])[self._actor]
        rows = np.flatnonzero(somebody & self._is_counted())
        many = len(self._events.actors)
        keys, firsts, who[rows] = np.unique(
            self._tenant[rows] * many + self._actor[rows], return_index=True, return_inverse=True
        )
        events = np.bincount(who[rows[together[rows]]], minlength=len(keys)).tolist()
        actors: list[Actor | None] = [None] * len(keys)
        places = keys.tolist()
        for at in np.argsort(firsts).tolist():
            tenant_code, place = divmod(places[at], many)
            tenant = self._tenants[tenant_code]
            if tenant is not None:
                actors[at] = tenant.actor(self._events.actors[place], events[at])
        return actors, who

    def _see(self, rows: Codes, actors: Sequence[Actor | None], who: Codes) -> None:
        """Note when actors were seen by events that need no look at properties."""
        whose = np.zeros(len(actors), np.int64)
        whose[who[rows]] = self._tenant[rows]
        theirs = [self._tenants[code] for code in whose.tolist()]
        for at, by_receipt, names in self._sets():
            some = rows[names[self._name[rows]]]
            bits = (self._received if by_receipt else self._occurred)[some] - self._metrics.floor
            for sighting in np.unique(who[some] * LONGEST + bits).tolist():
                number, bit = divmod(sighting, LONGEST)
                actor, tenant = actors[number], theirs[number]
                if actor is not None and tenant is not None:
                    tenant.see(actor, at, bit)

    def _sets(self) -> Sequence[tuple[int, bool, Flags]]:
        """Return the actor sets, each with whether it goes by receipt and which names it takes."""
        takes: dict[tuple[int, bool], Flags] = {}
        for code, plan in enumerate(self._plans):
            for at, by_receipt, _ in plan.sets:
                takes.setdefault((at, by_receipt), np.zeros(len(self._plans), bool))[code] = True
        return [(at, by_receipt, names) for (at, by_receipt), names in takes.items()]
