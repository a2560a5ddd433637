"""Listeners: told what changed, on a thread of the client that nothing else waits for."""

import threading

import pytest
from mirante import ClientState, NotSupported, Status

from tests.integration.client.conftest import Connect
from tests.support.eventually import eventually
from tests.support.fake_flag_service import FakeFlagService
from tests.support.flag_messages import bool_flag, dependent_flag


def test_changed_flags_are_told(service: FakeFlagService, connect: Connect) -> None:
    """With their keys, and those of the flags that depend on them; the new rules already answer."""
    service.put(dependent_flag("dependent", "a"), bool_flag("other"))
    client = connect()
    assert client.wait_until_ready(30)
    told: list[tuple[frozenset[str], bool]] = []
    client.on_change(lambda keys: told.append((keys, client.is_enabled("dependent"))))
    service.put(bool_flag("a", 2, killed=True))
    assert eventually(lambda: told == [(frozenset({"a", "dependent"}), False)])


def test_only_the_keys_asked_for(service: FakeFlagService, connect: Connect) -> None:
    """Other changes are none of its business."""
    client = connect()
    assert client.wait_until_ready(30)
    told: list[frozenset[str]] = []
    client.on_change(told.append, keys=["b"])
    service.put(bool_flag("a", 2))
    service.put(bool_flag("a", 3), bool_flag("b"))
    assert eventually(lambda: told == [frozenset({"b"})])


def test_an_unsubscribed_listener_hears_nothing(service: FakeFlagService, connect: Connect) -> None:
    """And ending it twice does no harm."""
    client = connect()
    assert client.wait_until_ready(30)
    silent: list[frozenset[str]] = []
    told: list[frozenset[str]] = []
    end = client.on_change(silent.append)
    client.on_change(told.append)
    end()
    end()
    service.put(bool_flag("a", 2))
    assert eventually(lambda: told)
    assert silent == []


def test_a_failing_listener_stops_nothing(
    service: FakeFlagService, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged; other listeners and later changes are told as ever."""
    client = connect()
    assert client.wait_until_ready(30)
    told: list[frozenset[str]] = []

    def fail(keys: frozenset[str]) -> None:
        raise RuntimeError(f"no use for {sorted(keys)}")

    client.on_change(fail)
    client.on_change(told.append)
    service.put(bool_flag("a", 2))
    assert eventually(lambda: len(told) == 1)
    service.put(bool_flag("a", 3))
    assert eventually(lambda: len(told) == 2)
    assert "no use for ['a']" in caplog.text


def test_a_slow_listener_delays_no_kill(service: FakeFlagService, connect: Connect) -> None:
    """Rules go on arriving; what happened meanwhile is told in one call."""
    client = connect()
    assert client.wait_until_ready(30)
    working, go_on = threading.Event(), threading.Event()
    told: list[frozenset[str]] = []

    def slow(keys: frozenset[str]) -> None:
        told.append(keys)
        working.set()
        assert go_on.wait(30)

    client.on_change(slow)
    service.put(bool_flag("a", 2))
    assert working.wait(30)
    service.put(bool_flag("a", 3, killed=True))
    service.put(bool_flag("b"))
    service.put(bool_flag("c"))
    assert eventually(lambda: client.is_enabled("c") and not client.is_enabled("a"))
    go_on.set()
    assert eventually(lambda: told == [frozenset({"a"}), frozenset({"a", "b", "c"})])


def test_a_listener_may_close_the_client(service: FakeFlagService, connect: Connect) -> None:
    """It waits for everything but itself."""
    client = connect()
    assert client.wait_until_ready(30)
    client.on_change(lambda _keys: client.close())
    service.put(bool_flag("a", 2))
    assert eventually(lambda: client.status.state is ClientState.CLOSED)
    assert eventually(lambda: service.open_streams == 0)


def test_states_are_told(service: FakeFlagService, connect: Connect) -> None:
    """Ready, stale, ready again, closed."""
    client = connect()
    told: list[Status] = []
    client.on_status_change(told.append)
    assert client.wait_until_ready(30)
    service.stop()
    assert eventually(lambda: told and told[-1].state is ClientState.STALE)
    service.start()
    assert eventually(lambda: told[-1].state is ClientState.READY)
    client.close()
    states = [status.state for status in told if status.state is not ClientState.READY]
    assert states == [ClientState.STALE, ClientState.CLOSED]


def test_nobody_tells_a_remote_client(connect: Connect) -> None:
    """It says so, where it could only be silent."""
    client = connect(mode="remote")
    with pytest.raises(NotSupported, match="in_process"):
        client.on_change(lambda _keys: None)
    with pytest.raises(NotSupported):
        client.on_status_change(lambda _status: None)
