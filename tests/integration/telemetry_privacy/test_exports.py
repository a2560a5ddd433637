"""An export holds everything of a person and nothing of anybody else, however much it is, and is on record."""

import datetime
import json
from typing import Any

import asyncpg
import pytest
from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import event_pb2

from services.runtime.errors import StateConflict
from services.telemetry.events.subjects import actor_id
from services.telemetry.identity.store import Person
from services.telemetry.log.archiving import Archiving
from services.telemetry.privacy import exports
from tests.support.telemetry_people import NOW, PRODUCTION, People, event, events
from tests.support.telemetry_privacy import ACME, DPO, Privacy

ANA = Person(PRODUCTION, "acme", "ana")


async def exported(desk: Privacy, subject: str) -> dict[str, list[dict[str, Any]]]:
    """Return all documents by kind."""
    found: dict[str, list[dict[str, Any]]] = {}
    async for document in desk.exports.export(ACME, subject, DPO):
        found.setdefault(document.kind, []).append(json.loads(document.json))
    return found


async def test_event_is_exported_whole(crowd: People, desk: Privacy) -> None:
    """Each field that the log has, in words that people and programs understand."""
    sent = event_pb2.Event()
    sent.CopyFrom(event(user_id="ana", anonymous_id="nav-1", moeda="BRL"))
    sent.properties["valor"].string_value = "12.50"
    sent.properties["itens"].list_value.values.add(int_value=1 << 60)
    sent.properties["brinde"].bool_value = False
    sent.properties["obs"].SetInParent()
    sent.context.page.path = "/vendas"
    sent.occurred_at.FromDatetime(NOW)
    await crowd.write(sent)
    [found] = (await exported(desk, "u:ana"))["event"]
    [row] = await crowd.fetch("SELECT received_at, event_id FROM events")
    received = row["received_at"].astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
    assert datetime.datetime.fromisoformat(found.pop("received_at")) == datetime.datetime.fromisoformat(received)
    assert found == {
        "event": {
            "id": str(row["event_id"]),
            "name": "venda_criada",
            "tenant": "acme",
            "user_id": "ana",
            "anonymous_id": "nav-1",
            "session_id": "s-1",
            "occurred_at": "2026-11-25T12:00:00Z",
            "properties": {"moeda": "BRL", "valor": "12.50", "itens": [1 << 60], "brinde": False, "obs": None},
            "context": {"page": {"path": "/vendas"}},
        },
        "occurred_at": "2026-11-25T12:00:00Z",
        "time_marks": [],
        "actor_id": actor_id(crowd.hash_secret, PRODUCTION, "acme", "u:ana").hex(),
        "definition_version": 1,
        "imported": False,
    }


async def test_everything_and_nothing_else(crowd: People, desk: Privacy) -> None:
    """Of a user also what their anonymous ids did, and archived days, each event once."""
    await crowd.identities.identify(ANA, "nav-1", {"plan": value_pb2.Value(string_value="pro")}, None)
    await crowd.identities.identify(Person(PRODUCTION, "acme", "bia"), "nav-2", {"plan": value_pb2.Value()}, None)
    mine = [*events(2, user_id="ana"), *events(2, anonymous_id="nav-1")]
    await crowd.write(*mine, *events(2, user_id="bia"), *events(2, anonymous_id="nav-2"))
    await crowd.write(*events(2, tenant="outra", user_id="ana"))
    days = [datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days) for days in (9, 10)]
    for day in days:
        old = events(2, user_id="ana")
        mine += old
        await crowd.write(*old, *events(1, user_id="bia"), received_at=day)
    connection = await asyncpg.connect(crowd.url)
    await Archiving(desk.folder).archive(connection, days[0].date())
    await connection.close()
    await crowd.write_dead_letter(event(user_id="ana"))
    await crowd.write_dead_letter(event(user_id="bia"))
    found = await exported(desk, "u:ana")
    assert sorted(each["event"]["id"].replace("-", "") for each in found["event"]) == sorted(e.id.hex() for e in mine)
    assert found["traits"][0]["traits"]["plan"] == {"value": "pro", "observed_at": "2026-11-25T12:00:00Z"}
    [identity] = found["identity"]
    assert (identity["user_id"], [each["anonymous_id"] for each in identity["anonymous_ids"]]) == ("ana", ["nav-1"])
    [letter] = found["dead_letter"]
    assert (letter["event"]["user_id"], letter["reason"]) == ("ana", "catalogue_violation")
    [request] = found["request"]
    assert (request["kind"], request["requested_by"], request["counts"]) == (
        "export", "carla", {"identity": 1, "traits": 1, "dead_letter": 1, "event": 8},
    )  # fmt: skip
    assert request["completed_at"] is not None


async def test_pages_lose_and_repeat_nothing(crowd: People, desk: Privacy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also within one transaction that is larger than a page."""
    monkeypatch.setattr(exports, "_PAGE", 3)
    for name in ("_EVENTS", "_DEAD_LETTERS"):
        monkeypatch.setattr(exports, name, getattr(exports, name).replace("LIMIT 500", "LIMIT 3"))
    mine = [*events(8, user_id="ana"), *events(3, user_id="ana")]
    await crowd.write(*mine[:8], *events(3, user_id="bia"))
    await crowd.write(*mine[8:])
    for _ in range(7):
        await crowd.write_dead_letter(event(user_id="ana"))
    found = await exported(desk, "u:ana")
    assert sorted(each["event"]["id"].replace("-", "") for each in found["event"]) == sorted(e.id.hex() for e in mine)
    assert len({each["id"] for each in found["dead_letter"]}) == 7


async def test_export_that_is_broken_off_is_not_complete(crowd: People, desk: Privacy) -> None:
    """The record tells it from one that somebody got."""
    await crowd.write(*events(5, user_id="ana"))
    found = desk.exports.export(ACME, "u:ana", DPO)
    await anext(found)
    await found.aclose()
    [row] = await crowd.fetch("SELECT * FROM privacy_requests")
    assert row["completed_at"] is None
    assert await desk.erasures.resume() == []


async def test_anonymous_person(crowd: People, desk: Privacy) -> None:
    """One of their own is exported; one that was joined is part of a user, whom the request has to name."""
    await crowd.write(*events(2, anonymous_id="nav-1"))
    found = await exported(desk, "a:nav-1")
    assert (len(found["event"]), "traits" in found) == (2, False)
    assert found["identity"][0]["anonymous_ids"] == [{"anonymous_id": "nav-1", "joined_at": None}]
    await crowd.identities.alias(ANA, "nav-1")
    with pytest.raises(StateConflict):
        await exported(desk, "a:nav-1")


async def test_after_an_erasure_only_requests_are_left(crowd: People, desk: Privacy) -> None:
    """They name the person by a hash."""
    await crowd.write(*events(2, user_id="ana"))
    await desk.erasures.erase_subject(ACME, "u:ana", DPO)
    found = await exported(desk, "u:ana")
    assert found.keys() == {"identity", "request"}
    assert [each["kind"] for each in found["request"]] == ["erase_subject", "export"]
    assert "ana" not in json.dumps(found["request"])
