"""
The detection core of alerts: what is unusual in the hours of one metric of one tenant. Pure: no I/O, no clock.

How it is used, once a complete hour (a start of an hour of UTC, in order; an hour without events is an observation of
0):

    state, verdict = judge(state, hour, Observation(12), settings)
    episode, change = advance(episode, verdict)

A state starts as `State()`, is stored as `state.to_bytes()` and read by `State.from_bytes()`. `judge_running` looks
at the hour that is not over yet, and changes nothing. `judge_threshold` is for fixed thresholds, at any cadence.
`replay` does all of this over a history. `learn_prior` makes the pooled prior out of the states of other tenants, say
once a day; a state goes over to another prior with `adopt_prior`.
"""

from services.metrics.alerts.detection.episodes import Change, Episode, advance
from services.metrics.alerts.detection.judging import judge
from services.metrics.alerts.detection.pooling import adopt_prior, learn_prior, usual_prior
from services.metrics.alerts.detection.prior import FLAT_PRIOR, Prior
from services.metrics.alerts.detection.replaying import replay
from services.metrics.alerts.detection.running import judge_running
from services.metrics.alerts.detection.settings import Direction, Kind, Sensitivity, Settings
from services.metrics.alerts.detection.state import State
from services.metrics.alerts.detection.thresholds import Threshold, ThresholdState, judge_threshold
from services.metrics.alerts.detection.verdicts import Observation, Rule, Verdict

__all__ = [
    "FLAT_PRIOR",
    "Change",
    "Direction",
    "Episode",
    "Kind",
    "Observation",
    "Prior",
    "Rule",
    "Sensitivity",
    "Settings",
    "State",
    "Threshold",
    "ThresholdState",
    "Verdict",
    "adopt_prior",
    "advance",
    "judge",
    "judge_running",
    "judge_threshold",
    "learn_prior",
    "replay",
    "usual_prior",
]
