"""
What does the flag service add to bare gRPC?

EvaluateFlag beside a bare echo of the same request on the same gRPC server, and on a bare server of its own, in
alternating pairs; then bulk and pipelined streams beside EvaluateFlag. The measured service checks the key, counts and
traces, as always.
"""

import asyncio

from mirante.api.flags.v1 import evaluation_service_pb2 as evaluation_pb2
from mirante.evaluation.model import Context
from mirante.wire import context_to_proto

from benchmarks.load import StreamLoop, UnaryLoop
from benchmarks.measuring import median, ratio_interval, report, spread
from benchmarks.processes import CLIENT_CORE, bare_server, pin
from benchmarks.services_under_test import Services, create_flag, flag_services, switch_flag

SERVICE = "/mirante.api.flags.v1.EvaluationService"
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
                figures[f"{label}, echo on the {where}"] = await _unary(services, echo_port, connections, in_flight)
        figures["bulk of 20"] = await _bulk(services)
        figures["stream"] = await _stream(services)
    report("remote evaluation", figures)


def _request() -> bytes:
    return evaluation_pb2.EvaluateFlagRequest(flag_key="single", context=context_to_proto(CONTEXT)).SerializeToString()


async def _unary(services: Services, echo_port: int, connections: int, in_flight: int) -> dict[str, object]:
    ours, floor, p99 = [], [], []
    for pair in range(PAIRS):
        for side in (0, 1) if pair % 2 else (1, 0):
            if side:
                loop = UnaryLoop(
                    echo_port, "/bare/Echo", services.keys["server"], _request(),
                    connections=connections, in_flight=in_flight,
                )  # fmt: skip
                floor.append((await loop.run(SECONDS)).per_second)
            else:
                tally = await _evaluate(services, connections, in_flight)
                ours.append(tally[0])
                p99.append(tally[1])
    ratios = [own / bare for own, bare in zip(ours, floor, strict=True)]
    return {
        "evaluate_flag_per_second": {"median": median(ours), "spread": spread(ours)},
        "echo_per_second": {"median": median(floor), "spread": spread(floor)},
        "ratio": {"median": median(ratios), "interval_95": ratio_interval(ratios), "pairs": PAIRS},
        "evaluate_flag_p99_ms": median(p99),
    }


async def _evaluate(services: Services, connections: int, in_flight: int) -> tuple[float, float]:
    loop = UnaryLoop(
        services.ports[0], f"{SERVICE}/EvaluateFlag", services.keys["server"], _request(),
        connections=connections, in_flight=in_flight,
    )  # fmt: skip
    tally = await loop.run(SECONDS)
    assert tally.failed == 0, f"{tally.failed} calls failed"
    ordered = sorted(tally.latencies)
    return tally.per_second, ordered[int(len(ordered) * 0.99)] * 1e3


async def _bulk(services: Services) -> dict[str, object]:
    body = evaluation_pb2.EvaluateFlagsRequest(flag_keys=BULK, context=context_to_proto(CONTEXT)).SerializeToString()
    rates, ratios = [], []
    for _ in range(PAIRS // 2):
        one, _p99 = await _evaluate(services, 4, 4)
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
        one, _p99 = await _evaluate(services, 8, 8)
        loop = StreamLoop(
            services.ports[0], f"{SERVICE}/EvaluateStream", services.keys["server"], body, connections=16, in_flight=4
        )
        tally = await loop.run(SECONDS)
        rates.append(tally.per_second)
        ratios.append(rates[-1] / one)
    return {"per_second": median(rates), "times_unary": median(ratios), "interval_95": ratio_interval(ratios)}


if __name__ == "__main__":
    asyncio.run(main())
