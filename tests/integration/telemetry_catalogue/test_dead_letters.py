"""Dead letters are listed page by page, and replayed after a fix."""

import asyncio
import uuid

import pytest
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.telemetry.catalogue import replaying
from tests.support.catalogue_desk import NOW, Desk
from tests.support.telemetry_catalogue import SALES, event, reason_of, sale


async def pages(desk: Desk, **fields: object) -> list[pb2.ListDeadLettersResponse]:
    """Return all pages of a list of production."""
    found: list[pb2.ListDeadLettersResponse] = []
    token = ""
    while True:
        request = pb2.ListDeadLettersRequest(environment="production", page_token=token)
        request.MergeFrom(pb2.ListDeadLettersRequest(**fields))  # type: ignore[arg-type]  # the fields are the caller's
        found.append(await desk.call(desk.servicer.ListDeadLetters, request))
        token = found[-1].next_page_token
        if not token:
            return found


async def listed(desk: Desk, **fields: object) -> list[str]:
    """Return the ids of a whole list of production."""
    return [letter.id for page in await pages(desk, **fields) for letter in page.dead_letters]


async def replay(desk: Desk, **fields: object) -> tuple[int, int, int]:
    """Replay; return how many were stored, duplicates and left."""
    request = pb2.ReplayDeadLettersRequest(environment="production")
    request.MergeFrom(pb2.ReplayDeadLettersRequest(**fields))  # type: ignore[arg-type]  # the fields are the caller's
    answer = await desk.call(desk.servicer.ReplayDeadLetters, request)
    return answer.stored, answer.duplicates, answer.left


async def test_dead_letter_says_everything(desk: Desk) -> None:
    """The event as it is kept, why it was refused, and by which definition."""
    subject = sale(valor=None)
    [kept] = await desk.keep(subject)
    [page, _] = await pages(desk)
    [letter] = page.dead_letters
    assert (letter.id, letter.event, letter.definition_version) == (kept, subject, 1)
    assert (letter.field, letter.message) == ("properties.valor", "is required")
    assert letter.HasField("received_at")
    assert not letter.HasField("replayed_at")


@pytest.mark.parametrize("page_size", [1, 3, 7, 100])
async def test_pages_hold_each_once_newest_first(desk: Desk, page_size: int) -> None:
    """However many fit on one."""
    ids = await desk.keep(*[sale(venda_id=str(number)) for number in range(7)])
    assert await listed(desk, page_size=page_size) == ids[::-1]


async def test_pages_are_bounded_in_bytes(desk: Desk) -> None:
    """Large events fill a page early; one that is larger than a page is a page."""
    ids = await desk.keep(*[sale(venda_id="x" * 4_000) for _ in range(7)], sale(venda_id="y" * 30_000))
    found = await pages(desk, page_size=100)
    assert [letter.id for page in found for letter in page.dead_letters] == ids[::-1]
    assert max(page.ByteSize() for page in found[1:]) < 10_000 + 5_000
    assert len(found[0].dead_letters) == 1


async def test_new_ones_do_not_disturb_the_pages(desk: Desk) -> None:
    """Pages go on where the last one ended."""
    ids = await desk.keep(sale(), sale(), sale())
    request = pb2.ListDeadLettersRequest(environment="production", page_size=2)
    first = await desk.call(desk.servicer.ListDeadLetters, request)
    await desk.keep(sale(), sale())
    request.page_token = first.next_page_token
    second = await desk.call(desk.servicer.ListDeadLetters, request)
    assert [letter.id for letter in (*first.dead_letters, *second.dead_letters)] == ids[::-1]


async def test_filters(desk: Desk) -> None:
    """By event, with or without what was replayed, and never another environment's."""
    [wrong] = await desk.keep(sale())
    [other] = await desk.keep(event("busca_venda"))
    [done] = await desk.keep(sale(), replayed=True)
    await desk.keep(sale(), environment="staging")
    assert await listed(desk) == [other, wrong]
    assert await listed(desk, name="venda_criada") == [wrong]
    assert await listed(desk, include_replayed=True) == [done, other, wrong]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"page_size": 1_001}, "page_size: may be 1000 at most, got 1001"),
        ({"page_token": "%%%"}, "page_token: was not issued by this service, or was damaged"),
        ({"page_token": "bm90IGEgdXVpZA"}, "page_token: was not issued by this service, or was damaged"),
    ],
)
async def test_wrong_pages_are_refused(desk: Desk, fields: dict[str, object], message: str) -> None:
    """Naming the field."""
    request = pb2.ListDeadLettersRequest(environment="production", **fields)  # type: ignore[arg-type]  # as above
    refusal = await desk.refused(desk.servicer.ListDeadLetters, request)
    assert (reason_of(refusal), refusal.message) == ("INVALID_REQUEST", message)


async def test_replay_after_a_fix(desk: Desk) -> None:
    """What is valid now is stored once, with its own time; the rest is left where it is."""
    await desk.import_yaml(SALES)
    events = [sale(moeda="EUR"), sale(moeda="EUR"), sale(valor=None)]
    ids = await desk.keep(*events)
    assert await replay(desk) == (0, 0, 3)
    await desk.import_yaml(SALES.replace("[BRL, USD]", "[BRL, USD, EUR]"))
    desk.replayer.batches.clear()
    assert await replay(desk) == (2, 0, 1)
    assert desk.replayer.in_log == {uuid.UUID(bytes=each.id) for each in events[:2]}
    [batch] = desk.replayer.batches
    assert [str(letter.id) for letter in batch] == ids
    assert {(letter.occurred_at, letter.time_marks, letter.subject) for letter in batch} == {(NOW, (1, 4), "u:ana")}
    assert await listed(desk) == ids[2:]
    assert await replay(desk) == (0, 0, 1)


async def test_replay_knows_a_fix_of_another_replica(desk: Desk) -> None:
    """The catalogue is read anew before it judges."""
    await desk.import_yaml(SALES)
    await desk.keep(sale(valor=None))
    wider = await desk.stored()
    wider.events[0].properties[1].required = False
    await desk.store.add("production", wider, updated_by="bia")
    assert await replay(desk) == (1, 0, 0)


async def test_duplicates_are_counted(desk: Desk) -> None:
    """An event that came again and was valid by then."""
    twice = sale()
    await desk.keep(twice)
    desk.replayer.in_log.add(uuid.UUID(bytes=twice.id))
    assert await replay(desk) == (0, 1, 0)
    assert await listed(desk) == []


async def test_replay_of_chosen_ones(desk: Desk) -> None:
    """By event, or by id; ids that do not wait are not counted."""
    first, second, third = await desk.keep(sale(), sale(), event("busca_venda"))
    [foreign] = await desk.keep(sale(), environment="staging")
    assert await replay(desk, ids=[first, foreign, str(uuid.uuid4())]) == (1, 0, 0)
    assert await replay(desk, ids=[first]) == (0, 0, 0)
    assert await replay(desk, name="busca_venda") == (1, 0, 0)
    assert await listed(desk) == [second]
    assert await replay(desk, name="venda_criada", ids=[third]) == (0, 0, 0)


async def test_replay_goes_in_bounded_batches(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """By number and by bytes, each letter once, those left in between too."""
    monkeypatch.setattr(replaying, "BATCH", 3)
    await desk.import_yaml(SALES)
    wrong = [sale(valor=None) for _ in range(4)]
    large = [sale(venda_id="x" * 9_000) for _ in range(4)]
    ids = await desk.keep(*wrong, *[sale() for _ in range(4)], *large)
    assert await replay(desk) == (8, 0, 4)
    assert [str(letter.id) for batch in desk.replayer.batches for letter in batch] == ids
    assert max(len(batch) for batch in desk.replayer.batches) == 3
    assert max(sum(len(letter.event) for letter in batch) for batch in desk.replayer.batches) < 20_000


async def test_replays_at_once_store_each_event_once(desk: Desk) -> None:
    """Two people, one outage, the same idea."""
    await desk.keep(*[sale() for _ in range(20)])
    outcomes = await asyncio.gather(*[replay(desk) for _ in range(3)])
    assert sum(stored for stored, _, _ in outcomes) == 20
    assert await listed(desk) == []


async def test_nothing_to_replay(desk: Desk) -> None:
    """Is no error."""
    assert await replay(desk) == (0, 0, 0)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["x"], "ids[0]: must be the id of a dead letter, a UUID"),
        ([str(uuid.UUID(int=0)), ""], "ids[1]: must be the id of a dead letter, a UUID"),
        (["x"] * 1_001, "ids: may be 1000 at most, got 1001"),
    ],
)
async def test_wrong_ids_are_refused(desk: Desk, ids: list[str], message: str) -> None:
    """Before anything is replayed."""
    request = pb2.ReplayDeadLettersRequest(environment="production", ids=ids)
    refusal = await desk.refused(desk.servicer.ReplayDeadLetters, request)
    assert (reason_of(refusal), refusal.message) == ("INVALID_REQUEST", message)
    assert desk.replayer.batches == []
