"""
How long does `track` keep its caller, and how long does an evaluation that records exposures?

20,000 events with five properties, in bursts of 100, while the client's thread sends them to a bare server in another
process, which answers at once; without and with a spool on disk. The evaluation asks for one flag with exposures off
and on, for 1,000 users who have all been exposed before.
"""

import tempfile
import time
from decimal import Decimal
from itertools import cycle

from mirante import Delivery, Mirante
from mirante.telemetry.event import PropertyValue

from benchmarks.evaluators import mirante as evaluator
from benchmarks.measuring import median, report, spread, still
from benchmarks.processes import CLIENT_CORE, child

EVENTS = 20_000
BURST = 100
PAUSE = 0.005
ROUNDS = 5
EVALUATIONS = 20_000
PROPERTIES: dict[str, PropertyValue] = {
    "venda_id": "v-4711",
    "valor": Decimal("1234.50"),
    "moeda": "BRL",
    "itens_count": 3,
    "metodo_pagamento": "pix",
}


def main() -> None:
    """Measure and print."""
    with child(["-m", "benchmarks.counting_servers"]) as server, tempfile.TemporaryDirectory() as folder:
        assert server.stdout is not None
        address = f"127.0.0.1:{int(server.stdout.readline())}"
        still(CLIENT_CORE)
        figures: dict[str, object] = {"events": EVENTS, "rounds": ROUNDS, "unit": "ns"}
        for name, spool in (("memory", None), ("spool", folder)):
            rounds = [_track(address, spool) for _ in range(ROUNDS)]
            figures[name] = {
                "median": median([times[len(times) // 2] for times in rounds]),
                "medians": spread([times[len(times) // 2] for times in rounds]),
                "p99": median([times[int(len(times) * 0.99)] for times in rounds]),
                "max": median([times[-1] for times in rounds]),
            }
        off, on = _evaluations(address, exposures=False), _evaluations(address, exposures=True)
        figures["evaluation"] = {"without_exposures": off, "with_exposures": on}
    report("what tracking costs its caller", figures)


def _track(address: str, spool_dir: str | None) -> list[int]:
    """Return the nanoseconds of each call, sorted."""
    clock, times = time.perf_counter_ns, []
    with _client(address, spool_dir, exposures=True) as client:
        client.track("first")
        for number in range(EVENTS):
            start = clock()
            client.track("venda_criada", PROPERTIES, user_id="user-7", tenant="acme")
            times.append(clock() - start)
            if number % BURST == 0:
                time.sleep(PAUSE)
        assert client.flush(30) == 0
        assert client.telemetry_status.sent == EVENTS + 1
    return sorted(times)


def _evaluations(address: str, *, exposures: bool) -> float:
    """Return the median of the nanoseconds that one evaluation takes."""
    with _client(address, None, exposures=exposures) as client:
        users, flags = evaluator.prepare()[0], evaluator.definitions()
        assert client._replica is not None
        client._replica.apply(flags)
        rounds = []
        for measured in [False] + [True] * ROUNDS:
            turn = cycle(users)
            start = time.perf_counter_ns()
            for _ in range(EVALUATIONS):
                client.details("rule", next(turn))
            if measured:
                rounds.append((time.perf_counter_ns() - start) / EVALUATIONS)
        return median(rounds)


def _client(address: str, spool_dir: str | None, *, exposures: bool) -> Mirante:
    return Mirante(
        "127.0.0.1:9",
        api_key="bench",
        telemetry_address=address,
        spool_dir=spool_dir,
        exposures=exposures,
        delivery=Delivery(),
    )


if __name__ == "__main__":
    main()
