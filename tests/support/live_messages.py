"""
Messages of live metrics as the gateway says them, in the TypeScript that the browser client's types are held against.

`python -m tests.support.live_messages > clients/web/test/support/live_messages.ts` writes them.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2

from services.gateway.live.state import LiveState
from tests.support.gateway_live import live_frame

FILE: Final = Path(__file__).parents[2] / "clients/web/test/support/live_messages.ts"

_HEAD: Final = """// Written by tests/support/live_messages.py: messages as the gateway says them.
import type { LiveMessage } from "../../src/index.js";

export const messages = [
"""
_FOOT: Final = "] as const satisfies readonly LiveMessage[];\n"


def live_messages() -> list[dict[str, Any]]:
    """Return one message of each kind that tells of the state of a tenant."""
    state, silent = LiveState(), LiveState()
    steps: list[tuple[LiveState, Callable[[], None]]] = [(state, partial(state.apply, each)) for each in _frames()]
    steps += [(state, state.note_silence), (silent, silent.note_silence)]
    return [_told(*step) for step in steps]


def in_typescript(messages: list[dict[str, Any]]) -> str:
    """Return the module that holds them; `tsc` refuses it when one has a member that the types have not."""
    return _HEAD + "".join(f"  {json.dumps(each, ensure_ascii=False)},\n" for each in messages) + _FOOT


def _frames() -> list[pb2.LiveFrame]:
    first = live_frame(1, value="6", series=("1", "2", "3"))
    second = live_frame(2, value="7", series=("4", "5"), first_minute=2)
    for frame in (first, second):
        ratio = frame.metrics.add(
            metric="conversao_rate", aggregation=pb2.AGGREGATION_ACTOR_RATIO, value="0.25", numerator=1, denominator=4
        )
        ratio.window.FromSeconds(3_600)
        ratio.last_week.value, ratio.last_week.change = "0.2", "0.25"
        money = frame.metrics.add(metric="receita_hora", currency="BRL", aggregation=pb2.AGGREGATION_SUM, value="1.50")
        money.window.FromSeconds(3_600)
    return [first, second]


def _told(state: LiveState, step: Callable[[], None]) -> dict[str, Any]:
    before = state.version
    step()
    frame = state.next_for(before)
    assert frame is not None
    # Behind the header of a WebSocket frame.
    message: dict[str, Any] = json.loads(frame[frame.index(b"{") :])
    return message


if __name__ == "__main__":
    sys.stdout.write(in_typescript(live_messages()))
