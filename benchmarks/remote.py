"""
What does the flag service add to bare gRPC?

EvaluateFlag beside a bare echo of the same request on the same gRPC server, and on a bare server of its own, in
alternating pairs; the echo with our interception beside the bare one; then bulk and pipelined streams beside
EvaluateFlag. The measured service checks the key, counts and traces, as always.
"""

import asyncio

from mirante.api.flags.v1 import evaluation_service_pb2 as evaluation_pb2
from mirante.evaluation.model import Context
from mirante.wire import context_to_proto

from benchmarks.load import StreamLoop, UnaryLoop
from benchmarks.measuring import median, ratio_interval, report, spread
from benchmarks.processes import CLIENT_CORE, bare_server, pin
from benchmarks.service_with_echo import INTERCEPTED_ECHO
from benchmarks.services_under_test import Services, create_flag, flag_services, switch_flag

SERVICE = "/mirante.api.flags.v1.EvaluationService"
EVALUATE = f"{SERVICE}/EvaluateFlag"
ECHO = "/bare/Echo"
CONTEXT: Context = {"targeting_key": "user-4711", "tenant_id": "acme", "plan": "basico", "regiao": "Norte", "seats": 12}
PAIRS = 16
SECONDS = 1.0
BULK = [f"bulk_{number}" for number in range(20)]


async def main() -> None:
    """Measure and print."""
    pin(CLIENT_CORE)
    async with flag_services(module="benchmarks.service_with_echo") as services, bare_server() as (bare_port, _):
        for key in ["single", *BULK]:
            create_flag(services, switch_flag(key))
        await asyncio.sleep(1)
        figures: dict[str, object] = {}
        for label, connections, in_flight in (("16 in flight", 4, 4), ("64 in flight", 8, 8)):
            for where, echo_port in (("same server", services.ports[0]), ("bare server", bare_port)):
                figures[f"{label}, echo on the {where}"] = await _paired(
                    services, EVALUATE, echo_port, connections=connections, in_flight=in_flight
                )
        figures["intercepted echo, 16 in flight, echo on the same server"] = await _paired(
            services, INTERCEPTED_ECHO, services.ports[0], connections=4, in_flight=4
        )
        figures["bulk of 20"] = await _bulk(services)
        figures["stream"] = await _stream(services)
    report("remote evaluation", figures)


def _request() -> bytes:
    return evaluation_pb2.EvaluateFlagRequest(flag_key="single", context=context_to_proto(CONTEXT)).SerializeToString()


async def _paired(
    services: Services, path: str, echo_port: int, *, connections: int, in_flight: int
) -> dict[str, object]:
    ours, floor, p99 = [], [], []
    sides = [(services.ports[0], path), (echo_port, ECHO)]
    for pair in range(PAIRS):
        for port, method in sides if pair % 2 else sides[::-1]:
            rate, worst = await _calls(services, port, method, connections, in_flight)
            if method == path:
                ours.append(rate)
                p99.append(worst)
            else:
                floor.append(rate)
    ratios = [own / bare for own, bare in zip(ours, floor, strict=True)]
    return {
        "per_second": {"median": median(ours), "spread": spread(ours)},
        "echo_per_second": {"median": median(floor), "spread": spread(floor)},
        "ratio": {"median": median(ratios), "interval_95": ratio_interval(ratios), "pairs": PAIRS},
        "p99_ms": median(p99),
    }


async def _calls(services: Services, port: int, path: str, connections: int, in_flight: int) -> tuple[float, float]:
    """Return calls per second and the 99th percentile of their milliseconds."""
    loop = UnaryLoop(port, path, services.keys["server"], _request(), connections=connections, in_flight=in_flight)
    tally = await loop.run(SECONDS)
    assert tally.failed == 0, f"{tally.failed} calls failed"
    ordered = sorted(tally.latencies)
    return tally.per_second, ordered[int(len(ordered) * 0.99)] * 1e3


async def _bulk(services: Services) -> dict[str, object]:
    body = evaluation_pb2.EvaluateFlagsRequest(flag_keys=BULK, context=context_to_proto(CONTEXT)).SerializeToString()
    rates, ratios = [], []
    for _ in range(PAIRS // 2):
        one, _p99 = await _calls(services, services.ports[0], EVALUATE, 4, 4)
        loop = UnaryLoop(
            services.ports[0], f"{SERVICE}/EvaluateFlags", services.keys["server"], body, connections=4, in_flight=4
        )
        tally = await loop.run(SECONDS)
        assert tally.failed == 0, f"{tally.failed} calls failed"
        rates.append(tally.per_second * len(BULK))
        ratios.append(rates[-1] / one)
    return {"flags_per_second": median(rates), "times_unary": median(ratios), "interval_95": ratio_interval(ratios)}


async def _stream(services: Services) -> dict[str, object]:
    body = evaluation_pb2.EvaluateStreamRequest(
        request_id=1, flag_key="single", context=context_to_proto(CONTEXT)
    ).SerializeToString()
    rates, ratios = [], []
    for _ in range(PAIRS // 2):
        one, _p99 = await _calls(services, services.ports[0], EVALUATE, 8, 8)
        loop = StreamLoop(
            services.ports[0], f"{SERVICE}/EvaluateStream", services.keys["server"], body, connections=16, in_flight=4
        )
        tally = await loop.run(SECONDS)
        rates.append(tally.per_second)
        ratios.append(rates[-1] / one)
    return {"per_second": median(rates), "times_unary": median(ratios), "interval_95": ratio_interval(ratios)}


if __name__ == "__main__":
    asyncio.run(main())
