"""Stages to begin a plan with."""

import datetime
from collections.abc import Sequence
from typing import Final

from mirante.api.flags.v1 import rollout_pb2

from services.runtime.errors import InvalidRequest

_PERCENT: Final = 1_000
_DAY: Final = datetime.timedelta(days=1)


def _everybody(name: str, percent: int, days: int, *, approval: bool = False) -> rollout_pb2.RolloutStage:
    stage = rollout_pb2.RolloutStage(name=name, coverage=percent * _PERCENT, needs_approval=approval)
    stage.soak.FromTimedelta(days * _DAY)
    return stage


def _ring(name: str, segment: str, percent: int, days: int) -> rollout_pb2.RolloutStage:
    stage = _everybody(name, percent, days)
    stage.audience.ring.segment_key = segment
    return stage


TEMPLATES: Final[Sequence[rollout_pb2.RolloutTemplate]] = (
    rollout_pb2.RolloutTemplate(
        key="canary",
        description="Everybody, 10 % on day 1, 25 % on day 3, 50 % on day 5, 100 % on day 7.",
        stages=[
            _everybody("10 %", 10, 2),
            _everybody("25 %", 25, 2),
            _everybody("50 %", 50, 2),
            _everybody("100 %", 100, 1),
        ],
    ),
    rollout_pb2.RolloutTemplate(
        key="rings",
        description="1 % of the internal team, 5 % of the beta testers, 20 % of chosen tenants, and all, once somebody "
        "has approved that.",
        stages=[
            _ring("internal", "equipe_interna", 1, 1),
            _ring("beta", "beta_testers", 5, 2),
            _ring("tenants", "empresas_piloto", 20, 3),
            _everybody("all", 100, 1, approval=True),
        ],
    ),
)


def stages_of(key: str, ring_segments: Sequence[str]) -> Sequence[rollout_pb2.RolloutStage]:
    """
    Return the stages of a template, its rings with these segments instead of its own if there are any.

    Raises:
        InvalidRequest: no such template, or not one segment for each of its rings.
    """
    found = [each for each in TEMPLATES if each.key == key]
    if not found:
        raise InvalidRequest.of("template", f"must be one of {', '.join(each.key for each in TEMPLATES)}")
    template = rollout_pb2.RolloutTemplate()
    template.CopyFrom(found[0])
    rings = [each for each in template.stages if each.audience.HasField("ring")]
    if ring_segments:
        if len(ring_segments) != len(rings):
            raise InvalidRequest.of("ring_segments", f"the template has {len(rings)} rings, got {len(ring_segments)}")
        for stage, segment in zip(rings, ring_segments, strict=True):
            stage.audience.ring.segment_key = segment
    return list(template.stages)
