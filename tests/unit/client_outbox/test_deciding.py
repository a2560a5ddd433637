"""What a relay makes of the service's answers."""

import pytest
from mirante import Delivery
from mirante.outbox.deciding import Answers, Decisions, Row, Settlement
from mirante.outbox.status import RelayStatus
from mirante.telemetry.outcomes import SENT, Answer, Failure, FailureKind, Fate

DELIVERY = Delivery(batch_events=8, retry_base=1.0, retry_longest=60.0)
REJECTED = Answer(Fate.REJECTED, 0.0, "CATALOGUE_VIOLATION", "properties.valor", "is required")


@pytest.fixture
def decisions() -> Decisions:
    """Without jitter: each delay is the whole of it."""
    return Decisions(DELIVERY, draw=lambda: 1.0)


def rows(count: int, attempts: int = 0) -> list[Row]:
    """Return rows with ids "0", "1" ..."""
    return [Row(str(number), b"event", attempts) for number in range(count)]


def settle(decisions: Decisions, parcel: list[Row], result: Answers | Failure, now: float = 10.0) -> Settlement:
    """Settle a call that took no time, and commit."""
    settlement = decisions.settle(parcel, result, now, now)
    decisions.committed(settlement)
    return settlement


def test_each_event_goes_its_own_way(decisions: Decisions) -> None:
    """One that is refused or postponed holds up no other."""
    answers = Answers([SENT, REJECTED, Answer(Fate.AGAIN, 3.0), SENT], duplicates=1)
    settlement = settle(decisions, rows(4), answers)
    assert settlement.delivered == ["0", "3"]
    assert settlement.rejected == [("1", "CATALOGUE_VIOLATION properties.valor: is required")]
    assert settlement.again == [("2", 3.0)]
    assert decisions.status == RelayStatus(sent=1, duplicates=1, rejected=1)
    assert decisions.pause(10.0) == 0


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 1.0), (1, 2.0), (5, 32.0), (6, 60.0), (5_000, 60.0)])
def test_an_event_that_comes_again_and_again_waits_longer(decisions: Decisions, attempts: int, seconds: float) -> None:
    """Doubling, up to a bound; the service's hint counts when it is longer."""
    again = Answers([Answer(Fate.AGAIN)], 0)
    assert settle(decisions, rows(1, attempts), again).again == [("0", seconds)]
    hinted = Answers([Answer(Fate.AGAIN, 90.0)], 0)
    assert settle(decisions, rows(1, attempts), hinted).again == [("0", 90.0)]


@pytest.mark.parametrize("kind", [FailureKind.AWAY, FailureKind.DENIED])
def test_while_the_service_takes_nothing_rows_stay_as_they_are(decisions: Decisions, kind: FailureKind) -> None:
    """No attempt is counted against them, and the service is left alone for as long as it said."""
    settlement = settle(decisions, rows(4), Failure(kind, "UNAVAILABLE", retry_after=40.0))
    assert settlement.empty
    assert decisions.pause(10.0) == 40.0
    assert decisions.pause(50.0) == 0
    assert decisions.limit == 8
    assert decisions.status == RelayStatus(problem="UNAVAILABLE")


def test_after_a_success_the_service_is_called_at_once(decisions: Decisions) -> None:
    """And the problem is over."""
    settle(decisions, rows(1), Failure(FailureKind.AWAY, "UNAVAILABLE"))
    settle(decisions, rows(1), Answers([SENT], 0), now=20.0)
    assert (decisions.pause(20.0), decisions.status.problem) == (0, "")


def test_the_event_to_blame_for_a_refused_request_is_found(decisions: Decisions) -> None:
    """Batches are halved until it is alone; then it is set aside, and batches grow again."""
    refused = Failure(FailureKind.REFUSED, "INVALID_ARGUMENT", reason="INVALID_REQUEST", field="events", message="no")
    limits = []
    while decisions.limit > 1:
        assert settle(decisions, rows(decisions.limit), refused).empty
        limits.append(decisions.limit)
    assert limits == [4, 2, 1]
    assert settle(decisions, rows(1), refused).rejected == [("0", "INVALID_REQUEST events: no")]
    assert decisions.pause(10.0) == 0
    for limit in (2, 4, 8, 8):
        settle(decisions, rows(1), Answers([SENT], 0))
        assert decisions.limit == limit


def test_an_event_that_the_service_cannot_stand_lets_others_go_first(decisions: Decisions) -> None:
    """It is never given up: the fault may be the service's."""
    fault = Failure(FailureKind.FAULT, "INTERNAL")
    assert settle(decisions, rows(2), fault).empty
    assert decisions.limit == 1
    assert settle(decisions, rows(1, attempts=3), fault, now=20.0).again == [("0", 8.0)]
    assert decisions.pause(20.0) > 0


def test_a_request_carries_no_more_than_the_service_takes(decisions: Decisions) -> None:
    """At least one event, though."""
    large = [Row(str(number), b"x" * (1 << 20), 0) for number in range(5)]
    assert [row.id for row in decisions.parcel(large)] == ["0", "1", "2"]
    assert decisions.parcel(large[:1]) == large[:1]
    huge = [Row("0", b"x" * (5 << 20), 0), Row("1", b"x", 0)]
    assert decisions.parcel(huge) == huge[:1]


def test_a_database_that_fails_is_tried_again_ever_more_slowly(decisions: Decisions) -> None:
    """Until a commit succeeds; the problem says so, without what the driver says."""
    error = RuntimeError("password=secret")
    assert [decisions.database_failed(error) for _ in range(3)] == [1.0, 2.0, 4.0]
    assert decisions.status.problem == "database: RuntimeError"
    decisions.committed(Settlement())
    assert decisions.status.problem == ""
    assert decisions.database_failed(error) == 1.0
