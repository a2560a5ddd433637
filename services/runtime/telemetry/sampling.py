"""
Which calls are traced, decided before anything is made for tracing.

OpenTelemetry's own samplers decide the same, after it has made ids and contexts for the call; that costs several
microseconds for each of the many calls that are not traced.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from services.runtime.settings import SettingsError
from services.runtime.telemetry.trace_context import TraceParent

DEFAULT_RATIO: Final = 0.01

_RATIOS: Final = {"always_on": 1.0, "always_off": 0.0}


@dataclass(frozen=True, slots=True)
class Sampling:
    """Traces `ratio` of the calls; with `parent_based`, those whose caller decided it are traced as the caller said."""

    ratio: float
    parent_based: bool

    def traces(self, parent: TraceParent | None, draw: Callable[[], float] = random.random) -> bool:
        """Whether to trace a call. A ratio applies to the trace id where there is one, so that processes agree."""
        if parent is None:
            return draw() < self.ratio
        if self.parent_based:
            return parent.sampled
        # The lower 64 bits, as in the specification of TraceIdRatioBased.
        return parent.trace_id & 0xFFFF_FFFF_FFFF_FFFF < self.ratio * 2**64


def sampling_of(environment: Mapping[str, str]) -> Sampling:
    """
    Read `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`.

    Raises:
        SettingsError: a sampler that is not one of the standard six, or a ratio that is none.
    """
    name = environment.get("OTEL_TRACES_SAMPLER", "")
    if not name:
        name = "parentbased_traceidratio"
    kind = name.removeprefix("parentbased_")
    if kind not in {*_RATIOS, "traceidratio"}:
        raise SettingsError(f"OTEL_TRACES_SAMPLER: {name!r} is not a sampler that is known here")
    ratio = _RATIOS[kind] if kind in _RATIOS else _ratio(environment)
    return Sampling(ratio, parent_based=name.startswith("parentbased_"))


def _ratio(environment: Mapping[str, str]) -> float:
    text = environment.get("OTEL_TRACES_SAMPLER_ARG", "")
    if not text:
        return DEFAULT_RATIO if not environment.get("OTEL_TRACES_SAMPLER") else 1.0
    try:
        ratio = float(text)
    except ValueError:
        ratio = -1.0
    if not 0 <= ratio <= 1:
        raise SettingsError("OTEL_TRACES_SAMPLER_ARG: must be a number from 0 to 1")
    return ratio
