"""
How stages and guards are written on a command line. Pure.

A stage is a percentage and what else is to be said of it, as `25%,2d,beta_testers` or `100%,1d,sample=500,approval`.
Everything here raises `Refusal` (wrong usage) naming the option and what was expected.
"""

import re
from collections.abc import Iterable
from typing import Final

from google.protobuf.duration_pb2 import Duration
from mirante.api.flags.v1 import rollout_guard_pb2, rollout_pb2

from services.cli.assignments import names, percent, split, weight
from services.cli.refusals import usage

_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DURATION: Final = re.compile(r"(\d{1,7})([smhdw])", re.ASCII)
_WHOLE: Final = 100_000


def stage_of(text: str) -> rollout_pb2.RolloutStage:
    """Return the stage of a `--stage`."""
    share, *rest = [part.strip() for part in text.split(",")]
    stage = rollout_pb2.RolloutStage(coverage=weight("--stage", share))
    for part in rest:
        name, found, value = part.partition("=")
        if part == "approval":
            stage.needs_approval = True
        elif _DURATION.fullmatch(part):
            stage.soak.CopyFrom(_duration(part))
        elif found and name == "sample" and value.isdecimal():
            stage.minimum_sample = int(value)
        elif found and name == "name":
            stage.name = value
        elif found and name == "ring":
            stage.audience.ring.segment_key = value
        elif part and not found:
            stage.audience.segment_key = part
        else:
            raise usage(f"--stage {text}: {part!r} is no time, segment, ring=, sample=, name= or approval")
    return stage


def tripwire_of(text: str, action: rollout_guard_pb2.GuardAction.ValueType) -> rollout_guard_pb2.Guard:
    """Return the guard of an `--error-share`, as `erro_frontend=5%`."""
    events, limit = split("--error-share", text)
    share = weight("--error-share", limit) / _WHOLE
    return rollout_guard_pb2.Guard(
        name=f"share-of-{names(events)[0]}"[:63],
        tripwire=rollout_guard_pb2.Tripwire(
            measure=rollout_guard_pb2.TRIPWIRE_MEASURE_ACTOR_SHARE, events=names(events), limit=share
        ),
        action=action,
    )


def guardrails_of(
    more: Iterable[str], fewer: Iterable[str], action: rollout_guard_pb2.GuardAction.ValueType
) -> list[rollout_guard_pb2.Guard]:
    """Return the guards of `--no-more` and `--no-fewer`."""
    found = []
    for texts, harm, word in (
        (more, rollout_guard_pb2.HARM_DIRECTION_MORE, "more"),
        (fewer, rollout_guard_pb2.HARM_DIRECTION_LESS, "fewer"),
    ):
        for text in texts:
            rail = rollout_guard_pb2.Guardrail(events=names(text), harm=harm)
            name = f"{word}-{(names(text) or [''])[0]}"[:63]
            found.append(rollout_guard_pb2.Guard(name=name, guardrail=rail, action=action))
    return found


def stage_text(stage: rollout_pb2.RolloutStage) -> str:
    """Return a stage as "25% of segment beta"."""
    audience = stage.audience
    match audience.WhichOneof("kind"):
        case None:
            of = "everybody"
        case "segment_key":
            of = f"segment {audience.segment_key}"
        case "ring":
            of = f"ring {audience.ring.segment_key}"
        case _:
            of = f"{len(audience.targeting.conditions)} conditions"
    return f"{percent(stage.coverage)} of {of}"


def duration_text(duration: Duration) -> str:
    """Return a length of time as "2d", in the largest unit that fits."""
    seconds = duration.seconds
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s" if seconds else ""


def _duration(text: str) -> Duration:
    found = _DURATION.fullmatch(text)
    return Duration(seconds=int(found[1]) * _UNITS[found[2]] if found else 0)
