"""The answer to "what does this context get?"."""

from mirante.evaluation.model import Context, Evaluation, EvaluationError, FlagType, Reason
from mirante.evaluation.outcome import UnidentifiedContext
from mirante.evaluation.ruleset import Ruleset
from mirante.evaluation.violations import InvalidDefinition


def evaluate(
    ruleset: Ruleset, flag_key: str, context: Context, now: float, expected_type: FlagType | None = None
) -> Evaluation:
    """
    Return what `context` gets from a flag at `now` (seconds since 1970).

    Total: every failure is an answer with reason ERROR, and nothing is raised. The same arguments always give the same
    answer. With `expected_type`, a flag of another type answers TYPE_MISMATCH.
    """
    try:
        flag = ruleset.flags[flag_key]
        if expected_type is not None and flag.type is not expected_type:
            return _type_mismatch(ruleset, flag_key, expected_type)
        outcome = flag.decide(context, ruleset, now)
        evaluation = outcome.evaluation
        if evaluation.stamp is ruleset.stamp:
            return evaluation
        return outcome.stamped(ruleset.stamp)
    except Exception as error:  # noqa: BLE001 - definitions are checked when compiled, so the context is at fault
        return _failed(ruleset, flag_key, error)


def error_evaluation(
    ruleset: Ruleset, flag_key: str, error: EvaluationError, message: str, flag_version: int = 0
) -> Evaluation:
    """Return an answer that says why there is none."""
    return Evaluation(flag_key, None, "", Reason.ERROR, "", flag_version, ruleset.stamp, error, message)


def _type_mismatch(ruleset: Ruleset, flag_key: str, expected_type: FlagType) -> Evaluation:
    flag = ruleset.flags[flag_key]
    message = f"expected_type: the flag is of type {flag.type.value}, not {expected_type.value}"
    return error_evaluation(ruleset, flag_key, EvaluationError.TYPE_MISMATCH, message, flag.version)


def _failed(ruleset: Ruleset, flag_key: str, error: Exception) -> Evaluation:
    plain_key = str.__str__(flag_key) if isinstance(flag_key, str) else ""  # a subclass may misbehave in look-ups
    flag = ruleset.flags.get(plain_key)
    if flag is None:
        why = ruleset.broken.get(plain_key)
        if why is not None:
            return error_evaluation(ruleset, flag_key, EvaluationError.INVALID_DEFINITION, why)
        message = "flag_key: no such flag"
        return error_evaluation(ruleset, flag_key, EvaluationError.FLAG_NOT_FOUND, message)
    if isinstance(error, UnidentifiedContext):
        kind = EvaluationError.TARGETING_KEY_MISSING if error.missing else EvaluationError.INVALID_CONTEXT
        need = "the percentage needs it" if error.missing else "the percentage needs a string or an integer"
        return error_evaluation(ruleset, flag_key, kind, f"context.{error.attribute}: {need}", flag.version)
    if isinstance(error, InvalidDefinition):
        return error_evaluation(ruleset, flag_key, EvaluationError.INVALID_DEFINITION, str(error), flag.version)
    if isinstance(error, RecursionError):
        message = "prerequisites or segments are nested too deeply"
        return error_evaluation(ruleset, flag_key, EvaluationError.INVALID_DEFINITION, message, flag.version)
    # The type only: the text of the error may hold somebody's attributes.
    message = f"context: an attribute could not be read ({type(error).__name__})"
    return error_evaluation(ruleset, flag_key, EvaluationError.INVALID_CONTEXT, message, flag.version)
