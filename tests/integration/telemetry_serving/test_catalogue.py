"""The catalogue as senders feel it: what is refused and kept, what is stored and reported, what is hidden."""

import pytest
from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.runtime.wire_fields import bytes_field
from services.telemetry.ingestion.name_limit import MOST_UNDECLARED
from tests.support.serving import bearer
from tests.support.telemetry_catalogue import event, sale
from tests.support.telemetry_privacy import places_of
from tests.support.telemetry_serving import ACCEPTED, DUPLICATE, TelemetryServing

STRICT = """
policy: strict
events:
  venda_criada:
    properties:
      venda_id: {type: string, required: true}
      valor: {type: decimal, required: true}
      moeda: {type: string, required: true, allowed: [BRL, USD]}
      itens_count: integer
      metodo_pagamento: string
"""
FIXED = STRICT.replace("itens_count: integer", "itens_count: number") + "  rascunho_salvo: {}\n"
OPEN = STRICT.replace("policy: strict", "policy: open")
MARKED = """
policy: open
events:
  cadastro_feito:
    properties:
      email: {type: string, personal_data: hash}
      telefone: {type: string, personal_data: mask}
      endereco: {type: string, personal_data: drop}
      apelido: {type: string, personal_data: keep}
  cadastro_recusado:
    policy: strict
    properties:
      email: {type: string, personal_data: hash}
      telefone: {type: string, personal_data: mask}
      endereco: {type: string, personal_data: drop}
      motivo: {type: string, required: true}
"""
SECRETS = {"email": "ana.souza@example.org", "telefone": "+5511987654321", "endereco": "Rua das Acácias 77"}


async def coverage(service: TelemetryServing) -> dict[str, pb2.Coverage]:
    """What was seen, by name."""
    request = pb2.GetCoverageRequest()
    report = await service.catalogue.GetCoverage(request, metadata=service.key("reader"))
    return {row.name: row for row in report.rows}


async def replayed(service: TelemetryServing, *ids: str) -> tuple[int, int, int]:
    """How many dead letters were stored, were in the log already, and stay."""
    request = pb2.ReplayDeadLettersRequest(ids=ids)
    done = await service.catalogue.ReplayDeadLetters(request, metadata=service.key("admin"))
    return done.stored, done.duplicates, done.left


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"itens_count": "três"}, "properties.itens_count", "must be an integer, got a string"),
        ({"itens_count": 1.5}, "properties.itens_count", "must be an integer, got a number with a fraction"),
        (
            {"valor": 99.9},
            "properties.valor",
            'must be a decimal string such as "1234.50", got a number with a fraction',
        ),
        ({"valor": "R$ 99"}, "properties.valor", 'must be a decimal string such as "1234.50"'),
        ({"moeda": "EUR"}, "properties.moeda", "must be one of BRL, USD"),
        ({"moeda": ["BRL"]}, "properties.moeda", "must be a string, got a list"),
        ({"valor": None}, "properties.valor", "is required"),
        ({"cupom": "VERAO"}, "properties.cupom", "is not declared"),
        ({"ana@acme.com": "x"}, "properties", "holds a name that is not declared"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_what_violates_a_strict_catalogue_is_kept_apart(
    shared: TelemetryServing, changes: dict[str, object], field: str, message: str
) -> None:
    """The answer names the field, what is wrong with it, and where the event is kept; its neighbours are stored."""
    if not await shared.fetch("SELECT FROM catalogue_versions"):
        await shared.import_catalogue(STRICT)
    before, bad, after = sale(), sale(**changes), sale()
    found = await shared.send(before, bad, after)
    assert (found[0], found[2]) == (ACCEPTED, ACCEPTED)
    assert (found[1].status, found[1].reason) == ("REJECTED", "CATALOGUE_VIOLATION")
    assert (found[1].field, found[1].message) == (field, message)
    letter = (await shared.dead_letters())[0]
    assert (letter.id, letter.event, letter.field, letter.message) == (found[1].dead_letter_id, bad, field, message)
    assert letter.definition_version == 1
    assert bad.id not in await shared.stored_ids()
    assert await shared.send(bad) == [found[1]], "sent again it is the same dead letter"
    assert (await shared.dead_letters())[0].id == letter.id


async def test_dead_letters_are_stored_once_a_fix_is_there(service: TelemetryServing) -> None:
    """With their own times and the marks of when they came; the ones that are still wrong stay."""
    await service.import_catalogue(STRICT)
    bad, undeclared, hopeless = sale(itens_count=1.5), event("rascunho_salvo"), sale(moeda="EUR")
    bad.occurred_at.FromJsonString("2026-01-02T03:04:05.678901Z")
    found = await service.send(bad, undeclared, hopeless)
    assert [each.reason for each in found] == ["CATALOGUE_VIOLATION", "UNDECLARED_EVENT", "CATALOGUE_VIOLATION"]
    assert (found[1].field, found[1].message) == ("name", "is not declared in the catalogue")
    assert await replayed(service) == (0, 0, 3)
    await service.import_catalogue(FIXED)
    assert await replayed(service, found[0].dead_letter_id) == (1, 0, 0)
    assert await replayed(service) == (1, 0, 1)
    assert await replayed(service) == (0, 0, 1)
    assert await service.send(bad, undeclared) == [DUPLICATE, DUPLICATE]
    stored = {each.event.id: each for each in await service.stored()}
    assert set(stored) == {bad.id, undeclared.id}
    assert stored[bad.id].event == bad
    assert stored[bad.id].occurred_at == bad.occurred_at
    assert [letter.id for letter in await service.dead_letters()] == [found[2].dead_letter_id]
    everything = await service.dead_letters(replayed=True)
    assert {letter.id for letter in everything if letter.HasField("replayed_at")} == {
        each.dead_letter_id for each in found[:2]
    }


async def test_an_open_catalogue_stores_and_reports(service: TelemetryServing) -> None:
    """Nothing is refused; the report says what was seen, what is undeclared, and what violates."""
    await service.import_catalogue(OPEN)
    assert await service.send(sale(), sale(itens_count="x"), sale(cupom="x"), event("novidade")) == [ACCEPTED] * 4
    assert await service.dead_letters() == []
    rows = await coverage(service)
    sales, news = rows["venda_criada"], rows["novidade"]
    assert (sales.declared, sales.accepted, sales.violating, sales.dead_letters) == (True, 3, 1, 0)
    assert list(sales.violations) == ["properties.itens_count: must be an integer, got a string"]
    assert (news.declared, news.accepted) == (False, 1)
    stored = {each.event.name: each.definition_version for each in await service.stored()}
    assert stored == {"venda_criada": 1, "novidade": 0}


async def test_names_that_are_made_up_are_bounded(service: TelemetryServing) -> None:
    """A thousand undeclared names are stored; then those that were seen still are, and others once declared."""
    await service.import_catalogue(OPEN)
    names = [f"n{number}" for number in range(MOST_UNDECLARED + 5)]
    found = await service.send(*[event(name) for name in names[:MOST_UNDECLARED]])
    assert found == [ACCEPTED] * MOST_UNDECLARED
    found = await service.send(*[event(name) for name in names[MOST_UNDECLARED:]], event(names[0]), sale())
    assert found[-2:] == [ACCEPTED, ACCEPTED]
    assert {(each.status, each.reason, each.field) for each in found[:-2]} == {
        ("REJECTED", "TOO_MANY_EVENT_NAMES", "name")
    }
    assert str(MOST_UNDECLARED) in found[0].message
    elsewhere = bearer("secret for both")
    assert await service.send(event(names[-1]), key=elsewhere, environment="staging") == [ACCEPTED]
    await service.import_catalogue(OPEN + f"  {names[-1]}: {{}}\n")
    assert await service.send(event(names[-1])) == [ACCEPTED]
    assert set(await coverage(service)) == {*names[:MOST_UNDECLARED], names[-1], "venda_criada"}


async def test_personal_data_that_is_marked_is_stored_nowhere(service: TelemetryServing) -> None:
    """Neither of stored events nor of dead letters, replayed or not; whatever type it comes in, known or not."""
    await service.import_catalogue(MARKED)
    good = event("cadastro_feito", **SECRETS, apelido="aninha")
    wrong_types = event("cadastro_feito", email=[SECRETS["email"]], telefone={"n": SECRETS["telefone"]})
    numbers = event("cadastro_feito", email=5_511_987_654_321, telefone=5_511_987_654_321)
    newer, both = event("cadastro_feito"), event("cadastro_feito", email="h1:" + "0" * 32)
    of_a_newer_client = value_pb2.Value.FromString(bytes_field(15, SECRETS["email"].encode()))
    for each in (newer, both):
        each.properties["email"].MergeFrom(of_a_newer_client)
    dead = event("cadastro_recusado", **SECRETS)
    found = await service.send(good, wrong_types, numbers, newer, both, dead)
    assert found[:5] == [ACCEPTED] * 5
    assert found[5].reason == "CATALOGUE_VIOLATION"
    assert await service.send(good, wrong_types) == [DUPLICATE] * 2, "what was sent is known again"
    needles = [*SECRETS.values(), "551198765432"]
    assert await places_of(service.database_url, service.stores.home, *needles) == []
    kept = {each.event.id: each.event.properties for each in await service.stored()}[good.id]
    assert kept["email"].string_value.startswith("h1:")
    assert kept["telefone"].string_value == "************21"
    assert "endereco" not in kept
    assert kept["apelido"].string_value == "aninha"
    await service.import_catalogue(MARKED.replace("required: true", "required: false"))
    assert await replayed(service) == (1, 0, 0)
    assert await places_of(service.database_url, service.stores.home, *needles) == []
