"""Looks at a flag before it is archived: whether somebody still evaluates it."""

import datetime
from typing import Final

from services.cli.flags.lives import ask_lives, shares_text
from services.cli.output import local_time
from services.cli.refusals import Refusal
from services.cli.session import Session

RECENT_DAYS: Final = 7
_SECONDS: Final = 10.0


def is_in_use(session: Session, key: str, now: datetime.datetime) -> bool:
    """
    Tell what is known of who evaluates a flag, and return whether somebody did in the last days.

    Without an answer it says so and returns False: a flag can be archived while metrics is down.
    """
    try:
        answer = ask_lives(session, [key], days=RECENT_DAYS, seconds=_SECONDS)
    except Refusal as refusal:
        session.output.remark(f"whether {key} is still evaluated is not known: {refusal.message}")
        return False
    if answer.exposures_unknown:
        session.output.remark(f"whether {key} is still evaluated is not known: {answer.exposures_unknown}")
    for life in answer.flags:
        for experiment in life.experiments:
            session.output.remark(f"the experiment {experiment} on {key} is not decided")
        if life.rollout_id:
            session.output.remark(f"a rollout of {key} is under way: {life.rollout_id}")
        if life.HasField("last_evaluated_at"):
            at = life.last_evaluated_at.ToDatetime(datetime.UTC)
            shares = f": {shares_text(life)}" if life.variants else ""
            session.output.remark(f"{key} was last evaluated at {local_time(life.last_evaluated_at)}{shares}")
            return now - at < datetime.timedelta(days=RECENT_DAYS)
    return False
