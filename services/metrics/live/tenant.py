"""The live state of one tenant."""

from typing import Final

from mirante.api.telemetry.v1.event_pb2 import StoredEvent

from services.metrics.definitions import Aggregation
from services.metrics.live import FUTURE, HOUR, REACH
from services.metrics.live.amounts import Histograms, Totals
from services.metrics.live.contributions import Actor, Contribution, Key, Undoing
from services.metrics.live.distinct import DistinctActors
from services.metrics.live.keeping import Keeping, OldAmount
from services.metrics.live.past import PastActors
from services.metrics.live.plan import NamePlan, Plan, Texts, amount_of, selects

MOST_OF_A_KEY: Final = 100
"""Events that may have the same key and be taken back, and events that may take them back."""

LONGEST: Final = REACH + FUTURE + 2 * HOUR
"""No set of minutes gets longer, in bits."""


class Tenant:
    """
    Counts the events of one tenant.

    Minutes from `floor` on are kept; `old` collects what fell before it, until somebody takes it. Noted are the
    minutes whose amounts or windows have changed since `take_touched`, and `touched_hours` their hours, until somebody
    takes them. `currencies_seen` are those of each metric lately, also when nothing is left of one.
    """

    def __init__(self, plan: Plan, floor: int, keeping: Keeping) -> None:
        self._plan = plan
        self._keeping = keeping
        self._limits = keeping.limits
        self._left = keeping.left
        self.floor = floor
        self.amounts: list[dict[str, Totals]] = [{} for _ in plan.metrics]
        self.histograms = {
            at: Histograms(each.window, each.percent)
            for at, each in enumerate(plan.metrics)
            if each.aggregation is Aggregation.PERCENTILE
        }
        self.counts = [{width: DistinctActors(width) for width in each.widths} for each in plan.sets]
        self.actors: dict[bytes, Actor] = {}
        self.keys: list[dict[str, Key]] = [{} for _ in plan.take_backs]
        self.old: list[OldAmount] = []
        self.past = PastActors(plan.sets)
        self.currencies_seen: list[set[str]] = [set() for _ in plan.metrics]
        self.newest = floor
        self._traces = 0
        self._touched: int | None = None
        self.touched_hours: set[int] = set()

    def apply(self, stored: StoredEvent, names: NamePlan) -> None:
        """Count an event that was not counted yet."""
        occurred = stored.occurred_at.seconds // 60
        committed = stored.received_at.seconds // 60
        received = occurred if stored.imported else committed
        actor_id = stored.actor_id
        actor = self.actor(actor_id, 1) if actor_id else None
        texts = Texts(stored.event.properties)
        if actor is not None:
            for at, by_receipt, selection in names.sets:
                minute = received if by_receipt else occurred
                if selection is not None and not selects(selection, texts):
                    continue
                if minute >= self.floor:
                    self.see(actor, at, minute - self.floor)
                elif self._keeping.keeps_past:
                    self.past.see(at, actor_id, minute, max(occurred, committed))
        if not names.only_sees:
            self.apply_amounts(texts, names, actor, (occurred, received, max(occurred, committed)))

    def apply_amounts(self, texts: Texts, names: NamePlan, actor: Actor | None, minutes: tuple[int, int, int]) -> None:
        """
        Count what an event adds and takes back.

        Args:
            texts: its properties.
            names: what is done with it.
            actor: who, if they are told apart.
            minutes: in which it happened, in which it was received, and until which it can be taken back.
        """
        occurred, received, lasts = minutes
        for at, metric, by_receipt, take_back, key in names.amounts:
            if not selects(metric.selection, texts):
                continue
            found = amount_of(metric, texts)
            if found is None or not self._may_hold(at, found[1]):
                self._left.unreadable += 1
                continue
            made = Contribution(at, received if by_receipt else occurred, found[0], found[1], lasts)
            if take_back >= 0:
                self._remember(made, take_back, texts.of(key))
            if actor is not None:
                self._trace(actor, made)
            if not made.undone_by:
                self._add(made, 1)
        for at, what in names.takes_back:
            self._undo(at, texts.of(what.key), actor, lasts)

    def actor(self, actor_id: bytes, events: int) -> Actor | None:
        """Return the actor of so many events; None when no more are told apart."""
        actor = self.actors.get(actor_id)
        if actor is None:
            if len(self.actors) >= self._limits.actors:
                self._left.actors += events
                return None
            actor = self.actors[actor_id] = Actor(len(self._plan.sets))
        return actor

    def see(self, actor: Actor, at: int, bit: int) -> None:
        """Note that an actor was seen by an actor set; `bit` is the minute, counted from `floor`."""
        if bit >= LONGEST:
            self._left.unreadable += 1
            return
        before = actor.seen[at]
        if before >> bit & 1:
            return
        for counted in self.counts[at].values():
            counted.see(before, bit, self.floor)
        actor.seen[at] = before | 1 << bit
        self.touch(self.floor + bit)

    def merge(self, from_id: bytes, into_id: bytes) -> None:
        """Count the first actor as the second, for all that is remembered."""
        if from_id != into_id:
            self.past.merge(from_id, into_id)
        gone = None if from_id == into_id else self.actors.pop(from_id, None)
        if gone is None:
            return
        stays = self.actors.get(into_id)
        if stays is None:
            self.actors[into_id] = gone
            return
        stays.traces += gone.traces
        for at, minutes in enumerate(gone.seen):
            before = stays.seen[at]
            if minutes:
                for counted in self.counts[at].values():
                    counted.count(minutes, self.floor, -1)
                    counted.count(before, self.floor, -1)
                    counted.count(minutes | before, self.floor, 1)
                stays.seen[at] = minutes | before
                self._touch_seen(minutes)

    def erase(self, actor_id: bytes) -> None:
        """Forget an actor, and take back what their events did."""
        self.past.erase(actor_id)
        gone = self.actors.pop(actor_id, None)
        if gone is None:
            return
        for at, minutes in enumerate(gone.seen):
            if minutes:
                for counted in self.counts[at].values():
                    counted.count(minutes, self.floor, -1)
                self._touch_seen(minutes)
        for trace in gone.traces:
            if isinstance(trace, Undoing):
                trace.erased = True
                self._settle(trace.key)
            else:
                if trace.counts:
                    self._add(trace, -1)
                trace.erased = True

    def forget_before(self, floor: int) -> None:
        """Drop what is older."""
        shift = floor - self.floor
        if shift <= 0:
            return
        self._forget_amounts(floor)
        self.past.forget_before(floor)
        for counts in self.counts:
            for counted in counts.values():
                counted.clear()
        self._traces = 0
        for actor_id, actor in list(self.actors.items()):
            actor.seen = [minutes >> shift for minutes in actor.seen]
            actor.traces = [each for each in actor.traces if each.lasts_until >= floor]
            self._traces += len(actor.traces)
            if not any(actor.seen) and not actor.traces:
                del self.actors[actor_id]
            for at, minutes in enumerate(actor.seen):
                for counted in self.counts[at].values():
                    counted.count(minutes, floor, 1)
        self.floor = floor
        self.touched_hours = {hour for hour in self.touched_hours if hour * HOUR >= floor}

    @property
    def empty(self) -> bool:
        """Whether nothing is known of it, and nobody has to be told of anything."""
        return not (
            self.actors
            or any(self.amounts)
            or any(self.keys)
            or any(each.minutes for each in self.histograms.values())
            or self.old
            or self.past.touched
            or self.touched_hours
        )

    def touch(self, minute: int) -> None:
        """Note that what belongs to a minute may be another now."""
        if self._touched is None or minute < self._touched:
            self._touched = minute
        self.newest = max(self.newest, minute)
        hour = minute // HOUR
        if hour not in self.touched_hours or hour + 1 not in self.touched_hours:
            # Windows that end in the next hour hold it as well.
            self.touched_hours.update((hour, hour + 1))

    def take_touched(self) -> int | None:
        """Return the first minute that has changed since this was asked last; None when none has."""
        touched, self._touched = self._touched, None
        return touched

    def _forget_amounts(self, floor: int) -> None:
        for by_currency in self.amounts:
            for totals in by_currency.values():
                totals.forget_before(floor)
            for currency in [each for each, totals in by_currency.items() if not totals.minutes]:
                del by_currency[currency]
        self.currencies_seen = [set(each) for each in self.amounts]
        for histograms in self.histograms.values():
            histograms.forget_before(floor)
        for keys in self.keys:
            for text in [text for text, key in keys.items() if key.forget_before(floor)]:
                del keys[text]

    def _trace(self, actor: Actor, trace: Contribution | Undoing) -> None:
        if self._traces >= self._limits.traces:
            self._left.traces += 1
            return
        self._traces += 1
        actor.traces.append(trace)

    def _may_hold(self, at: int, currency: str) -> bool:
        held = self.amounts[at]
        return currency in held or len(held) < self._limits.currencies

    def _key(self, at: int, text: str | None) -> Key | None:
        if text is None:
            return None
        keys = self.keys[at]
        key = keys.get(text)
        if key is None:
            if len(keys) >= self._limits.keys:
                self._left.keys += 1
                return None
            key = keys[text] = Key()
        return key

    def _remember(self, made: Contribution, at: int, text: str | None) -> None:
        key = self._key(at, text)
        if key is None:
            return
        made.undone_by = key.undone
        if len(key.contributions) < MOST_OF_A_KEY * len(self._plan.metrics):
            key.contributions.append(made)
        else:
            self._left.keys += 1

    def _undo(self, at: int, text: str | None, actor: Actor | None, lasts_until: int) -> None:
        key = self._key(at, text)
        if key is None or len(key.undoings) >= MOST_OF_A_KEY:
            return
        undoing = Undoing(key, lasts_until)
        key.undoings.append(undoing)
        if actor is not None:
            self._trace(actor, undoing)
        self._settle(key)

    def _settle(self, key: Key) -> None:
        undone = key.undone
        for made in key.contributions:
            counted = made.counts
            made.undone_by = undone
            if made.counts != counted:
                self._add(made, 1 if made.counts else -1)

    def _add(self, made: Contribution, sign: int) -> None:
        if made.minute < self.floor:
            if self._keeping.keeps_old:
                self.old.append(OldAmount(made, sign))
            return
        if made.minute - self.floor >= LONGEST:
            self._left.unreadable += 1
            made.erased = True
            return
        histograms = self.histograms.get(made.metric)
        if histograms is not None:
            histograms.add(made.minute, int(made.amount), sign)
        else:
            by_currency = self.amounts[made.metric]
            totals = by_currency.get(made.currency)
            if totals is None:
                self.currencies_seen[made.metric].add(made.currency)
                totals = by_currency[made.currency] = Totals()
            totals.add(made.minute, made.amount if sign > 0 else -made.amount)
            if not totals.minutes:
                del by_currency[made.currency]
        self.touch(made.minute)

    def _touch_seen(self, minutes: int) -> None:
        self.touch(self.floor + (minutes & -minutes).bit_length() - 1)
        while minutes:
            bit = minutes.bit_length() - 1
            self.touch(self.floor + bit)
            # One touch an hour is enough.
            minutes &= (1 << max(0, (self.floor + bit) // HOUR * HOUR - self.floor)) - 1
