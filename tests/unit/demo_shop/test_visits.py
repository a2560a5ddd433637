"""What the demo's shop plays: valid events, at the rhythm of a shop."""

import datetime
from random import Random

from mirante.telemetry.event import build_event

from services.demo_shop.visits import TENANTS, steps, visitor, visits_per_second
from services.telemetry.catalogue.catalogue_yaml import read_catalogue
from services.telemetry.catalogue.judge import CatalogueJudge
from services.telemetry.demo import demo_catalogue

SUNDAY = datetime.datetime(2026, 11, 22, 11, 0)


def test_every_step_is_in_the_catalogue() -> None:
    """A thousand visits without a violation, and with a sale in a good part of them."""
    judge = CatalogueJudge(read_catalogue(demo_catalogue()), b"s" * 32, "production")
    draw, seen = Random(7), set()
    for _ in range(1_000):
        who = visitor(draw)
        for step in steps(draw, who):
            judgement = judge.judge(build_event(step.name, step.properties, tenant=who.tenant.key, user_id=who.user_id))
            assert judgement.declared, step.name
            assert judgement.violation is None, step
            seen.add(step.name)
    assert {"login_sucesso", "venda_criada", "venda_cancelada", "logout"} <= seen


def test_the_funnel_leaks() -> None:
    """Most visits end without a sale, some end at the login."""
    draw = Random(7)
    visits = [[step.name for step in steps(draw, visitor(draw))] for _ in range(2_000)]
    sales = sum("venda_criada" in visit for visit in visits)
    assert 0.3 < sales / len(visits) < 0.6
    assert any(visit == ["login_falha"] for visit in visits)


def test_all_tenants_are_visited() -> None:
    """By their weights; and their names say that they are made up."""
    draw = Random(7)
    keys = {visitor(draw).tenant.key for _ in range(500)}
    assert keys == {tenant.key for tenant in TENANTS}
    assert all(key.startswith("demo-") for key in keys)


def test_the_rhythm_of_a_week() -> None:
    """Busy in the morning and the afternoon, quiet at night and on Sundays, never dead."""
    monday = SUNDAY + datetime.timedelta(days=1)
    night = monday.replace(hour=3)
    assert visits_per_second(monday) > 2 * visits_per_second(night)
    assert visits_per_second(monday) > visits_per_second(SUNDAY)
    assert visits_per_second(night) > 0
