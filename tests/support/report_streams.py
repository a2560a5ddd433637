"""Random events for reports: tied, repeated, late, of several tenants, with all kinds of properties."""

import random
from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from tests.support.report_answers import SECOND, START_US
from tests.support.report_events import Happened, Value

NAMES = "ABCDX"
TENANTS = ("acme", "Loja São João")
VALUES: Sequence[Value] = ("pix", "cartão 💳", "o'b\\r\"", "", "10", "2.50", 7, -3, 1.5, 2.0, True, False)
BROWSERS = ("Firefox", "Chrome", "Safari")


def streams(span: int = 14 * SECOND, actors: int = 60, step: int = SECOND) -> st.SearchStrategy[list[Happened]]:
    """Events of so many actors from 2 s before `START` on, their times multiples of a step."""
    return st.builds(
        lambda seed, size: _stream(random.Random(seed), size, (START_US - 2 * SECOND, span, step), actors),
        st.integers(0, 2**32),
        st.sampled_from([0, 1, 40, 400, 900]),
    )


def _stream(chance: random.Random, size: int, times: tuple[int, int, int], actors: int) -> list[Happened]:
    first, span, step = times
    events = []
    for _ in range(size):
        number = chance.randrange(actors)
        tenant = TENANTS[number % 2]
        # Nobody is somebody in each tenant; everybody else is in one.
        actor = 0 if number < 2 else 2**62 // (number + 3)
        time = first + chance.randrange(span // step) * step
        events.append(Happened(actor, time, chance.choice(NAMES), _properties(chance), _context(chance, actor), tenant))
    return events


def _properties(chance: random.Random) -> Mapping[str, Value]:
    names = [name for name in ("Tipo", "valor") if chance.random() < 0.7]
    return {name: chance.choice(VALUES) for name in names}


def _context(chance: random.Random, actor: int) -> Mapping[str, str]:
    context = {"browser": chance.choice(BROWSERS)} if chance.random() < 0.8 else {}
    return context | ({"user_id": f"u{actor % 97}"} if actor and chance.random() < 0.5 else {})
