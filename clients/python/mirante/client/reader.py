"""What every client offers for asking about flags, whatever answers."""

import abc
import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from mirante.evaluation.model import Context, Evaluation, EvaluationError, FlagType, JsonValue, Reason, Stamp

NO_CONTEXT: Final[Context] = {}


class FlagReader(abc.ABC):
    """
    Typed questions, all answered by `details`. None of them ever raises: what goes wrong gives the caller's default.

    A context is any mapping of attributes, the targeting key being the attribute "targeting_key". The default also
    answers when the flag has another type than the one that is asked for.
    """

    __slots__ = ()

    @abc.abstractmethod
    def details(
        self,
        flag_key: str,
        context: Context | None = None,
        default: JsonValue = None,
        expected_type: FlagType | None = None,
    ) -> Evaluation:
        """
        Return the answer with variant, reason, rule id, versions and error.

        When `error` is set, `value` is the default. With `expected_type`, a flag of another type has the error
        TYPE_MISMATCH.
        """

    @abc.abstractmethod
    def all_flags(self, context: Context | None = None) -> Mapping[str, Evaluation]:
        """Return the answers of all flags by key; those that cannot be evaluated carry their error."""

    def is_enabled(self, flag_key: str, context: Context | None = None, default: bool = False) -> bool:
        """Return the value of a boolean flag."""
        value = self.details(flag_key, context).value
        return value if value is True or value is False else default

    def variant(self, flag_key: str, context: Context | None = None, default: str = "") -> str:
        """Return the name of the variant, whatever the flag's type."""
        evaluation = self.details(flag_key, context)
        return evaluation.variant if evaluation.error is None else default

    def string_value(self, flag_key: str, context: Context | None = None, default: str = "") -> str:
        """Return the value of a string flag."""
        value = self.details(flag_key, context).value
        return value if type(value) is str else default

    def integer_value(self, flag_key: str, context: Context | None = None, default: int = 0) -> int:
        """Return the value of an integer flag."""
        value = self.details(flag_key, context).value
        return value if type(value) is int else default

    def double_value(self, flag_key: str, context: Context | None = None, default: float = 0.0) -> float:
        """Return the value of a double flag."""
        value = self.details(flag_key, context).value
        return value if type(value) is float else default

    def json_value(self, flag_key: str, context: Context | None = None, default: Any = None) -> Any:
        """Return the value of a JSON flag: a list or a dict, which all callers share and must not change."""
        value = self.details(flag_key, context).value
        return value if type(value) is list or type(value) is dict else default


def failed(
    flag_key: str, stamp: Stamp, error: EvaluationError, message: str, default: JsonValue, *, flag_version: int = 0
) -> Evaluation:
    """Return the answer that says why there is none, with the caller's default."""
    return Evaluation(flag_key, default, "", Reason.ERROR, "", flag_version, stamp, error, message)


def with_default(evaluation: Evaluation, default: JsonValue) -> Evaluation:
    """Return a failed evaluation with the caller's default as its value."""
    return evaluation if default is None else dataclasses.replace(evaluation, value=default)
