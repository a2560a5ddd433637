"""
How many of 5,000 events arrive when a program tracks them and comes to a normal end, and how long does that end take?

Each client with its defaults, in a program of its own, against a server that answers in 300 ms; without a call of
flush, shutdown or close. PostHog's package is that of benchmarks/peers.lock, which `make bench-delivery` installs.
"""

import argparse
import importlib.metadata
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.counting_servers import BatchServer, IngestServer
from benchmarks.measuring import median, report, spread

EVENTS = 5_000
DELAY = 0.3
ROUNDS = 5
PEERS = Path(".venv-peers/bin/python")

_MIRANTE = """
from mirante import Mirante
client = Mirante("127.0.0.1:9", api_key="bench", telemetry_address="127.0.0.1:{port}")
for number in range({events}):
    client.track("venda_criada", {{"number": number}}, user_id=f"user-{{number}}", tenant="acme")
"""

_POSTHOG = """
from posthog import Posthog
client = Posthog("bench", host="http://127.0.0.1:{port}")
for number in range({events}):
    client.capture("venda_criada", distinct_id=f"user-{{number}}", properties={{"number": number}})
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    mirante, posthog = [], []
    for _ in range(rounds):
        mirante.append(_round(IngestServer(DELAY), sys.executable, _MIRANTE))
        posthog.append(_round(BatchServer(DELAY), str(PEERS), _POSTHOG))
    report(
        "events that arrive after a normal end",
        {
            "events": EVENTS,
            "answer_ms": DELAY * 1e3,
            "rounds": rounds,
            "mirante": {"version": importlib.metadata.version("mirante"), **_figures(mirante)},
            "posthog": {"version": _version(), **_figures(posthog)},
        },
    )


def _round(server: IngestServer | BatchServer, python: str, program: str) -> tuple[int, float]:
    """Return how many events arrived, and the seconds from the start of the program to its end."""
    start = time.perf_counter()
    command = [python, "-c", program.format(port=server.port, events=EVENTS)]
    subprocess.run(command, check=True, timeout=120, stderr=subprocess.DEVNULL)
    took = time.perf_counter() - start
    server.close()
    return len(server.ids), took


def _version() -> str:
    command = [str(PEERS), "-c", "import importlib.metadata as m; print(m.version('posthog'))"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _figures(outcomes: list[tuple[int, float]]) -> dict[str, object]:
    arrived, seconds = zip(*outcomes, strict=True)
    return {
        "arrived": median(arrived),
        "arrived_spread": spread(arrived),
        "program_seconds": median(seconds),
    }


if __name__ == "__main__":
    main()
