"""
A process that asks an in-process client about one flag, over and over, until its standard input ends.

`python -m tests.support.asking_client TARGET SECRET CACHE FLAG` prints a line of JSON whenever the answer
changes.
"""

import json
import sys
import threading

from mirante import Mirante
from mirante.client.settings import Timing

_PAUSE_SECONDS = 0.01
_TIMING = Timing(grace=0.3, retry_longest=0.5, save_every=0.05)


def main() -> None:
    """Ask and print."""
    target, secret, cache, flag = sys.argv[1:]
    ended = threading.Event()
    threading.Thread(target=_wait_for_the_end_of_input, args=(ended,), daemon=True).start()
    last = ""
    with Mirante(target, api_key=secret, cache_dir=cache, timing=_TIMING) as client:
        while not ended.wait(_PAUSE_SECONDS):
            answer = client.details(flag, {"targeting_key": "ana"}, default="default")
            line = json.dumps(
                {
                    "value": answer.value,
                    "reason": answer.reason.value,
                    "stale": answer.stale,
                    "revision": answer.stamp.revision,
                }
            )
            if line != last:
                last = line
                sys.stdout.write(line + "\n")
                sys.stdout.flush()


def _wait_for_the_end_of_input(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


if __name__ == "__main__":
    main()
