"""The history of the demo: always the same, valid, and shaped as a shop's."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Sequence

import pytest

from services.demo_shop.anomalies import CAMPAIGN_TENANT, OUTAGE_TENANT
from services.demo_shop.effects import RECOMMENDATION, SELLING_SHARES
from services.demo_shop.happening import Happening
from services.demo_shop.history import history
from services.demo_shop.messages import message_of
from services.demo_shop.people import present
from services.demo_shop.tenants import TENANTS
from services.demo_shop.world import HISTORY_DAYS, World, days_until, local_time
from services.telemetry.catalogue.catalogue_yaml import read_catalogue
from services.telemetry.catalogue.judge import CatalogueJudge
from services.telemetry.demo import demo_catalogue
from services.telemetry.events.checks import violation_of
from services.telemetry.events.event_ids import milliseconds_of
from tests.support.demo_story import WORLD, HashedFlags, tenant_of

LARGEST = TENANTS[0]
BAKERY = tenant_of("demo-padaria-sol")
BEGAN = WORLD.began


@pytest.fixture(scope="module")
def everything() -> Sequence[Happening]:
    """All five weeks of all tenants but the largest, which has nearly half of all events."""
    return [
        happening
        for day in days_until(BEGAN, HISTORY_DAYS)
        for tenant in TENANTS
        if tenant is not LARGEST
        for happening in history(WORLD, tenant, day, HashedFlags())
    ]


def visitors(everything: Sequence[Happening], tenant: str) -> dict[datetime.date, set[str]]:
    """Return who was there on each day."""
    found: dict[datetime.date, set[str]] = defaultdict(set)
    for each in everything:
        if each.tenant == tenant:
            found[local_time(each.at_ms).date()].add(each.user_id)
    return found


def test_a_world_has_one_history() -> None:
    """The same for the same seed and beginning, whatever was asked before; another one for others."""
    day = BEGAN - datetime.timedelta(days=3)
    told = history(WORLD, BAKERY, day, HashedFlags())
    assert told == history(World(WORLD.seed, WORLD.began), BAKERY, day, HashedFlags())
    assert told != history(World(WORLD.seed + 1, WORLD.began), BAKERY, day, HashedFlags())
    assert told != history(World(WORLD.seed, BEGAN + datetime.timedelta(days=1)), BAKERY, day, HashedFlags())


def test_there_is_enough_and_each_event_is_there_once(everything: Sequence[Happening]) -> None:
    """Hundreds of thousands, with ids that are unique and hold the time."""
    largest = len(history(WORLD, LARGEST, BEGAN, HashedFlags()))
    assert 300_000 < len(everything) + HISTORY_DAYS * largest < 600_000
    assert len({each.event_id for each in everything}) == len(everything)
    assert all(milliseconds_of(each.event_id) == each.at_ms for each in everything[::97])
    owners = {(each.session_id, each.user_id) for each in everything}
    assert len({session for session, _ in owners}) == len(owners)
    logins = [each.session_id for each in everything if each.name == "login_sucesso"]
    assert len(set(logins)) == len(logins)
    sales = [each.properties["venda_id"] for each in everything if each.name == "venda_criada"]
    assert len(set(sales)) == len(sales)


def test_every_event_is_as_the_catalogue_says(everything: Sequence[Happening]) -> None:
    """And nearly every event of the catalogue happens."""
    catalogue = read_catalogue(demo_catalogue())
    judge = CatalogueJudge(catalogue, b"s" * 32, "production")
    seen: Counter[str] = Counter()
    for each in everything:
        if seen[each.name] < 300:
            message = message_of(each)
            assert violation_of(message, has_nul=True) is None, each
            judgement = judge.judge(message)
            assert judgement.declared, each.name
            assert judgement.violation is None, (each, judgement)
        seen[each.name] += 1
    assert {event.name for event in catalogue.events} - set(seen) == set()


def test_everything_says_that_it_is_made_up(everything: Sequence[Happening]) -> None:
    """By tenant, person, session and release, and by what sends it; browsers say what they are."""
    for each in everything[::11]:
        assert {text[:5] for text in (each.tenant, each.user_id, each.session_id, each.release)} == {"demo-"}
        context = message_of(each).context
        assert context.library.name == "mirante-demo"
        assert bool(context.browser.name and context.device.type) is bool(each.page)


def test_the_funnel_leaks(everything: Sequence[Happening]) -> None:
    """From the login to a sale, and some sales are taken back."""
    by_step: dict[str, set[str]] = defaultdict(set)
    for each in everything:
        by_step[each.name].add(each.session_id)
    steps = ("login_sucesso", "dashboard_acessado", "botao_nova_venda_clicado", "venda_criada", "venda_cancelada")
    sizes = [len(by_step[step]) for step in steps]
    logins = sizes[0]
    assert [round(size / logins, 2) for size in sizes] == [
        1.0,
        pytest.approx(0.93, abs=0.02),
        pytest.approx(0.33, abs=0.05),
        pytest.approx(0.12, abs=0.03),
        pytest.approx(0.015, abs=0.01),
    ]
    sales = {
        each.properties["venda_id"]: each.properties["valor"] for each in everything if each.name == "venda_criada"
    }
    for each in everything:
        if each.name == "venda_cancelada":
            assert sales[each.properties["venda_id"]] == each.properties["valor"]


def test_variants_differ_as_an_experiment_is_to_find(everything: Sequence[Happening]) -> None:
    """Per person, whatever the seed by three standard errors and the few who do not get to sell."""
    variants: dict[str, str] = {}
    sellers = {each.user_id for each in everything if each.name == "venda_criada"}
    for each in everything:
        if each.name == "flag_exposta" and each.properties["flag"] == RECOMMENDATION:
            variants.setdefault(each.user_id, str(each.properties["variant"]))
    people = Counter(variants.values())
    assert set(people) == {"off", "v1", "v2"}
    for variant, count in people.items():
        share = len([user for user in sellers if variants[user] == variant]) / count
        expected = SELLING_SHARES[variant]
        assert abs(share - expected) < 3 * (expected / count) ** 0.5 + 0.01, (variant, count, share)


def test_people_stay_away_one_after_the_other() -> None:
    """Of those who begin, fewer are left the longer it is ago; some stay for long."""
    tenant = LARGEST
    first = BEGAN - datetime.timedelta(days=40)
    begun = {
        person.user_id
        for number in range(7)
        for person in present(WORLD, tenant, first + datetime.timedelta(days=number))
        if person.first == first.toordinal() + number
    }
    left = [
        len(begun & {person.user_id for person in present(WORLD, tenant, first + datetime.timedelta(days=6 + age))})
        for age in (0, 3, 10, 34)
    ]
    assert left == sorted(left, reverse=True)
    assert 0.15 * len(begun) < left[-1] < 0.5 * len(begun)


def test_the_rhythm_of_a_week(everything: Sequence[Happening]) -> None:
    """Closed on Sundays and at night but for a trickle, and more and more over the weeks; one tenant never closes."""
    by_day = visitors(everything, CAMPAIGN_TENANT)
    sundays = [len(people) for day, people in by_day.items() if day.weekday() == 6]
    fridays = [len(people) for day, people in sorted(by_day.items()) if day.weekday() == 4]
    assert max(sundays) < 0.3 * min(fridays)
    assert fridays[-1] > fridays[0]
    hours: dict[str, Counter[int]] = defaultdict(Counter)
    for each in (*everything, *history(WORLD, LARGEST, BEGAN, HashedFlags())):
        hours[each.tenant][local_time(each.at_ms).hour] += 1
    for tenant, counts in hours.items():
        assert all(counts[hour] > 0 for hour in range(24)), tenant
        night = counts[3] / max(counts.values())
        assert night > 0.05 if tenant == LARGEST.key else night < 0.15


def test_something_goes_wrong_now_and_then(everything: Sequence[Happening]) -> None:
    """An outage of four hours, errors after a release until it is replaced, and an afternoon of sales."""

    def within(days_ago: int, first_hour: float, hours: float, each: Happening) -> bool:
        local = local_time(each.at_ms)
        since = local.hour + local.minute / 60 - first_hour
        return local.date() == BEGAN - datetime.timedelta(days=days_ago) and 0 <= since < hours

    assert not any(within(12, 10, 4, each) for each in everything if each.tenant == OUTAGE_TENANT)
    assert any(within(12, 14, 2, each) for each in everything if each.tenant == OUTAGE_TENANT)
    errors = [each for each in everything if each.name == "erro_frontend"]
    assert sum(within(9, 9.5, 5, each) for each in errors) > 5 * sum(within(8, 9.5, 5, each) for each in errors)
    sales = [each for each in everything if each.tenant == CAMPAIGN_TENANT and each.name == "venda_criada"]
    assert sum(within(5, 15, 4.5, each) for each in sales) > 3 * sum(within(6, 15, 4.5, each) for each in sales)


def test_releases_follow_each_other(everything: Sequence[Happening]) -> None:
    """One a week, and one more after the fault, each for a stretch of time."""
    names = [each.release for each in sorted(everything, key=lambda each: each.at_ms)]
    changes = Counter(names)
    assert 5 <= len(changes) <= 8
    assert sum(name.count(".") == 3 for name in changes) >= 1
