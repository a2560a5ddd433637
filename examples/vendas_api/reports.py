"""What GET /relatorios computes. Money is decimal."""

import random
import time
from collections.abc import Sequence
from decimal import Decimal

TIME_LIMIT = 0.5
"""Seconds that one report may take."""


class TookTooLong(Exception):
    """The report was given up."""


def project(taken: Sequence[Decimal], rounds: int) -> dict[str, Decimal]:
    """
    Return what as many sales again may bring: the 10th, 50th and 90th percentile of that many random draws.

    Raises:
        TookTooLong: `TIME_LIMIT` has passed.
    """
    give_up_at = time.monotonic() + TIME_LIMIT
    sums = []
    for _ in range(rounds):
        if time.monotonic() > give_up_at:
            raise TookTooLong
        sums.append(sum(random.choices(taken, k=len(taken)) if taken else (), Decimal(0)))
    sums.sort()
    return {f"p{percent}": sums[(len(sums) - 1) * percent // 100] for percent in (10, 50, 90)}
