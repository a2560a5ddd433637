"""A catalogue as the function that every event goes through. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2
from mirante.api.telemetry.v1 import event_pb2
from mirante.evaluation.model import Violation

from services.telemetry.catalogue.personal_data import Properties, hiding
from services.telemetry.catalogue.policies import is_strict
from services.telemetry.catalogue.value_checks import REQUIRED, Check, check_of
from services.telemetry.events.checks import TELLABLE
from services.telemetry.events.judging import Judgement

_Answer: TypeAlias = Callable[[event_pb2.Event], Judgement]

_UNDECLARED: Final = Judgement()
_UNDECLARED_REFUSED: Final = Judgement(
    violation=Violation("name", "is not declared in the catalogue"),
    refused=True,
    reason=reasons.ERROR_REASON_UNDECLARED_EVENT,
)


class CatalogueJudge:
    """
    The `Judge` of a catalogue.

    A definition is compiled when its first event comes, so that taking over a large catalogue holds nobody up.
    """

    def __init__(self, catalogue: pb2.Catalogue, secret: bytes, environment: str) -> None:
        """
        Prepare a catalogue, which must not change any more.

        Args:
            catalogue: what was stored.
            secret: the installation's `hash_secret`, for properties that are hashed.
            environment: of the catalogue.
        """
        self._catalogue = catalogue
        self._secret = secret
        self._environment = environment
        self._definitions = {event.name: event for event in catalogue.events}
        self._answers: dict[str, _Answer] = {}
        self._undeclared = _UNDECLARED_REFUSED if is_strict(catalogue) else _UNDECLARED

    def judge(self, event: event_pb2.Event) -> Judgement:
        """See `Judge`."""
        answer = self._answers.get(event.name)
        return answer(event) if answer is not None else self._first(event)

    def _first(self, event: event_pb2.Event) -> Judgement:
        definition = self._definitions.get(event.name)
        if definition is None:
            return self._undeclared
        answer = _answering(definition, strict=is_strict(self._catalogue, definition))
        hides = [hiding(each, self._secret, self._environment) for each in definition.properties]
        answer = self._answers[event.name] = _hiding_after(answer, [each for each in hides if each is not None])
        return answer(event)


def _answering(definition: pb2.EventDefinition, *, strict: bool) -> _Answer:
    """Return what checks the events of a definition, and leaves them as they are."""
    rules: Sequence[tuple[str, bool, Check]] = [
        (each.name, each.required, check_of(each)) for each in definition.properties
    ]
    declared = frozenset(each.name for each in definition.properties)
    sound = Judgement(definition.version, stamps_trait=definition.stamps_trait)
    known: dict[tuple[str, str], Judgement] = {}
    """Few: as many as there are properties and reasons."""

    def violating(name: str, reason: str) -> Judgement:
        judgement = known.get((name, reason))
        if judgement is None:
            judgement = known[name, reason] = _violating(sound, f"properties.{name}", reason, strict=strict)
        return judgement

    def undeclared(properties: Properties) -> Judgement:
        name = min(name for name in properties if name not in declared)
        if TELLABLE.fullmatch(name):
            return _violating(sound, f"properties.{name}", "is not declared", strict=True)
        return _violating(sound, "properties", "holds a name that is not declared", strict=True)

    def answer(event: event_pb2.Event) -> Judgement:
        properties = event.properties
        present = 0
        for name, required, check in rules:
            # Reading what is not there would add it.
            if name in properties:
                present += 1
                reason = check(properties[name])
                if reason is not None:
                    return violating(name, reason)
            elif required:
                return violating(name, REQUIRED)
        if strict and present != len(properties):
            return undeclared(properties)
        return sound

    return answer


def _hiding_after(answer: _Answer, hides: Sequence[Callable[[Properties], bool]]) -> _Answer:
    """Return what answers and then hides personal data: whether an event is valid shows before it is masked."""
    if not hides:
        return answer

    def answer_and_hide(event: event_pb2.Event) -> Judgement:
        judgement = answer(event)
        changed = [hide(event.properties) for hide in hides]
        return replace(judgement, masked=True) if any(changed) else judgement

    return answer_and_hide


def _violating(sound: Judgement, field: str, reason: str, *, strict: bool) -> Judgement:
    return replace(sound, violation=Violation(field, reason), refused=strict)
