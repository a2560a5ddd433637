"""What a check finds."""

import enum
from dataclasses import dataclass


class State(enum.Enum):
    """How it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    What one check found about one thing.

    `check` names the check, `subject` what was looked at; `reason` says what is so and `advice` what to do, empty when
    all is well.
    """

    check: str
    subject: str
    state: State
    reason: str
    advice: str = ""


def ok(check: str, subject: str, reason: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(check, subject, State.OK, reason)


def warn(check: str, subject: str, reason: str, advice: str) -> Finding:
    """Return that something should be looked at."""
    return Finding(check, subject, State.WARN, reason, advice)


def fail(check: str, subject: str, reason: str, advice: str) -> Finding:
    """Return that something is wrong."""
    return Finding(check, subject, State.FAIL, reason, advice)
