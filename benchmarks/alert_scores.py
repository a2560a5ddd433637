"""How often detectors are wrong about made-up tenants, and what they find."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Final

from benchmarks.alert_tenants import DAY, HOURS, OUTAGE_HOURS, SCORED_FROM, SUNDAY, Tenant, plain_shape
from services.metrics.alerts.detection import (
    Change,
    Episode,
    Prior,
    Settings,
    State,
    Verdict,
    adopt_prior,
    advance,
    judge,
    learn_prior,
)  # fmt: skip

WEEK: Final = 7 * DAY
GIVEN_STRENGTH: Final = 8.0
ROLLING: Final = 30
ROLLING_LIMIT: Final = 3.0


@dataclass(frozen=True, slots=True)
class Said:
    """What was said about an hour."""

    alarming: bool
    opened: bool


@dataclass(slots=True)
class Score:
    """
    Sums over tenants. Hours of outages and spikes are no false alarms; an outage is found when any of its hours
    alarms.
    """

    weeks: float = 0.0
    false_hours: int = 0
    false_episodes: int = 0
    outages: int = 0
    outages_found: int = 0
    spikes: int = 0
    spikes_found: int = 0

    def add(self, tenant: Tenant, said: Sequence[Said]) -> None:
        """Add a tenant and what was said about its hours."""
        quiet = [hour for hour in range(SCORED_FROM, HOURS) if hour not in tenant.broken]
        self.weeks += len(quiet) / WEEK
        self.false_hours += sum(said[hour].alarming for hour in quiet)
        self.false_episodes += sum(said[hour].opened for hour in quiet)
        self.outages += len(tenant.outages)
        self.outages_found += sum(
            any(each.alarming for each in said[start : start + OUTAGE_HOURS]) for start in tenant.outages
        )
        self.spikes += len(tenant.spikes)
        self.spikes_found += sum(said[at].alarming for at in tenant.spikes)

    def merge(self, other: "Score") -> None:
        """Add the sums of other tenants."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    @property
    def false_alarms(self) -> float:
        """Hours that alarm wrongly, in a tenant-week: the strictest count, an episode of five hours is five."""
        return self.false_hours / self.weeks

    @property
    def outage_share(self) -> float:
        """Of the outages, how many were found."""
        return self.outages_found / self.outages

    @property
    def spike_share(self) -> float:
        """Of the spikes, how many were found."""
        return self.spikes_found / self.spikes

    def figures(self) -> dict[str, object]:
        """Return what is reported."""
        return {
            "tenant_weeks": round(self.weeks),
            "false_alarms_per_tenant_week": round(self.false_alarms, 2),
            "false_episodes_per_tenant_week": round(self.false_episodes / self.weeks, 2),
            "outages_found": round(self.outage_share, 3),
            "spikes_found": round(self.spike_share, 3),
        }


def true_prior() -> Prior:
    """Return the prior of the plain generator with its true shape, worth as much as in the reference."""
    shape = [plain_shape(weekday, hour) for weekday in range(SUNDAY + 1) for hour in range(DAY)]
    mean = sum(shape) / WEEK
    return Prior(tuple(each / mean for each in shape), (GIVEN_STRENGTH,) * WEEK)


def score_alone(score: Score, tenants: Iterable[Tenant], settings: Settings) -> None:
    """Judge each tenant with the same settings, from nothing."""
    for tenant in tenants:
        state = State()
        verdicts = []
        for index, observation in enumerate(tenant.observations):
            state, verdict = judge(state, tenant.hour(index), observation, settings)
            verdicts.append(verdict)
        score.add(tenant, said_by(verdicts))


def score_pooled(score: Score, tenants: Sequence[Tenant]) -> None:
    """
    Judge tenants that all begin on the same day, with nothing known.

    Each half of them learns its prior, once a day, from the other half: nobody's own hours are in its prior.
    """
    halves = range(2)
    states, verdicts = [State() for _ in tenants], [list[Verdict]() for _ in tenants]
    priors = [Settings().prior for _ in halves]
    for index in range(HOURS):
        if index and index % DAY == 0:
            learned = [learn_prior(states[1 - half :: 2]) for half in halves]
            states = [adopt_prior(state, priors[i % 2], learned[i % 2]) for i, state in enumerate(states)]
            priors = learned
        settings = [Settings(prior=prior) for prior in priors]
        for i, tenant in enumerate(tenants):
            states[i], verdict = judge(states[i], tenant.hour(index), tenant.observations[index], settings[i % 2])
            verdicts[i].append(verdict)
    for tenant, said in zip(tenants, verdicts, strict=True):
        score.add(tenant, said_by(said))


def score_rolling(score: Score, tenants: Iterable[Tenant]) -> None:
    """The control: more than three standard deviations away from the mean of the 30 hours before."""
    for tenant in tenants:
        counts, said, before = [float(each.value) for each in tenant.observations], list[Said](), False
        for index, count in enumerate(counts):
            window = counts[max(index - ROLLING, 0) : index] or [count]
            mean = sum(window) / len(window)
            deviation = math.sqrt(sum((each - mean) ** 2 for each in window) / len(window))
            alarming = abs(count - mean) > ROLLING_LIMIT * deviation > 0.0
            said.append(Said(alarming, alarming and not before))
            before = alarming
        score.add(tenant, said)


def said_by(verdicts: Iterable[Verdict]) -> list[Said]:
    """Return what verdicts say, hour by hour."""
    said = list[Said]()
    episode: Episode | None = None
    for verdict in verdicts:
        episode, change = advance(episode, verdict)
        said.append(Said(verdict.alarming, change is Change.OPENED))
    return said
