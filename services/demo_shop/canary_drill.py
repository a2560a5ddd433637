"""
A guarded canary on the running demo, and its time line: `python -m services.demo_shop.canary_drill [--harmless]`.

A plan brings the new variant to half of the users and then to all. In the shop the variant throws errors; the plan is
to find that out by itself and kill the flag. A harmless variant is to reach everybody.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Final, NamedTuple

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from mirante import Mirante
from mirante.api.flags.v1 import rollout_pb2

from services.demo_shop.drill_calls import DrillCalls
from services.demo_shop.drill_watch import Watch
from services.demo_shop.settings import DemoShopSettings, key_for
from services.runtime.access import Role
from services.runtime.settings import SettingsError, read_settings

CLIENTS: Final = 3
_POLL_SECONDS: Final = 0.05
_READY_SECONDS: Final = 30.0


class Moment(NamedTuple):
    """Something that happened; `at` is seconds since 1970."""

    at: float
    what: str
    detail: str = ""


class Drill:
    """One drill against a running Mirante. Calls raise grpc.RpcError."""

    def __init__(self, calls: DrillCalls, clients: Sequence[Mirante]) -> None:
        self._calls = calls
        self._clients = clients

    def run(self, *, broken: bool, longest_seconds: float) -> tuple[str, list[Moment]]:
        """Return how the plan ended (`breached`, `completed`, or its state when the time is up), and the time line."""
        self._calls.prepare()
        watches = [Watch(client) for client in self._clients]
        rollout_id = self._calls.begin()
        self._calls.order(broken=broken)
        try:
            record = self._until_ended(rollout_id, time.monotonic() + longest_seconds)
            ended = rollout_pb2.RolloutState.Name(record.state).removeprefix("ROLLOUT_STATE_").lower()
            return ended, self._stages(record) + (self._kill(record, watches) if ended == "breached" else [])
        finally:
            self._calls.order(broken=None)

    def _until_ended(self, rollout_id: str, deadline: float) -> rollout_pb2.RolloutRecord:
        ended = (rollout_pb2.ROLLOUT_STATE_BREACHED, rollout_pb2.ROLLOUT_STATE_COMPLETED)
        while True:
            record = self._calls.rollout(rollout_id)
            if record.state in ended or time.monotonic() > deadline:
                return record
            time.sleep(_POLL_SECONDS)

    def _stages(self, record: rollout_pb2.RolloutRecord) -> list[Moment]:
        names = {
            rollout_pb2.ROLLOUT_ACTION_START: "stage begun",
            rollout_pb2.ROLLOUT_ACTION_ADVANCE: "stage begun",
            rollout_pb2.ROLLOUT_ACTION_COMPLETE: "completed",
        }
        shares = [f"{stage.coverage / 1000:g} % of the users" for stage in record.plan.stages]
        return [
            Moment(_seconds(event.at), names[event.action], shares[event.stage - 1])
            for event in reversed(record.events)
            if event.action in names
        ]

    def _kill(self, record: rollout_pb2.RolloutRecord, watches: Sequence[Watch]) -> list[Moment]:
        breach = record.breach
        kill = self._calls.killed()
        connected, delivered_at = self._calls.until_delivered(len(watches))
        last = max(delivered_at, *(watch.off_at(_READY_SECONDS) for watch in watches))
        return [
            Moment(_seconds(breach.first_event_at), "first error"),
            Moment(_seconds(breach.detected_at), "breach", breach.text),
            Moment(_seconds(kill.at), "kill", f"by {kill.by}"),
            Moment(last, "last client off", f"{connected} of {connected} connected processes"),
        ]


def main() -> None:
    """Run it on the Mirante of the usual variables; exit with 1 when the plan did not end as it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--harmless", action="store_true", help="the variant works: it is to reach everybody")
    parser.add_argument("--longest-seconds", type=float, default=120.0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    try:
        ended, moments = _drill(broken=not given.harmless, longest_seconds=given.longest_seconds)
    except (SettingsError, TimeoutError) as error:
        sys.exit(str(error))
    except grpc.RpcError as error:
        sys.exit(f"the flag service refused: {error.code().name}: {error.details()}")
    _print(ended, moments, as_json=given.json)
    sys.exit(ended != ("completed" if given.harmless else "breached"))


def _drill(*, broken: bool, longest_seconds: float) -> tuple[str, list[Moment]]:
    settings = read_settings(DemoShopSettings)
    admin, server = key_for(settings.home, Role.ADMIN), key_for(settings.home, Role.SERVER)
    with ExitStack() as stack:
        channel = stack.enter_context(grpc.insecure_channel(settings.flags_address))
        clients = [
            stack.enter_context(Mirante(settings.flags_address, api_key=server, name=f"simulado-{number + 1}"))
            for number in range(CLIENTS)
        ]
        for client in clients:
            client.wait_until_ready(_READY_SECONDS)
        return Drill(DrillCalls(channel, admin), clients).run(broken=broken, longest_seconds=longest_seconds)


def _print(ended: str, moments: Sequence[Moment], *, as_json: bool) -> None:
    if as_json:
        document: dict[str, Any] = {"ended": ended, "moments": [moment._asdict() for moment in moments]}
        sys.stdout.write(json.dumps(document) + "\n")
        return
    first_error = next((moment.at for moment in moments if moment.what == "first error"), None)
    for moment in moments:
        clock = time.strftime("%H:%M:%S", time.localtime(moment.at)) + f".{int(moment.at * 1000) % 1000:03}"
        since = f"{moment.at - first_error:+8.3f} s" if first_error is not None else ""
        sys.stdout.write(f"{clock}  {since}  {moment.what:<16} {moment.detail}".rstrip() + "\n")
    sys.stdout.write(f"the plan is {ended}\n")


def _seconds(moment: Timestamp) -> float:
    return float(moment.ToNanoseconds()) / 1e9


if __name__ == "__main__":
    main()
