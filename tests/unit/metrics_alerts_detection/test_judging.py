"""The judgement of hours: what alarms, what it says, and what an alarm does to what is expected."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from services.metrics.alerts.detection import (
    Direction,
    Kind,
    Observation,
    Rule,
    Sensitivity,
    Settings,
    State,
    judge,
    tails,
    usual_prior,
)  # fmt: skip
from tests.unit.metrics_alerts_detection.histories import FIRST, HOUR, judged, steady

SETTINGS = Settings(sensitivity=Sensitivity(point=1e-3, gap=1e-3))
WEEK = steady(30, 7 * 24)


def test_the_first_day_is_not_judged() -> None:
    """
    Fewer than 24 observed hours: thresholds only, whatever happens; the level is learned from the first hour on.
    """
    state, verdicts = judged([*steady(30, 23), 100_000], SETTINGS)
    assert {verdict.rule for verdict in verdicts} == {Rule.LEARNING}
    assert not any(verdict.alarming or verdict.normal for verdict in verdicts)
    state, _ = judged(steady(30, 24), SETTINGS)
    assert state.level == pytest.approx(30, rel=0.05)


def test_a_spike_alarms_and_explains_itself() -> None:
    """The verdict carries what was seen and expected, k, probability and bounds, and they agree with each other."""
    state, _ = judged(WEEK, SETTINGS)
    _, (verdict,) = judged([120], SETTINGS, state)
    assert (verdict.rule, verdict.alarming, verdict.normal) == (Rule.ABOVE, True, False)
    assert verdict.expected == pytest.approx(30, rel=0.1)
    assert verdict.probability == pytest.approx(tails.at_least(120, verdict.expected, verdict.k))
    assert verdict.bounds is not None
    lowest, highest = verdict.bounds
    at = {x: judged([int(x)], SETTINGS, state)[1][0].rule for x in (lowest - 1, lowest, highest, highest + 1)}
    assert list(at.values()) == [Rule.BELOW, Rule.NONE, Rule.NONE, Rule.ABOVE]


@pytest.mark.parametrize("value", [0, 3, 4_000])
def test_an_alarm_does_not_poison_what_is_expected(value: int) -> None:
    """After three hours of it a normal hour is normal, and what was the matter still is."""
    state, _ = judged(WEEK, SETTINGS)
    state, told = judged([value] * 3, SETTINGS, state)
    assert all(verdict.alarming for verdict in told)
    _, (normal,) = judged([30], SETTINGS, state)
    assert normal.normal
    assert normal.expected == pytest.approx(30, rel=0.1)


def test_silence_is_found_where_a_single_hour_tells_nothing() -> None:
    """At three events an hour no zero is improbable by itself, but a few of them in a row are: the gap rule."""
    state, _ = judged(steady(3, 14 * 24), SETTINGS)
    _, verdicts = judged([0] * 5, SETTINGS, state)
    assert verdicts[0].rule is Rule.NONE
    assert verdicts[-1].rule is Rule.GAP
    assert verdicts[-1].expected_gap == pytest.approx(15, rel=0.15)
    assert verdicts[-1].probability < 1e-3


def test_a_gap_does_not_go_on_over_hours_of_which_nothing_is_known() -> None:
    """Hours that were left out are no zeros."""
    state, _ = judged(steady(3, 14 * 24), SETTINGS)
    state, _ = judged([0, 0], SETTINGS, state)
    assert state.last is not None
    _, verdict = judge(state, state.last + 3 * HOUR, Observation(0), SETTINGS)
    assert verdict.expected_gap == pytest.approx(3, rel=0.2)


def test_settings_hold_alarms_back() -> None:
    """Direction, persistence and minimum effect; persistence never holds back the gap rule."""
    state, _ = judged(WEEK, SETTINGS)

    def rules(settings: Settings, *values: int) -> list[Rule]:
        return [verdict.rule for verdict in judged(values, settings, state)[1]]

    assert rules(replace(SETTINGS, direction=Direction.DOWN), 120) == [Rule.NONE]
    assert rules(replace(SETTINGS, direction=Direction.UP), 2, 0, 120) == [Rule.NONE, Rule.NONE, Rule.ABOVE]
    twice = replace(SETTINGS, persistence=2)
    assert rules(twice, 120, 120) == [Rule.NONE, Rule.ABOVE]
    assert rules(twice, 120, 2) == [Rule.NONE, Rule.NONE]
    assert rules(twice, 0) == [Rule.GAP]
    assert rules(replace(SETTINGS, minimum_count=100), 120) == [Rule.NONE]
    assert rules(replace(SETTINGS, minimum_share=2.5), 90, 120) == [Rule.NONE, Rule.ABOVE]


def test_an_hour_that_does_not_fit_day_after_day_is_learned() -> None:
    """A shop that opens an hour later alarms on some mornings, and then no more."""
    day = [0] * 8 + [60] * 12 + [0] * 4
    state, _ = judged(day * 21, SETTINGS)
    later = [0] * 9 + [60] * 11 + [0] * 4
    _, verdicts = judged(later * 14, SETTINGS, state)
    mornings = [verdicts[day * 24 + 8] for day in range(14) if day % 7 < 5]
    assert mornings[0].alarming
    assert not any(morning.alarming for morning in mornings[5:])


def test_a_new_level_is_learned_within_a_day_of_business() -> None:
    """What stays unusual is what is expected from then on."""
    state, _ = judged(WEEK, SETTINGS)
    state, verdicts = judged(steady(150, 24), SETTINGS, state)
    assert verdicts[0].rule is Rule.ABOVE
    assert not any(verdict.alarming for verdict in verdicts[-8:])
    assert verdicts[-1].expected == pytest.approx(150, rel=0.25)


def test_a_long_outage_is_one_alarm_and_nothing_is_unusual_once_it_is_over() -> None:
    """A day and a half of silence alarms to its end, through the night too, and does not become what is expected."""
    day = [1] * 8 + [60] * 12 + [1] * 4
    state, _ = judged(day * 21, SETTINGS)
    state, silent = judged([*day[:12], *[0] * 36], SETTINGS, state)
    assert all(verdict.rule is Rule.GAP for verdict in silent[13:])
    _, after = judged(day, SETTINGS, state)
    assert all(verdict.normal for verdict in after)


def test_money_is_judged_in_effective_sales() -> None:
    """The same revenue is unusual out of small sales and usual out of large ones; a decimal stays what it is."""
    settings = replace(SETTINGS, kind=Kind.SUM)

    def hours(sales: int, amount: str) -> Observation:
        return Observation.of_minutes([Decimal(amount)] * sales + [Decimal(0)] * (60 - sales))

    small, _ = judged([hours(30, "10.10")] * 168, settings)
    large, _ = judged([hours(3, "101.00")] * 168, settings)
    _, (alarm,) = judged([hours(60, "20.20")], settings, small)
    assert (alarm.rule, alarm.value) == (Rule.ABOVE, Decimal("1212.00"))
    assert alarm.expected == pytest.approx(303, rel=0.05)
    _, (usual,) = judged([hours(12, "101.00")], settings, large)
    assert (usual.rule, usual.value) == (Rule.NONE, Decimal("1212.00"))
    _, (taken_back,) = judged([Observation(Decimal("-5.00"))], settings, small)
    assert (taken_back.rule, taken_back.value) == (Rule.GAP, Decimal("-5.00"))


def test_ratios_are_judged_by_how_many_there_were() -> None:
    """A third of the usual share is unusual among many and chance among few; of nobody nothing is said."""
    settings = Settings(kind=Kind.RATIO, prior=usual_prior(Kind.RATIO))
    state, _ = judged([Observation(100 + i % 5, of=500) for i in range(168)], settings)
    _, (many,) = judged([Observation(300, of=500)], settings, state)
    _, (few,) = judged([Observation(3, of=5)], settings, state)
    assert (many.rule, few.rule) == (Rule.ABOVE, Rule.NONE)
    assert many.expected == pytest.approx(102, rel=0.05)
    assert many.bounds is not None
    assert 103 < many.bounds[1] < 300
    after, (nobody,) = judged([Observation(0, of=0)], settings, state)
    assert (nobody.rule, nobody.normal, after.hours) == (Rule.NONE, False, state.hours)
    _, silent = judged([Observation(0, of=500)] * 2, settings, state)
    assert silent[-1].rule is Rule.GAP


def test_a_state_that_was_stored_judges_on_as_if_nothing_had_happened() -> None:
    """All of it is in its bytes, which are of a stated number; others are refused."""
    state, _ = judged([*WEEK, 200, 0, 0], SETTINGS)
    data = state.to_bytes()
    assert len(data) == len(State().to_bytes()) == 1_533
    assert State.from_bytes(data) == state
    assert judged([7, 50], SETTINGS, State.from_bytes(data)) == judged([7, 50], SETTINGS, state)
    assert State.from_bytes(State().to_bytes()) == State()
    for wrong in (b"", data[:-1], b"\x63" + data[1:]):
        with pytest.raises(ValueError, match="not a state"):
            State.from_bytes(wrong)


def test_what_cannot_be_judged_is_refused() -> None:
    """
    No zone, no start of an hour, an hour again, no number, more successes than trials, a sum without its minutes.
    """
    state, _ = judged([5], SETTINGS)
    for hour in (FIRST.replace(tzinfo=None), FIRST + timedelta(minutes=1), FIRST):
        with pytest.raises(ValueError, match="hour"):
            judge(state, hour, Observation(5), SETTINGS)
    refused = [
        (Observation(float("nan")), Kind.COUNT),
        (Observation(1e300), Kind.COUNT),
        (Observation(3, of=2), Kind.RATIO),
        (Observation(Decimal(3)), Kind.SUM),
    ]
    for observation, kind in refused:
        with pytest.raises(ValueError, match=r"value|squares"):
            judge(state, FIRST + HOUR, observation, replace(SETTINGS, kind=kind))
