"""Sums of experiments from the store are those of a plain recount, event by event."""

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.metrics.analytics.reports.asking import Filter, Operator, Origin, Property, Selection
from services.metrics.analytics.store.engine import Limits
from services.metrics.experiments.data import reading_events
from services.metrics.experiments.data.measuring import measured
from services.metrics.experiments.data.questions import DAY, Enrolment, Metric, Part, Question
from services.metrics.experiments.data.tallies import Measured
from services.metrics.experiments.statistics.comparing import Kind
from services.metrics.experiments.statistics.sums import Sums
from tests.support.naive_experiment import ARMS, recounted
from tests.support.report_events import Happened, snapshot_of

START = 20_000 * DAY
HOUR = DAY // 24
VALUE = Property("valor")


def _exposures(*variant: str) -> Selection:
    asked = {"flag": ("f",), "reason": ("SPLIT",)} | ({"variant": variant} if variant else {})
    filters = tuple(Filter(Property(name), Operator.IS, values) for name, values in asked.items())
    return Selection("flag_exposta", filters)


SOLD, BACK, SEEN = Selection("vendeu"), Selection("desfez"), Selection("viu")
METRICS = (
    Metric("conversao", Kind.PROPORTION, (Part(SOLD),), 2 * DAY),
    Metric("vistas", Kind.MEAN, (Part(SEEN),), HOUR, covariate=DAY),
    Metric("receita", Kind.MEAN, (Part(SOLD, VALUE), Part(BACK, VALUE, -1.0)), 3 * DAY, cap=40.0, covariate=2 * DAY),
    Metric("por_vista", Kind.RATIO, (Part(SOLD, VALUE), Part(SEEN, is_denominator=True)), DAY),
)
QUESTION = Question(
    Enrolment(
        tuple(_exposures(arm) for arm in ARMS),
        _exposures(),
        START,
        START + 6 * DAY,
        (START, START + 2 * DAY),
        ((START + DAY, START + DAY + 8 * HOUR),),
    ),
    METRICS,
    START + 7 * DAY + 5 * HOUR,
)


def _events(chance: random.Random, size: int) -> list[Happened]:
    """Mostly of few actors and at whole hours, so that exposures tie, repeat and cross over."""
    events = []
    for _ in range(size):
        number = chance.randrange(40)
        # Nobody is somebody in each tenant.
        actor = 0 if number < 2 else 2**60 // (number + 3)
        time = START - 2 * DAY + chance.randrange(11 * 24) * HOUR
        name = chance.choice(["flag_exposta", "vendeu", "desfez", "viu", "outro"])
        properties: dict[str, Any] = {"valor": chance.choice([5, 2.5, -3, 30, "nada", True, 1e300])}
        if name == "flag_exposta":
            usual = ARMS[number % 3]
            properties = {
                "flag": chance.choice(["f", "f", "f", "g"]),
                "variant": usual if chance.random() < 0.9 else chance.choice(["a", "b", "c", "d"]),
                "reason": chance.choice(["SPLIT", "SPLIT", "SPLIT", "TARGET"]),
            }
        events.append(Happened(actor, time, name, properties, {}, ("acme", "beta")[number % 2]))
    return events


def _close(found: Sums, expected: Sums) -> None:
    for name in Sums.__slots__:
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-9, abs=1e-9), name


@given(seed=st.integers(0, 2**32), size=st.sampled_from([0, 1, 60, 400, 1_500]))
@settings(max_examples=12, deadline=None)
def test_sums_are_those_of_a_recount(seed: int, size: int) -> None:
    """Ties, repeats, crossovers, pauses, phases, late units, merged people, nonsense values: all as in the core."""
    chance = random.Random(seed)
    events = _events(chance, size)
    actors = sorted({event.actor for event in events if event.actor and event.tenant == "acme"})
    merges = {actors[0]: actors[-1]} if len(actors) > 1 else {}
    with snapshot_of(events, seed=seed, merges={"acme": merges} if merges else {}) as snapshot:
        found = measured(QUESTION, snapshot, Limits())
    expected, counts = recounted(QUESTION, events, merges)
    for metric in METRICS:
        for ours, theirs in zip(found.look(metric.key, ARMS, -1), expected[metric.key], strict=True):
            for arm in ARMS:
                _close(ours[arm], theirs[arm])
    said = found.counts
    left_out = (said.repeated, said.crossovers, said.nameless, said.unknown, said.in_pauses, said.moved)
    assert left_out == counts


@given(seed=st.integers(0, 2**32), day=st.integers(0, 7))
@settings(max_examples=8, deadline=None)
def test_every_look_is_what_was_known_then(seed: int, day: int) -> None:
    """The series says of the end of a day what a question of that time says, where nobody crosses over later."""
    chance = random.Random(seed)
    events = [
        event
        for event in _events(chance, 800)
        if event.name != "flag_exposta" or event.properties["variant"] == ARMS[event.actor % 3]
    ]
    then = replace(QUESTION, until=QUESTION.look_at(day))
    with snapshot_of(events, seed=seed) as snapshot:
        now, earlier = measured(QUESTION, snapshot, Limits()), measured(then, snapshot, Limits())
    for metric in METRICS:
        for ours, theirs in zip(now.look(metric.key, ARMS, day), earlier.look(metric.key, ARMS, -1), strict=True):
            for arm in ARMS:
                _close(ours[arm], theirs[arm])


def test_passes_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read in several passes, and shared out among threads, adds up to the same."""
    events = _events(random.Random(11), 3_000)
    with snapshot_of(events) as snapshot:
        whole = measured(QUESTION, snapshot, Limits())
        monkeypatch.setattr(reading_events, "ROWS_AT_ONCE", 700)
        monkeypatch.setattr(reading_events, "FEWEST_SHARED", 10)
        parts = measured(QUESTION, snapshot, Limits(threads=3))
    assert parts.counts == whole.counts
    assert (parts.exposures == whole.exposures).all()
    assert whole.exposures[..., -1].sum() > 0
    for metric in METRICS:
        assert np.allclose(parts.metrics[metric.key], whole.metrics[metric.key])


def _tenant_events(chance: random.Random) -> list[Happened]:
    events = []
    for number in range(60):
        tenant, actor = f"t{number % 12}", 2**60 // (number + 1)
        arm = ARMS[number % 12 % 3] if number != 30 else "c"
        for _ in range(1 + number % 2):
            time = START + chance.randrange(6 * 24) * HOUR
            told = {"flag": "f", "variant": arm, "reason": "SPLIT"}
            events.append(Happened(actor, time, "flag_exposta", told, {}, tenant))
        for _ in range(chance.randrange(4)):
            time = START + chance.randrange(9 * 24) * HOUR
            events.append(Happened(actor, time, "vendeu", {"valor": chance.randrange(50)}, {}, tenant))
    return events


def test_tenants_are_rows_of_what_their_users_did() -> None:
    """Each tenant is one row: conversions by users; a tenant of several variants is left out."""
    events = _tenant_events(random.Random(7))
    asked = replace(QUESTION, enrolment=replace(QUESTION.enrolment, by_tenant=True, pauses=(), phases=(START,)))
    with snapshot_of(events) as snapshot:
        found = measured(asked, snapshot, Limits())
    crossed = {"t6"}
    rows: dict[str, dict[str, tuple[int, int]]] = {arm: {} for arm in ARMS}
    for tenant in {event.tenant for event in events} - crossed:
        own = [event for event in events if event.tenant == tenant]
        users = conversions = 0
        for actor in {event.actor for event in own}:
            at = min(event.time for event in own if event.actor == actor and event.name == "flag_exposta")
            if at + 2 * DAY > asked.until:
                continue
            users += 1
            conversions += any(
                event.actor == actor and event.name == "vendeu" and at <= event.time < at + 2 * DAY for event in own
            )
        rows[ARMS[int(tenant[1:]) % 3]][tenant] = (conversions, users)
    (sums,) = found.look("conversao", ARMS, -1)
    for arm in ARMS:
        held = [row for row in rows[arm].values() if row[1]]
        ys, xs = (np.array([row[side] for row in held], float) for side in (0, 1))
        _close(sums[arm], Sums(len(held), ys.sum(), (ys * ys).sum(), xs.sum(), (xs * xs).sum(), (xs * ys).sum()))
    assert found.counts.crossovers == 1
    assert found.exposures[0, :, -1].tolist() == [4 - (arm == 0) for arm in range(3)]


def test_a_breakdown_splits_the_first_metric() -> None:
    """By the value at the first exposure; the groups add up to all."""
    chance = random.Random(3)
    events = [
        replace(event, context={"device": chance.choice(["celular", "mesa"])} if chance.random() < 0.8 else {})
        for event in _events(chance, 1_000)
    ]
    asked = replace(QUESTION, enrolment=replace(QUESTION.enrolment, breakdown=Property("device", Origin.CONTEXT)))
    with snapshot_of(events) as snapshot:
        found: Measured = measured(asked, snapshot, Limits())
    assert set(found.groups) == {"celular", "mesa", None}
    assert np.allclose(np.sum(list(found.groups.values()), axis=0), found.metrics["conversao"][:, :, -1])
