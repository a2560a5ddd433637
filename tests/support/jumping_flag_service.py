"""
`python -m tests.support.jumping_flag_service`: the flag service with a clock that jumps as a file says.

The file of ROLLOUT_CLOCK_FILE holds seconds by which rollout plans are ahead of the present; without one they are not.
"""

import datetime
import os
from functools import partial
from pathlib import Path

from services.flags.app import running
from services.flags.settings import FlagsSettings
from services.runtime.process import run_service


def jumping() -> datetime.datetime:
    """Return the present moment and the jump."""
    now = datetime.datetime.now(datetime.UTC)
    try:
        return now + datetime.timedelta(seconds=float(Path(os.environ["ROLLOUT_CLOCK_FILE"]).read_text()))
    except (OSError, ValueError):
        return now


if __name__ == "__main__":
    run_service(FlagsSettings, partial(running, clock=jumping))
