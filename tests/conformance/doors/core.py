"""The core, called directly."""

import time

from mirante import evaluation
from mirante.evaluation import Flag, Ruleset, Segment, Stamp
from mirante.wire import flag_from_proto, segment_from_proto

from tests.conformance.case_files import Answer, Question, Suite, suites
from tests.conformance.doors import answer_of


class CoreDoor:
    """Compiles the definitions here, by the clock of the machine as the other doors do."""

    def __init__(self) -> None:
        self._rulesets = {name: _ruleset(suite) for name, suite in suites().items()}

    def evaluate(self, environment: str, question: Question) -> Answer:
        """See `Door`."""
        ruleset = self._rulesets[environment]
        return answer_of(
            evaluation.evaluate(ruleset, question.flag_key, question.context, time.time(), question.expected_type)
        )


def _ruleset(suite: Suite) -> Ruleset:
    flags: list[Flag] = []
    segments: list[Segment] = []
    broken: dict[str, str] = {}
    broken_segments: dict[str, str] = {}
    for flag in suite.flags:
        try:
            flags.append(flag_from_proto(flag))
        except ValueError as error:
            broken[flag.key] = str(error)
    for segment in suite.segments:
        try:
            segments.append(segment_from_proto(segment))
        except ValueError as error:
            broken_segments[segment.key] = str(error)
    return Ruleset.empty(Stamp(1)).replaced(
        stamp=Stamp(1), flags=flags, segments=segments, broken=broken, broken_segments=broken_segments
    )
