"""What is known of a tenant, and what sockets are told."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.live.state import MOST_MINUTES, LiveState
from tests.support.gateway_live import START, live_frame


def told(state: LiveState, version: int) -> dict[str, Any] | None:
    """Return what a socket with a version is told."""
    frame = state.next_for(version)
    if frame is None:
        return None
    header = {126: 4, 127: 10}.get(frame[1], 2)  # RFC 6455, 5.2: the length may itself hold a brace
    found: dict[str, Any] = json.loads(frame[header:])
    return found


def test_nothing_is_told_before_anything_is_known() -> None:
    """Then, after a while, that one is waiting."""
    state = LiveState()
    assert told(state, -1) is None
    state.note_silence()
    assert told(state, -1) == {"type": "waiting"}
    assert told(state, state.version) is None


def test_the_one_before_gets_the_change_all_others_everything() -> None:
    """And whoever has the newest gets nothing."""
    state = LiveState()
    state.apply(live_frame(1, series=("1", "2")))
    assert state.next_for(state.version) is None
    for sequence in (2, 3):
        state.apply(live_frame(sequence, value=str(sequence), series=("9",), first_minute=sequence - 1))
    change, whole = told(state, state.version - 1), told(state, state.version - 2)
    assert change is not None
    assert whole is not None
    assert (change["type"], whole["type"]) == ("frame", "snapshot")
    assert change["metrics"][0]["series"] == {"start_seconds": START + 120, "values": ["9"]}
    assert whole["metrics"][0]["series"] == {"start_seconds": START, "values": ["1", "9", "9"]}
    assert change["position"] == whole["position"] == state.position


def test_a_text_is_made_once() -> None:
    """All sockets of a tenant get the same object."""
    state = LiveState()
    state.apply(live_frame(1))
    assert state.next_for(-1) is state.next_for(-1)


def test_silence_is_told_and_ends_with_the_next_frame() -> None:
    """New sockets learn it from the snapshot."""
    state = LiveState()
    state.apply(live_frame(1))
    state.note_silence()
    stale, whole = told(state, state.version - 1), told(state, -1)
    assert stale is not None
    assert whole is not None
    assert (stale["type"], stale["position"]) == ("stale", state.position)
    assert whole["stale"] is True
    state.apply(live_frame(2))
    after = told(state, -1)
    assert after is not None
    assert after["stale"] is False


def test_a_metric_without_series_keeps_what_is_known() -> None:
    """Frames bring series only where they have changed."""
    state = LiveState()
    state.apply(live_frame(1, series=("1", "2")))
    state.apply(live_frame(2, value="5"))
    change, whole = told(state, state.version - 1), told(state, -1)
    assert change is not None
    assert whole is not None
    assert "series" not in change["metrics"][0]
    assert whole["metrics"][0]["series"]["values"] == ["1", "2"]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 900)), max_size=8))
def test_series_are_what_a_client_puts_together(steps: list[tuple[int, int]]) -> None:
    """The snapshot equals the frames put together, and never holds more than a day."""
    state = LiveState()
    state.apply(live_frame(1, series=("0",)))
    expected, start = ["0"], 0
    for number, (back, count) in enumerate(steps):
        first = max(start, start + len(expected) - back)
        values = tuple(f"{number}.{index}" for index in range(count))
        expected[first - start :] = values
        surplus = max(0, len(expected) - MOST_MINUTES)
        expected, start = expected[surplus:], start + surplus
        state.apply(live_frame(number + 2, series=values, first_minute=first))
    whole = told(state, -1)
    assert whole is not None
    assert whole["metrics"][0]["series"] == {"start_seconds": START + 60 * start, "values": expected}
