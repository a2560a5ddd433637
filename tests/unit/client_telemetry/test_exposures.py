"""Which evaluations become exposures."""

import pytest
from mirante.evaluation import Evaluation, EvaluationError, Reason
from mirante.evaluation.model import Context, Stamp
from mirante.telemetry import exposures as module
from mirante.telemetry.exposures import Exposures
from mirante.telemetry.intake import Raw


class Clock:
    """A clock that stands still."""

    now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock that exposures look at."""
    clock = Clock()
    monkeypatch.setattr(module, "_clock", clock)
    return clock


def answer(variant: str = "on", version: int = 1, error: EvaluationError | None = None) -> Evaluation:
    """An evaluation of the flag "a"."""
    return Evaluation("a", True, variant, Reason.STATIC, "r1", version, Stamp(1), error)


class Recorded:
    """Exposures with what they recorded; `room` says whether more is taken."""

    def __init__(self, window: float = 10.0, most: int = 3) -> None:
        self.raw: list[Raw] = []
        self.room = True
        self.exposures = Exposures(self._put, window, most)

    def _put(self, raw: Raw) -> bool:
        if self.room:
            self.raw.append(raw)
        return self.room

    def evaluate(self, evaluation: Evaluation, context: Context | None) -> Evaluation:
        """Evaluate, with that result."""
        return self.exposures.recording(lambda *_: evaluation)("a", context)

    @property
    def users(self) -> list[object]:
        """Whose exposures were recorded."""
        return [raw[4] for raw in self.raw]


def test_once_in_a_window(clock: Clock) -> None:
    """For each person, tenant, variant and version."""
    recorded = Recorded(most=100)
    ana = {"targeting_key": "ana", "tenant_id": "acme"}
    for evaluation, context in [
        (answer(), ana),
        (answer(), ana),
        (answer(), {**ana, "tenant_id": "other"}),
        (answer("off"), ana),
        (answer(version=2), ana),
        (answer(), {**ana, "plan": "premium"}),
    ]:
        assert recorded.evaluate(evaluation, context) is evaluation
    assert len(recorded.raw) == 4
    clock.now += 9.9
    recorded.evaluate(answer(), ana)
    assert len(recorded.raw) == 4
    clock.now += 0.2
    recorded.evaluate(answer(), ana)
    assert len(recorded.raw) == 5


@pytest.mark.parametrize(
    ("context", "user", "tenant"),
    [
        ({"targeting_key": "ana", "tenant_id": "acme"}, "ana", "acme"),
        ({"targeting_key": 7, "tenant_id": 8}, "7", "8"),
        ({}, "", ""),
        (None, "", ""),
    ],
    ids=repr,
)
def test_whose_it_is(clock: Clock, context: Context | None, user: str, tenant: str) -> None:
    """From the context."""
    recorded = Recorded()
    assert clock() > 0
    recorded.evaluate(answer(), context)
    ((_, _, name, properties, seen_user, seen_tenant, *_),) = recorded.raw
    assert (name, seen_user, seen_tenant) == ("flag_exposta", user, tenant)
    assert properties == {
        "flag": "a",
        "variant": "on",
        "version": 1,
        "reason": "STATIC",
        "rule_id": "r1",
        "experiment": "",
    }


@pytest.mark.parametrize(
    "context", [{"targeting_key": ["a"]}, {"tenant_id": {}}, 7, object()], ids=["key", "tenant", "number", "object"]
)
def test_nothing_raises(context: object) -> None:
    """Whatever the context is; what identifies nobody is not recorded."""
    recorded = Recorded()
    recorded.evaluate(answer(), context)  # type: ignore[arg-type]
    assert recorded.raw == []


def test_errors_expose_nobody() -> None:
    """The caller's default is no variant."""
    recorded = Recorded()
    recorded.evaluate(answer(error=EvaluationError.FLAG_NOT_FOUND), {"targeting_key": "ana"})
    assert recorded.raw == []


def test_what_had_no_room_is_recorded_later() -> None:
    """Not taken is not recorded."""
    recorded = Recorded()
    recorded.room = False
    recorded.evaluate(answer(), {"targeting_key": "ana"})
    recorded.room = True
    recorded.evaluate(answer(), {"targeting_key": "ana"})
    assert recorded.users == ["ana"]


def test_memory_is_bounded(clock: Clock) -> None:
    """The oldest are forgotten, and recorded again."""
    recorded = Recorded(most=3)
    for user in "abcd":
        clock.now += 1
        recorded.evaluate(answer(), {"targeting_key": user})
    for user in "bcda":
        recorded.evaluate(answer(), {"targeting_key": user})
    assert recorded.users == ["a", "b", "c", "d", "a"]
