"""Which variants people were given: an event for each, though not for every evaluation."""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from mirante.client.reader import NO_CONTEXT
from mirante.evaluation.model import TARGETING_KEY, Context, Evaluation, FlagType, JsonValue
from mirante.telemetry.intake import Raw
from mirante.telemetry.records import Kind

EXPOSURE = "flag_exposta"
TENANT = "tenant_id"
"""The attribute of a context that names the tenant."""

_clock = time.monotonic
_EVENT = Kind.EVENT


class Details(Protocol):
    """`FlagReader.details`."""

    def __call__(
        self,
        flag_key: str,
        context: Context | None = None,
        default: JsonValue = None,
        expected_type: FlagType | None = None,
    ) -> Evaluation:
        """Return the answer."""


class Exposures:
    """
    Records that somebody was given a variant of a flag: once in a window for each version of the flag.

    `window` is in seconds; `most` is how many exposures are kept in mind, the oldest being forgotten first. Never
    raises. An evaluation with an error exposes nobody to anything.
    """

    def __init__(self, put: Callable[[Raw], bool], window: float, most: int) -> None:
        self._put = put
        self._window = window
        self._most = most
        # In the order in which they expire, because all stay equally long.
        self._expiries: dict[tuple[object, object, str, str, int], float] = {}
        self._lock = threading.RLock()

    def recording(self, details: Details) -> Details:
        """Return `details` with exposures recorded."""
        expiries, note = self._expiries, self._note

        def recorded(
            flag_key: str,
            context: Context | None = None,
            default: JsonValue = None,
            expected_type: FlagType | None = None,
        ) -> Evaluation:
            evaluation = details(flag_key, context, default, expected_type)
            if evaluation.error is None:
                try:
                    known = NO_CONTEXT if context is None else context
                    user, tenant = known.get(TARGETING_KEY), known.get(TENANT)
                    key = (user, tenant, evaluation.flag_key, evaluation.variant, evaluation.flag_version)
                    if expiries.get(key, -1.0) < _clock():
                        note(key, evaluation)
                except Exception:  # noqa: BLE001, S110 - no evaluation raises; what cannot be hashed is nobody's id
                    pass
            return evaluation

        return recorded

    def note(self, evaluation: Evaluation, context: Context | None) -> None:
        """Record one evaluation."""
        self.recording(lambda *_: evaluation)("", context)

    def begin_anew(self) -> None:
        """Go on in a forked child: what was recorded in the parent stays recorded."""
        self._lock = threading.RLock()

    def _note(self, key: tuple[object, object, str, str, int], evaluation: Evaluation) -> None:
        user, tenant = (_id(value) for value in key[:2])
        properties = {
            "flag": evaluation.flag_key,
            "variant": evaluation.variant,
            "version": evaluation.flag_version,
            "reason": evaluation.reason.value,
            "rule_id": evaluation.rule_id,
            "experiment": "",
        }
        with self._lock:
            now = _clock()
            if self._expiries.get(key, -1.0) >= now:
                return
            if not self._put((_EVENT, time.time_ns(), EXPOSURE, properties, user, tenant, "", "", None, None)):
                return
            self._expiries.pop(key, None)
            self._expiries[key] = now + self._window
            while len(self._expiries) > self._most:
                del self._expiries[next(iter(self._expiries))]


def _id(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
