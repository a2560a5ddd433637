"""What the leader keeps at hand of an environment: rules, and a detector for each scope."""

import datetime
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.alerts.detection import Episode, Prior, State
from services.metrics.alerts.episode_texts import episode_from, episode_text, prior_from
from services.metrics.alerts.judgements import DetectorRow
from services.metrics.alerts.scopes import Scope
from services.runtime.postgres.pool import PostgresPool

OPEN: Final = "open"
"""The episode of a threshold."""

_ENVIRONMENT: Final = "SELECT rules_revision, judged_hour FROM alert_environments WHERE environment = $1"
_RULES: Final = "SELECT rule, version FROM alert_rules WHERE environment = $1 AND NOT deleted ORDER BY key"
_DETECTORS: Final = """
    SELECT rule_key, tenant, currency, first_hour, state, episode FROM alert_detectors WHERE environment = $1
"""
_PRIORS: Final = "SELECT rule_key, prior, learned_at FROM alert_priors WHERE environment = $1"


@dataclass(frozen=True, slots=True)
class Watched:
    """A rule by which is judged."""

    rule: pb2.AlertRule
    version: int


@dataclass(frozen=True, slots=True)
class Detector:
    """What is known of a scope of a rule of anomalies; `first_hour` is where its history begins."""

    state: State
    first_hour: datetime.datetime
    episode: Episode | None = None

    @property
    def row(self) -> DetectorRow:
        """The detector as it is written."""
        text = episode_text(self.episode)
        return DetectorRow(self.state.to_bytes(), text, self.first_hour, self.state.last)


@dataclass(frozen=True, slots=True)
class LearnedPrior:
    """A pooled prior, and when it was learned."""

    prior: Prior
    at: datetime.datetime


@dataclass(slots=True)
class Bench:
    """
    As it was read, and then as this process has written it.

    Attributes:
        rules: by key.
        detectors: of rules of anomalies.
        crossed: scopes of rules of thresholds whose episode is open.
    """

    rules_revision: int
    judged_hour: datetime.datetime
    rules: Mapping[str, Watched]
    detectors: dict[Scope, Detector] = field(default_factory=dict)
    crossed: set[Scope] = field(default_factory=set)
    priors: dict[str, LearnedPrior] = field(default_factory=dict)

    def of_kind(self, condition: str) -> Iterator[Watched]:
        """Yield the rules with a condition: "anomaly" or "threshold"."""
        return (each for each in self.rules.values() if each.rule.WhichOneof("condition") == condition)

    def prior_of(self, rule_key: str) -> Prior | None:
        """Return the prior of a rule's tenants; None while they are too few."""
        learned = self.priors.get(rule_key)
        return None if learned is None else learned.prior

    def webhooks(self) -> Mapping[str, Collection[str]]:
        """Return who is told, by rule."""
        return {key: list(watched.rule.webhooks) for key, watched in self.rules.items()}


async def read_bench(pool: PostgresPool, environment: str, metrics: Collection[str]) -> Bench:
    """
    Return what is stored of an environment that was begun; rules about other metrics than these are left out.

    Raises:
        Unavailable: the database does not answer.
    """
    async with pool.transaction() as connection:
        row = await connection.fetchrow(_ENVIRONMENT, environment)
        rules = await _rules(connection, environment, metrics)
        bench = Bench(row["rules_revision"], row["judged_hour"], rules)
        for each in await connection.fetch(_PRIORS, environment):
            bench.priors[each["rule_key"]] = LearnedPrior(prior_from(each["prior"]), each["learned_at"])
        for each in await connection.fetch(_DETECTORS, environment):
            _add(bench, each)
    return bench


async def _rules(connection: asyncpg.Connection, environment: str, metrics: Collection[str]) -> Mapping[str, Watched]:
    rows = await connection.fetch(_RULES, environment)
    watched = [Watched(pb2.AlertRule.FromString(row["rule"]), row["version"]) for row in rows]
    return {each.rule.key: each for each in watched if not each.rule.disabled and each.rule.metric in metrics}


def _add(bench: Bench, row: Any) -> None:
    scope = Scope(row["rule_key"], row["tenant"], row["currency"])
    if scope.rule_key not in bench.rules:
        return
    if row["first_hour"] is None:
        if row["episode"] == OPEN:
            bench.crossed.add(scope)
        return
    try:
        state = State.from_bytes(row["state"])
    except ValueError:
        return  # of another version: learned anew
    bench.detectors[scope] = Detector(state, row["first_hour"], episode_from(row["episode"]))
