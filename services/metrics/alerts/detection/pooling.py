"""The pooled prior, learned from the states of tenants."""

from collections.abc import Iterable

from services.metrics.alerts.detection.prior import Prior
from services.metrics.alerts.detection.state import State


def learn_prior(states: Iterable[State], before: Prior) -> Prior:
    """Return the prior out of states that were judged with the prior `before`."""
    raise NotImplementedError


def adopt_prior(state: State, before: Prior, after: Prior) -> State:
    """
    Return a state that was judged with the prior `before` as it goes on with `after`: the same is expected in the
    mean.
    """
    raise NotImplementedError
