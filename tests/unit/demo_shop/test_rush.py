"""Visits beyond the story: as many as a drill wants, and errors for those who have the broken variant."""

from dataclasses import dataclass

import pytest

from services.demo_shop.effects import Context, Decision, Flags
from services.demo_shop.rush import CANARY, NEW_VARIANT, Orders, Rush
from services.demo_shop.world import instant_ms
from tests.support.demo_story import WORLD

NOON = instant_ms(WORLD.began, 12 * 3600)
SECONDS = 60


@dataclass
class EveryOther(Flags):
    """Gives every other one who asks for the canary the new variant."""

    asked: int = 0

    def decide(self, flag_key: str, context: Context) -> Decision:  # noqa: ARG002 - not by whom
        """See `Flags`."""
        self.asked += flag_key == CANARY
        return Decision(NEW_VARIANT if flag_key == CANARY and self.asked % 2 else "off", recorded=True)


@pytest.mark.parametrize("broken", [False, True])
def test_people_with_the_broken_variant_meet_an_error_and_nobody_else_does(broken: bool) -> None:
    """They give up; the others go on to sell, as everybody does when it is harmless."""
    rush = Rush(WORLD, EveryOther(), lambda: Orders(2.0, broken))
    rush.next_ms = NOON
    visits = [list(visit) for now in range(0, SECONDS * 1_000, 250) for visit in rush.visits(NOON + now)]
    assert len(visits) == 2 * SECONDS
    assert len({visit[0].at_ms for visit in visits}) == len(visits)
    failed = ["erro_frontend" in [each.name for each in visit] for visit in visits]
    assert failed == [broken and number % 2 == 0 for number in range(len(visits))]
    for visit, gave_up in zip(visits, failed, strict=True):
        names = [each.name for each in visit]
        assert names[-1] == ("erro_frontend" if gave_up else "pagina_saida")
        if gave_up:
            assert visit[-1].at_ms - visit[names.index("flag_exposta")].at_ms > 500
    assert any(each.name == "venda_criada" for visit in visits for each in visit)


def test_nobody_comes_unless_a_drill_says_how_many() -> None:
    """Neither without the flag nor by a value that makes no sense."""
    for value in (None, 7, {}, {"visits_per_second": "8"}, {"visits_per_second": -1}, {"visits_per_second": 1e9}):
        orders = Orders.read(value)
        rush = Rush(WORLD, EveryOther(), lambda orders=orders: orders)  # type: ignore[misc]
        assert list(rush.visits(NOON)) == []
        assert rush.next_ms > NOON
    assert Orders.read({"visits_per_second": 8, "broken": True}) == Orders(8.0, broken=True)


def test_visits_that_were_missed_are_not_made_up_for() -> None:
    """The machine was asleep, or the drill has only begun."""
    rush = Rush(WORLD, EveryOther(), lambda: Orders(2.0))
    assert len(list(rush.visits(NOON))) <= 3
