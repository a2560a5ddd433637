"""A horizon that stands still is noticed, and one that has nothing to wait for is not."""

from services.telemetry.log.horizon import Stillness


def test_the_alarm_is_raised_once() -> None:
    """After a minute; and again when it stalls another time."""
    still = Stillness()
    alarms = [still.look(5, 9 + now, float(now)) for now in range(0, 100, 10)]
    assert alarms == [False] * 7 + [True, False, False]
    assert still.seconds == 90
    assert [still.look(300, 400, now) for now in (100.0, 150.0, 161.0)] == [False, False, True]


def test_an_idle_database_does_not_stall() -> None:
    """Nothing is under way, so nothing is held back."""
    still = Stillness()
    assert not any(still.look(5, 5, float(now)) for now in range(0, 500, 10))
    assert still.seconds == 0


def test_a_moving_horizon_does_not_stall() -> None:
    """However slowly."""
    still = Stillness()
    assert not any(still.look(5 + now // 50, 1_000, float(now)) for now in range(0, 500, 10))
