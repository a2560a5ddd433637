"""People through the door: known by one actor id, exported, and erased while their events come in."""

import asyncio
import json
from typing import Any

import pytest
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import identity_service_pb2 as identity_pb2
from mirante.api.telemetry.v1 import privacy_service_pb2 as privacy_pb2
from mirante.wire import value_from_proto, value_to_proto
from redis.asyncio import Redis

from tests.support.serving import PATIENCE_SECONDS, refused
from tests.support.telemetry_catalogue import SALES
from tests.support.telemetry_events import sale
from tests.support.telemetry_privacy import forget_nothing, places_of
from tests.support.telemetry_serving import ACCEPTED, TelemetryServing

LOGINS = """
policy: open
events:
  login_sucesso: {stamps_trait: last_login_at}
"""


async def identify(service: TelemetryServing, user_id: str = "ana", **fields: Any) -> bytes:
    """Set traits of somebody, or of the tenant; return the actor id."""
    traits = {name: value_to_proto(value) for name, value in fields.pop("traits", {}).items()}
    request = identity_pb2.IdentifyRequest(tenant="acme", user_id=user_id, traits=traits, **fields)
    return bytes((await service.identity.Identify(request, metadata=service.key("server"))).actor_id)


async def alias(service: TelemetryServing, anonymous_id: str, user_id: str) -> identity_pb2.AliasResponse:
    """Join a device to a user."""
    request = identity_pb2.AliasRequest(tenant="acme", anonymous_id=anonymous_id, user_id=user_id)
    return await service.identity.Alias(request, metadata=service.key("server"))


async def erase(service: TelemetryServing, user_id: str, reason: str = "pedido 77") -> privacy_pb2.PrivacyRequest:
    """Erase somebody."""
    subject = privacy_pb2.Subject(tenant="acme", user_id=user_id)
    request = privacy_pb2.EraseSubjectRequest(subject=subject, reason=reason)
    return (await service.privacy.EraseSubject(request, metadata=service.key("admin"))).request


async def exported(service: TelemetryServing, user_id: str) -> list[tuple[str, Any]]:
    """What is held about somebody."""
    request = privacy_pb2.ExportSubjectRequest(subject=privacy_pb2.Subject(tenant="acme", user_id=user_id))
    call = service.privacy.ExportSubject(request, metadata=service.key("admin"))
    return [(each.kind, json.loads(each.json)) async for each in call]


async def entries(service: TelemetryServing, count: int) -> list[log_pb2.LogEntry]:
    """The first entries of the log."""
    call = service.follow()
    found: list[log_pb2.LogEntry] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found) < count:
            response = await call.read()
            assert isinstance(response, log_pb2.FollowEventsResponse)
            found += response.entries
    call.cancel()
    return found


def anonymous(device: str, **properties: Any) -> event_pb2.Event:
    """A sale of somebody who is not known yet."""
    event = sale(user_id="", **properties)
    event.anonymous_id = device
    return event


async def test_readers_know_a_person_by_one_id(service: TelemetryServing) -> None:
    """What a device did before is joined by an entry of the log, what it does after carries the person's id."""
    before, known = anonymous("device"), sale()
    await service.send(before)
    await service.send(known)
    first = await alias(service, "device", "ana")
    assert first.joined_now
    assert not (await alias(service, "device", "ana")).joined_now, "once more changes nothing"
    after = anonymous("device")
    await service.send(after)
    actor = await identify(service, anonymous_id="tablet", traits={"plan": "pro"})
    await service.send(anonymous("tablet"))
    found = await entries(service, 6)
    assert [each.WhichOneof("kind") for each in found] == ["event", "event", "merge", "event", "merge", "event"]
    assert first.actor_id == actor
    # The log is read after all of it: the device's own id may be told as the person's already.
    assert {each.event.actor_id for each in found[1:] if each.HasField("event")} == {actor}
    merge = found[2].merge
    assert (merge.tenant, merge.into_actor_id) == ("acme", actor)
    assert found[0].event.actor_id in {actor, merge.from_actor_id}
    assert len({actor, merge.from_actor_id, found[4].merge.from_actor_id}) == 3
    for secret in (b"ana", b"device"):
        assert all(secret not in each.merge.SerializeToString() for each in found)


async def test_two_known_users_are_never_merged(service: TelemetryServing) -> None:
    """The device stays with the first; nothing is written."""
    await alias(service, "device", "ana")
    found = await refused(alias(service, "device", "bia"))
    assert (found.code, found.reason) == ("FAILED_PRECONDITION", "STATE_CONFLICT")
    assert "ana" not in found.message
    assert "bia" not in found.message
    found = await refused(identify(service, "bia", anonymous_id="device", traits={"plan": "free"}))
    assert found.reason == "STATE_CONFLICT"
    assert await service.fetch("SELECT user_id FROM aliases") == [("ana",)]
    assert await service.fetch("SELECT FROM traits") == []


async def test_traits_for_targeting(service: TelemetryServing) -> None:
    """Of the user and the tenant; the last login is that of the newest login event."""
    await service.import_catalogue(LOGINS)
    await identify(service, traits={"idade": 41})
    await identify(service, "", traits={"plan": "premium", "regiao": "Sul"})
    logins = []
    for at in ("2026-11-02T10:00:00Z", "2026-11-01T10:00:00Z"):
        login = sale()
        login.name = "login_sucesso"
        login.occurred_at.FromJsonString(at)
        logins.append(login)
    assert await service.send(*logins) == [ACCEPTED] * 2
    request = identity_pb2.GetTraitsRequest(tenant="acme", user_id="ana")
    found = await service.identity.GetTraits(request, metadata=service.key("reader"))
    assert {name: value_from_proto(value) for name, value in found.tenant_traits.items()} == {
        "plan": "premium",
        "regiao": "Sul",
    }
    traits = {name: value_from_proto(value) for name, value in found.user_traits.items()}
    assert traits == {"idade": 41, "last_login_at": "2026-11-02T10:00:00Z"}


@pytest.mark.parametrize("moment", [{"seconds": 253_402_300_799}, {"seconds": -62_135_596_800}, {"seconds": 1}])
async def test_everything_about_a_person_can_be_exported(service: TelemetryServing, moment: dict[str, int]) -> None:
    """Whatever times and values their events hold."""
    await service.import_catalogue(SALES)
    strange, bad = sale(notas=[1, {"a": None}], texto="\U0001f9ff\u2028"), sale(valor="?")
    strange.name = "evento_estranho"
    strange.occurred_at.CopyFrom(type(strange.occurred_at)(**moment))
    found = await service.send(strange, sale(), bad, sent_at=moment)
    assert [each.status for each in found] == ["ACCEPTED", "ACCEPTED", "REJECTED"]
    await identify(service, anonymous_id="device", traits={"plan": "pro"})
    await service.send(anonymous("device"))
    documents = await exported(service, "ana")
    kinds = [kind for kind, _ in documents]
    assert sorted(set(kinds)) == ["dead_letter", "event", "identity", "request", "traits"]
    assert kinds.count("event") == 3


async def test_a_person_is_erased_while_their_events_come_in(
    service: TelemetryServing, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of them is left in any table, file or cache; what comes late is refused, other people's is not."""
    caplog.set_level("DEBUG")
    await service.import_catalogue(SALES)
    person, devices = "dona-flor-77", ["device-flor-1", "device-flor-2"]
    await identify(service, person, anonymous_id=devices[0], traits={"nome": "flor-nome-77"})
    done = asyncio.Event()
    refusals: list[str] = []

    async def come_in(user_id: str, device: str) -> None:
        while not done.is_set():
            event = sale(user_id=user_id, venda_id="flor-venda-77") if user_id else anonymous(device, x="flor-x-77")
            bad, other = sale(user_id=user_id or "", valor="flor-valor-77"), sale(user_id="bia")
            bad.anonymous_id = device
            found = await service.send(event, bad, other)
            assert found[2] == ACCEPTED
            refusals.extend([each.reason for each in found[:2]])

    coming = [asyncio.create_task(come_in(*each)) for each in ((person, ""), ("", devices[0]), (person, devices[1]))]
    while len(refusals) < 60:
        await asyncio.sleep(0.005)
    found = await erase(service, person)
    assert found.HasField("completed_at")
    assert found.counts["events"] > 0
    assert set(found.left.values()) <= {0}
    so_far = len(refusals)
    while len(refusals) < so_far + 60:
        await asyncio.sleep(0.005)
    done.set()
    await asyncio.gather(*coming)
    assert set(refusals[so_far + 6 :]) == {"SUBJECT_ERASED"}
    late = await service.send(sale(user_id=person), anonymous(devices[0]))
    assert {(each.status, each.reason, each.message) for each in late} == {
        ("REJECTED", "SUBJECT_ERASED", "the subject was erased")
    }
    assert (await refused(identify(service, person, traits={"a": 1}))).reason == "SUBJECT_ERASED"
    words = [person, devices[0], "flor-nome-77", "flor-venda-77", "flor-x-77", "flor-valor-77"]
    assert await places_of(service.database_url, service.stores.home, *words) == []
    async with Redis.from_url(service.stores.redis_url) as redis:
        assert await forget_nothing(redis, *words) == []
    logged = json.dumps([[record.getMessage(), str(vars(record))] for record in caplog.records])
    assert [word for word in words if word in logged] == []
    left = await exported(service, person)
    assert {kind for kind, _ in left} == {"identity", "request"}
    assert [document["anonymous_ids"] for kind, document in left if kind == "identity"] == [[]]
    assert {each.event.user_id for each in await service.stored() if each.event.user_id} == {"bia"}
