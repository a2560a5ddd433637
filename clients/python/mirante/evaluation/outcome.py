"""The answers that a compiled flag can give, made once and handed out again and again."""

from collections.abc import Mapping

from mirante.evaluation.model import Evaluation, JsonValue, Reason, Stamp

INACTIVE = frozenset({Reason.KILLED, Reason.OFF, Reason.SCHEDULE, Reason.PREREQUISITE_FAILED})
"""Reasons of flags that are no fulfilled prerequisite, whatever variant they serve."""

_NEVER = Evaluation("", None, "", Reason.ERROR, "", 0, Stamp(revision=-1))


class FlagIdentity:
    """What all answers of one flag share."""

    __slots__ = ("key", "variants", "version")

    def __init__(self, key: str, version: int, variants: Mapping[str, JsonValue]) -> None:
        self.key = key
        self.version = version
        self.variants = variants


class Outcome:
    """
    One possible answer of one flag.

    Keeps its `Evaluation` for the newest stamp that asked, so that an answer normally creates nothing. Safe between
    threads: the evaluation is replaced as a whole, and whoever reads it compares its stamp.
    """

    __slots__ = ("_flag", "evaluation", "reason", "rule_id", "variant")

    def __init__(self, flag: FlagIdentity, reason: Reason, variant: str, rule_id: str) -> None:
        self._flag = flag
        self.reason = reason
        self.variant = variant
        self.rule_id = rule_id
        self.evaluation = _NEVER

    def stamped(self, stamp: Stamp) -> Evaluation:
        """Return the answer under `stamp`, and keep it."""
        flag, variant = self._flag, self.variant
        self.evaluation = evaluation = Evaluation(
            flag.key, flag.variants[variant], variant, self.reason, self.rule_id, flag.version, stamp
        )
        return evaluation


class UnidentifiedContext(Exception):
    """A percentage needs an attribute that is absent (`missing`) or identifies nobody. Never leaves the core."""

    def __init__(self, attribute: str, *, missing: bool) -> None:
        super().__init__(attribute)
        self.attribute = attribute
        self.missing = missing
