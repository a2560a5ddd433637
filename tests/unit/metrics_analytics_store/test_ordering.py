"""Rows come into the order of actors and time, however they lie."""

import numpy as np
import pytest

from services.metrics.analytics.store.ordering import order_of


@pytest.mark.parametrize("greatest", [3, 2**40, 2**62])
@pytest.mark.parametrize("pieces", [2, 300])
def test_as_a_sort_says(greatest: int, pieces: int) -> None:
    """Few long stretches and many short ones; equal rows stay in their order."""
    chance = np.random.default_rng(pieces)
    actors = chance.integers(0, greatest, 50, endpoint=True)
    actor = np.concatenate([np.sort(chance.choice(actors, 20)) for _ in range(pieces)])
    time = chance.integers(0, 9, len(actor))
    order = order_of(actor, time)
    assert order is not None
    assert order.tolist() == np.lexsort((time, actor)).tolist()
    assert order_of(actor[order], time[order]) is None
