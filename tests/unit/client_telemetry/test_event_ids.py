"""Ids of events."""

import os
import uuid

import pytest
from mirante.telemetry.event_id import EventIds, new_event_id, uuid7


def test_layout() -> None:
    """The example of RFC 9562, appendix A.6."""
    rand_a, rand_b = 0xCC3, 0x18C4DC0C0C07398F
    randomness = (rand_a << 62 | rand_b).to_bytes(10, "big")
    assert str(uuid.UUID(bytes=new_event_id(0x017F22E279B0, randomness))) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_ids_rise() -> None:
    """Within a millisecond, and when the clock goes back a little."""
    ids = EventIds()
    made = [ids.next(now) for now in [1_000] * 500 + [999, 500, 1_000, 1_001]]
    assert made == sorted(set(made))


def test_a_clock_that_was_far_ahead_is_not_kept() -> None:
    """When it is set right, ids go by it again."""
    ids = EventIds()
    ids.next(10**9)
    assert int.from_bytes(ids.next(1_000)[:6], "big") == 1_000


def test_uuid7() -> None:
    """A UUID of version 7, with the time that was given."""
    made = uuid7(123_456)
    assert (made.version, made.variant, made.int >> 80) == (7, uuid.RFC_4122, 123_456)
    assert uuid7() > made


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_parent_and_child_make_different_ids() -> None:
    """Even in the same millisecond."""
    uuid7(10**6)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writing, b"".join(uuid7(10**6).bytes for _ in range(100)))
        os._exit(0)
    own = {uuid7(10**6).bytes for _ in range(100)}
    os.waitpid(pid, 0)
    data = os.read(reading, 1_600)
    os.close(reading)
    os.close(writing)
    children = {data[at : at + 16] for at in range(0, 1_600, 16)}
    assert len(children) == 100
    assert not own & children
