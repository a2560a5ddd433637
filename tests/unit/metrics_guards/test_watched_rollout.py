"""What guards say of what happens to people."""

from mirante.api.flags.v1 import rollout_guard_pb2 as pb2
from mirante.api.flags.v1 import rollout_pb2
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2

from services.metrics.guards.plans import Comparison, watching_of
from services.metrics.guards.readings import Reading
from services.metrics.guards.watched_rollout import WatchedRollout
from tests.unit.metrics_guards.scenes import SINCE, errors, fewer_sales, more_timeouts, ratio, record, watching


def person(number: int) -> bytes:
    """Return the actor of a number."""
    return number.to_bytes(16)


def give(rollout: WatchedRollout, people: range, *, at: float = SINCE + 1, variant: str = "on") -> None:
    """Let people be given a variant by the first stage's rule, or by none."""
    for number in people:
        rule = "rollout.1" if variant == "on" else ""
        rollout.exposed(person(number), variant=variant, rule_id=rule, version=2, at=at)
        rollout.happened(person(number), "flag_exposta", at)


def only(readings: list[Reading]) -> Reading:
    """Return the one reading."""
    (reading,) = readings
    return reading


def test_a_tripwire_breaks_on_those_with_the_variant_alone() -> None:
    """Above its limit, with enough of them, within its window; with what was seen and since when."""
    rollout = WatchedRollout(watching(errors(limit=0.1, minimum=10)))
    give(rollout, range(30))
    give(rollout, range(100, 200), variant="off")
    for number in range(100, 200):
        assert not rollout.happened(person(number), "erro_frontend", SINCE + 2)
    assert only(rollout.readings(SINCE + 3)).state == pb2.GUARD_STATE_CLEAR
    for number in range(6):
        assert rollout.happened(person(number), "erro_frontend", SINCE + 4 + number)
        assert rollout.happened(person(number), "erro_frontend", SINCE + 4 + number)
    perhaps_chance = only(rollout.readings(SINCE + 10))
    assert (perhaps_chance.breached, perhaps_chance.observed, perhaps_chance.distance) == (False, 0.2, 0.0)
    for number in range(6, 12):
        rollout.happened(person(number), "erro_frontend", SINCE + 11)
    broken = only(rollout.readings(SINCE + 12))
    assert (broken.breached, broken.sample, broken.first_event) == (True, 30, SINCE + 4)
    assert broken.text == (
        "12 of 30 users with the variant (40.0%) had erro_frontend within 30 seconds; the limit is 10.0%."
    )
    assert only(rollout.readings(SINCE + 100)).state == pb2.GUARD_STATE_GATHERING


def test_a_tripwire_waits_for_enough_users() -> None:
    """A few users with errors are no share."""
    rollout = WatchedRollout(watching(errors(limit=0.01, minimum=10)))
    give(rollout, range(9))
    for number in range(9):
        rollout.happened(person(number), "erro_frontend", SINCE + 2)
    assert only(rollout.readings(SINCE + 3)).state == pb2.GUARD_STATE_GATHERING
    give(rollout, range(9, 10))
    assert only(rollout.readings(SINCE + 3)).breached


def test_counts_and_quantiles() -> None:
    """Of events, by the number in a property; what holds no number is left out."""
    count = errors(limit=2, measure=pb2.TRIPWIRE_MEASURE_EVENT_COUNT)
    slow = pb2.Guard(
        name="slow",
        tripwire=pb2.Tripwire(
            measure=pb2.TRIPWIRE_MEASURE_QUANTILE,
            events=["pagina_saida"],
            property="duracao_ms",
            quantile=0.5,
            limit=100,
            minimum=3,
        ),
    )
    rollout = WatchedRollout(watching(count, slow))
    give(rollout, range(3))
    for _ in range(3):
        rollout.happened(person(0), "erro_frontend", SINCE + 2)
    for value in [50] + [120] * 19:
        event = event_pb2.Event()
        event.properties["duracao_ms"].int_value = value
        rollout.happened(person(1), "pagina_saida", SINCE + 2, event)
    event = event_pb2.Event()
    event.properties["duracao_ms"].double_value = float("nan")
    rollout.happened(person(1), "pagina_saida", SINCE + 2, event)
    counted, timed = rollout.readings(SINCE + 3)
    assert (counted.breached, counted.observed) == (True, 3.0)
    assert (timed.breached, timed.observed, timed.sample) == (True, 120.0, 20)


def test_guardrails_prove_harm_in_either_direction() -> None:
    """Fewer sales or more time-outs of those with the variant; a unit counts once, and only after it was exposed."""
    rollout = WatchedRollout(watching(fewer_sales(), more_timeouts()))
    rollout.happened(person(5_000), "venda_criada", SINCE)
    give(rollout, range(1_000))
    give(rollout, range(5_000, 6_000), variant="off")
    for number in range(5_000, 5_400):
        rollout.happened(person(number), "venda_criada", SINCE + 5)
        rollout.happened(person(number), "venda_criada", SINCE + 6)
    for number in range(200):
        rollout.happened(person(number), "venda_criada", SINCE + 5)
        rollout.happened(person(number), "timeout_request", SINCE + 5)
    sales, timeouts = rollout.readings(SINCE + 9)
    assert (sales.breached, sales.sample) == (True, 2_000)
    assert sales.observed is not None
    assert abs(sales.observed + 0.2) < 1e-12
    assert timeouts.breached
    assert timeouts.text.startswith("More users with the variant had timeout_request: 20.00% of 1000 against 0.00%")


def test_who_was_given_both_is_compared_with_nobody() -> None:
    """Nor are those whom another rule decided about, or an earlier version of the flag; the erased are forgotten."""
    rollout = WatchedRollout(watching(fewer_sales(), ratio()))
    give(rollout, range(10))
    give(rollout, range(5), variant="off")
    rollout.exposed(person(50), variant="on", rule_id="mine", version=2, at=SINCE + 1)
    rollout.exposed(person(51), variant="on", rule_id="rollout.1", version=1, at=SINCE + 1)
    assert rollout.readings(SINCE + 2)[1].sample == 5
    rollout.forget(person(9))
    rollout.becomes(person(8), person(80))
    rollout.becomes(person(7), person(80))
    assert rollout.readings(SINCE + 2)[1].sample == 3
    assert rollout.sample == 9


def test_who_got_no_variant_by_lot_is_compared_with_nobody() -> None:
    """When somebody kills the flag, or a target decides, the shares of the stage are as they were."""
    rollout = WatchedRollout(watching(ratio()))
    give(rollout, range(100))
    give(rollout, range(1_000, 1_900), variant="off")
    for number, reason in enumerate(("KILLED", "OFF", "TARGET", "PREREQUISITE_FAILED", "SCHEDULE") * 1_000, 2_000):
        entry = log_pb2.LogEntry()
        entry.event.actor_id = person(number)
        entry.event.event.name = "flag_exposta"
        for name, text in (("flag", "f"), ("variant", "off"), ("reason", reason), ("rule_id", "")):
            entry.event.event.properties[name].string_value = text
        entry.event.event.properties["version"].int_value = 2
        entry.event.received_at.seconds = entry.event.occurred_at.seconds = int(SINCE) + 2
        rollout.apply(entry)
    shares = only(rollout.readings(SINCE + 3))
    assert (shares.breached, shares.sample) == (False, 1_000)


def test_a_wrong_share_is_found_and_stays_found() -> None:
    """The smallest p-value of all looks counts."""
    rollout = WatchedRollout(watching(ratio()))
    give(rollout, range(100))
    give(rollout, range(1_000, 1_100), variant="off")
    broken = only(rollout.readings(SINCE + 2))
    assert (broken.breached, broken.observed, broken.limit) == (True, 0.5, 0.1)
    give(rollout, range(1_100, 1_900), variant="off")
    assert only(rollout.readings(SINCE + 3)).breached


def test_steps_begin_anew_and_remember_who_has_the_variant() -> None:
    """Not when a stage is taken back or resumed: then it has to be seen first."""
    rollout = WatchedRollout(watching(errors()))
    give(rollout, range(10))
    rollout.follow(watching(errors(), stage=2, step=2))
    assert rollout.sample == 0
    for number in range(10):
        rollout.happened(person(number), "erro_frontend", SINCE + 5)
    assert only(rollout.readings(SINCE + 6)).breached
    rollout.follow(watching(errors(), stage=2, step=3))
    for number in range(10):
        rollout.happened(person(number), "erro_frontend", SINCE + 7)
    rollout.exposed(person(0), variant="on", rule_id="rollout.1", version=2, at=SINCE + 1)
    for _ in range(10):
        rollout.happened(person(0), "erro_frontend", SINCE + 7)
    assert only(rollout.readings(SINCE + 8)).sample == 0


def test_what_can_be_compared() -> None:
    """Stages of everybody that leave somebody out, by users; in others guardrails are not judged."""
    assert watching(ratio(), stage=2).comparison == Comparison("rollout.2", 0.25)
    whole = watching(ratio(), stage=4)
    assert whole.comparison is None
    assert only(WatchedRollout(whole).readings(SINCE)).state == pb2.GUARD_STATE_NOT_JUDGED
    rings = record(ratio(), stage=2)
    rings.plan.stages[0].audience.ring.segment_key = "internal"
    rings.plan.stages[0].coverage = 100_000
    found = watching_of(rings)
    assert found is not None
    assert found.comparison == Comparison("rollout.2", 0.25)
    rings.plan.stages[0].coverage = 50_000
    tenants = record(ratio())
    tenants.plan.bucket_by = "tenant_id"
    for other in (rings, tenants):
        found = watching_of(other)
        assert found is not None
        assert found.comparison is None


def test_a_flag_that_somebody_has_changed_is_not_compared() -> None:
    """Its shares are no longer the plan's: only tripwires are judged."""
    rollout = WatchedRollout(watching(errors(), ratio()))
    give(rollout, range(100))
    give(rollout, range(1_000, 1_900), variant="off")
    changed = record(errors(), ratio())
    changed.state, changed.hold_reason = rollout_pb2.ROLLOUT_STATE_HELD, rollout_pb2.HOLD_REASON_FLAG_CHANGED
    found = watching_of(changed)
    assert found is not None
    rollout.follow(found)
    give(rollout, range(2_000, 4_000), variant="off")
    wire, shares = rollout.readings(SINCE + 2)
    assert (wire.state, shares.state) == (pb2.GUARD_STATE_CLEAR, pb2.GUARD_STATE_NOT_JUDGED)


def test_what_is_not_watched() -> None:
    """Plans that serve nothing, are over, or need no metrics."""
    over = record(errors())
    over.state = rollout_pb2.ROLLOUT_STATE_BREACHED
    waiting = record(errors(), stage=0)
    assert [watching_of(each) for each in (over, waiting, record())] == [None, None, None]
    sampled = record()
    sampled.plan.stages[0].minimum_sample = 5
    assert watching_of(sampled) is not None


def test_levels_are_shared_among_guardrails_and_stages() -> None:
    """So that all of them together raise a false alarm with the plan's probability at most."""
    rails = watching(fewer_sales(), more_timeouts(), errors()).guardrails
    assert [rail.alpha for rail in rails] == [0.05 / 2 / 4] * 2
