"""How often guards stop what does no harm, and whether they stop what does."""

import numpy as np

from services.metrics.guards.watched_rollout import WatchedRollout
from tests.unit.metrics_guards.scenes import SINCE, errors, fewer_sales, more_timeouts, ratio, watching

SEEDS = 200
_PEOPLE = 500
"""Of each stage."""
_LOOKS = 12
_GUARDS = (errors(limit=0.05), fewer_sales(), more_timeouts(), ratio())
_SHARES = (0.10, 0.25, 0.50)


def stopped(seed: int, *, error_share: float = 0.01, timeout_share: float = 0.02) -> bool:
    """
    Run a canary of 10, 25 and 50 % and return whether a guard breaks.

    Everybody buys with 12 %, errs with 1 % and meets a time-out with 2 %, but for those with the variant as given. All
    guards are looked at twelve times in each stage.
    """
    chance = np.random.default_rng(seed)
    rollout = WatchedRollout(watching(*_GUARDS))
    for stage, share in enumerate(_SHARES, 1):
        rollout.follow(watching(*_GUARDS, stage=stage, step=stage))
        treated = chance.random(_PEOPLE) < share
        buys = chance.random(_PEOPLE) < 0.12
        errs = chance.random(_PEOPLE) < np.where(treated, error_share, 0.01)
        waits = chance.random(_PEOPLE) < np.where(treated, timeout_share, 0.02)
        for number in range(_PEOPLE):
            actor, at = (stage * _PEOPLE + number).to_bytes(16), SINCE + number * 0.5
            variant, rule = ("on", f"rollout.{stage}") if treated[number] else ("off", "")
            rollout.exposed(actor, variant=variant, rule_id=rule, version=stage + 1, at=at)
            rollout.happened(actor, "flag_exposta", at)
            for had, event in ((buys, "venda_criada"), (errs, "erro_frontend"), (waits, "timeout_request")):
                if had[number]:
                    rollout.happened(actor, event, at)
            if number % (_PEOPLE // _LOOKS) == 0 and any(each.breached for each in rollout.readings(at)):
                return True
    return False


def test_harmless_rollouts_run_on() -> None:
    """Fewer than 5 % of 200 are stopped, by all guards together."""
    assert sum(map(stopped, range(SEEDS))) / SEEDS < 0.05


def test_harmful_rollouts_do_not() -> None:
    """The same guards stop nearly all that throw errors, or let a quarter of the users wait."""
    assert sum(stopped(seed, error_share=0.5) for seed in range(20)) == 20
    assert sum(stopped(seed, timeout_share=0.25) for seed in range(20)) >= 18
