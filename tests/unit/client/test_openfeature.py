"""The OpenFeature provider, through OpenFeature's own client."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mirante import ClientState, Mirante, Status
from mirante.client.settings import Timing
from mirante.openfeature import MiranteProvider
from mirante.testing import AsyncStaticFlags, StaticFlags
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import EventDetails, ProviderEvent
from openfeature.exception import ErrorCode, ProviderNotReadyError
from openfeature.provider import ProviderStatus

from tests.support.eventually import eventually
from tests.support.fake_flag_service import KEY, FakeFlagService
from tests.support.flag_messages import bool_flag, percentage_flag

Set = Callable[[MiranteProvider], OpenFeatureClient]

VALUES: dict[str, Any] = {
    "b": True,
    "s": "text",
    "i": 7,
    "d": 0.5,
    "j": {"a": 1},
    "who": lambda context: context["targeting_key"],
}


@pytest.fixture
def use() -> Iterator[Set]:
    """Make a provider the one that OpenFeature asks."""

    def set_provider(provider: MiranteProvider) -> OpenFeatureClient:
        api.set_provider_and_wait(provider)
        return api.get_client()

    yield set_provider
    api.shutdown()
    api.clear_providers()


def test_values_of_all_types(use: Set) -> None:
    """OpenFeature's questions get the flags' values."""
    client = use(MiranteProvider(StaticFlags(VALUES)))
    assert client.get_boolean_value("b", False) is True
    assert client.get_string_value("s", "") == "text"
    assert client.get_integer_value("i", 0) == 7
    assert client.get_float_value("d", 0.0) == 0.5
    assert client.get_object_value("j", {}) == {"a": 1}
    assert client.get_string_value("who", "", EvaluationContext("user-7")) == "user-7"


@pytest.mark.parametrize("flags", [StaticFlags(VALUES), AsyncStaticFlags(VALUES)])
async def test_asynchronous_questions(use: Set, flags: StaticFlags | AsyncStaticFlags) -> None:
    """With either face of the client."""
    client = use(MiranteProvider(flags))
    assert await client.get_boolean_value_async("b", False) is True
    assert await client.get_string_value_async("s", "") == "text"
    assert await client.get_integer_value_async("i", 0) == 7
    assert await client.get_float_value_async("d", 0.0) == 0.5
    assert await client.get_object_value_async("j", {}) == {"a": 1}


@pytest.mark.parametrize(("key", "code"), [("nope", ErrorCode.FLAG_NOT_FOUND), ("s", ErrorCode.TYPE_MISMATCH)])
def test_errors_give_the_default(use: Set, key: str, code: ErrorCode) -> None:
    """With OpenFeature's code and a message."""
    details = use(MiranteProvider(StaticFlags(VALUES))).get_boolean_details(key, True)
    assert (details.value, details.error_code, details.reason) == (True, code, "ERROR")
    assert details.error_message


def test_what_the_service_decided_is_told(use: Set) -> None:
    """Reason in OpenFeature's words and in ours, variant, versions."""
    flags = bool_flag("killed", killed=True), percentage_flag("half", 50_000)
    with FakeFlagService(*flags) as service, Mirante(service.address, api_key=KEY) as mirante:
        client = use(MiranteProvider(mirante, ready_timeout=30))
        killed = client.get_boolean_details("killed", True)
        assert (killed.value, killed.variant, killed.reason) == (False, "off", "DISABLED")
        assert killed.flag_metadata["reason"] == "KILLED"
        assert killed.flag_metadata["revision"] == 1
        split = client.get_boolean_details("half", False, EvaluationContext("user-7", {"plano": "premium"}))
        assert split.reason == "SPLIT"
        missing = client.get_boolean_details("half", False)
        assert missing.error_code is ErrorCode.TARGETING_KEY_MISSING


def test_events_follow_the_client(use: Set) -> None:
    """Changed flags by name; stale while the service is away, ready when it is back."""
    told: list[tuple[str, list[str] | None]] = []

    def tell(name: str) -> Callable[[EventDetails], None]:
        return lambda details: told.append((name, details.flags_changed))

    timing = Timing(grace=0.05, retry_base=0.02, retry_longest=0.1)
    with FakeFlagService(bool_flag("a")) as service, Mirante(service.address, api_key=KEY, timing=timing) as mirante:
        client = use(MiranteProvider(mirante, ready_timeout=30))
        client.add_handler(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, tell("changed"))
        service.put(bool_flag("a", 2, killed=True))
        assert eventually(lambda: ("changed", ["a"]) in told)
        service.stop()
        assert eventually(lambda: client.get_provider_status() is ProviderStatus.STALE)
        service.start()
        assert eventually(lambda: client.get_provider_status() is ProviderStatus.READY)


def test_no_rules_in_time_is_an_error_that_heals(use: Set) -> None:
    """Initialisation fails; once rules arrive OpenFeature hears that the provider is ready."""
    service = FakeFlagService(bool_flag("a")).start()
    service.stop()
    with Mirante(service.address, api_key=KEY, timing=Timing(retry_base=0.02, retry_longest=0.1)) as mirante:
        with pytest.raises(ProviderNotReadyError):
            use(MiranteProvider(mirante, ready_timeout=0.05))
        client = api.get_client()
        assert client.get_boolean_details("a", False).error_code is ErrorCode.PROVIDER_NOT_READY
        with service:
            assert eventually(lambda: client.get_provider_status() is ProviderStatus.READY)
            assert client.get_boolean_value("a", False) is True


def test_last_known_rules_will_do(use: Set, tmp_path: Path) -> None:
    """A start without the service is a start."""
    with (
        FakeFlagService(bool_flag("a")) as service,
        Mirante(service.address, api_key=KEY, cache_dir=tmp_path) as mirante,
    ):
        assert mirante.wait_until_ready(30)
    with Mirante(service.address, api_key=KEY, cache_dir=tmp_path) as mirante:
        details = use(MiranteProvider(mirante, ready_timeout=0)).get_boolean_details("a", False)
    assert (details.value, details.flag_metadata["stale"]) == (True, True)


def test_a_remote_client_will_do(use: Set) -> None:
    """Without events."""
    with FakeFlagService(bool_flag("a")) as service, Mirante(service.address, api_key=KEY, mode="remote") as mirante:
        assert use(MiranteProvider(mirante)).get_boolean_value("a", False) is True


def test_shutdown_ends_the_events_and_leaves_the_client(use: Set) -> None:
    """The client belongs to the application."""
    flags = StaticFlags(VALUES)
    provider = MiranteProvider(flags)
    use(provider)
    changed = threading.Event()
    api.add_handler(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, lambda _details: changed.set())
    flags.set("b", False)
    assert changed.wait(30)
    provider.shutdown()
    assert flags._listeners == {}
    assert flags.status.state is ClientState.READY


def test_closing_the_client_is_no_event(use: Set) -> None:
    """OpenFeature has no word for it."""
    provider = MiranteProvider(StaticFlags(VALUES))
    client = use(provider)
    provider._status_changed(Status(ClientState.CLOSED, 0.0, 1))
    assert client.get_provider_status() is ProviderStatus.READY
