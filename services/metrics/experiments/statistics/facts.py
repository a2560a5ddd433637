"""What is known of an experiment when a verdict is asked for."""

from dataclasses import dataclass

from services.metrics.experiments.statistics.always_valid import Running


@dataclass(frozen=True, slots=True)
class GuardrailFacts:
    """One guardrail of one arm: whether its bound proved harm at any look, and whether non-inferiority is shown."""

    name: str
    harmed: bool
    harmless: bool


@dataclass(frozen=True, slots=True)
class HorizonTest:
    """The one test at the horizon, kept as it was then: its raw two-sided p-value and its difference."""

    p: float
    difference: float


@dataclass(frozen=True, slots=True)
class ArmFacts:
    """A treatment arm: its size, the sequence over all looks so far, the test at the horizon once that is reached."""

    name: str
    units: int
    conversions: int | None
    estimate: float
    running: Running
    at_horizon: HorizonTest | None = None
    guardrails: tuple[GuardrailFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it. `mismatch` is the sample ratio's alarm, `crossovers` that too many saw several variants."""

    control_units: int
    control_conversions: int | None
    days: int
    mismatch: bool
    crossovers: bool
    arms: tuple[ArmFacts, ...]
