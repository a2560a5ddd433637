"""Sending what is left, on the thread that closes the client: at the end of an interpreter no other can be started."""

import time

from mirante.telemetry.parts import Parts
from mirante.telemetry.wire import Wire

_LONGEST_PAUSE = 1.0
"""Seconds between attempts while the service is away."""


def drain(parts: Parts, deadline: float) -> None:
    """
    Send until nothing is left or the deadline (`time.monotonic`) has come.

    What is on disk does not wait for a service that is away: the next process takes it over.
    """
    backlog, dispatch, gate = parts.backlog, parts.dispatch, parts.gate
    wire = Wire(parts.settings)
    try:
        calls = parts.intake.take(wake_at=1)
        if calls:
            backlog.begin()
        dispatch.collect(calls)
        while dispatch.raw:
            dispatch.collect(())
        while not backlog.empty:
            now = time.monotonic()
            gate.hurry(_LONGEST_PAUSE, now)
            go_at = max(gate.opens_at, now if backlog.unsent else backlog.next_due)
            if go_at >= deadline or now >= deadline or (gate.failing and backlog.all_on_disk):
                return
            parcel = dispatch.next_parcel(now, large=not gate.failing) if go_at <= now else []
            if not parcel:
                time.sleep(min(max(go_at, min(backlog.next_due, deadline)) - now, _LONGEST_PAUSE))
                continue
            result = wire.ask(parcel, min(parts.settings.delivery.call_timeout, deadline - now))
            parts.settle(parcel, result, now, time.monotonic())
    finally:
        wire.close()
