"""Catalogues are imported whole or not at all, and nobody overwrites what they have not seen."""

import asyncio

import pytest
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.runtime.access import Caller, Role
from services.runtime.errors import EtagMismatch, ServiceError
from services.telemetry.catalogue.catalogue_admin import CatalogueAdmin, Import
from services.telemetry.catalogue.catalogue_yaml import read_catalogue
from services.telemetry.catalogue.catalogues import Catalogues
from services.telemetry.demo import demo_catalogue, seed
from tests.support.catalogue_desk import ANA, Desk
from tests.support.telemetry_catalogue import SALES, SECRET, reason_of, sale


async def test_no_catalogue_is_version_zero(desk: Desk) -> None:
    """Open, and empty."""
    assert await desk.stored() == pb2.Catalogue(policy=pb2.POLICY_OPEN)


async def test_import_is_stored_and_judged_by_at_once(desk: Desk) -> None:
    """The caller finds its own change, with who made it."""
    answer = await desk.import_yaml(SALES)
    assert [(change.event, change.change) for change in answer.changes] == [("venda_criada", "added")]
    stored = await desk.stored()
    assert stored == answer.catalogue
    assert (stored.version, stored.updated_by) == (1, "ana")
    assert stored.HasField("updated_at")
    assert list(stored.events) == list(read_catalogue(SALES).events)
    assert desk.catalogues.of("production").judge(sale(valor=None)).refused
    assert not desk.catalogues.of("staging").judge(sale(valor=None)).refused


async def test_dry_run_changes_nothing(desk: Desk) -> None:
    """It answers as the import would."""
    planned = await desk.import_yaml(SALES, dry_run=True)
    assert (await desk.stored()).version == 0
    assert not desk.catalogues.of("production").judge(sale(valor=None)).refused
    made = await desk.import_yaml(SALES)
    assert (planned.catalogue.version, list(planned.changes)) == (1, list(made.changes))
    assert list(planned.catalogue.events) == list(made.catalogue.events)


async def test_same_document_twice_is_one_version(desk: Desk) -> None:
    """Nor does what was exported change anything."""
    await desk.import_yaml(SALES)
    assert not (await desk.import_yaml(SALES)).changes
    exported = (
        await desk.call(desk.servicer.ExportCatalogue, pb2.ExportCatalogueRequest(environment="production"))
    ).yaml
    assert exported.startswith("# version 1\n")
    assert not (await desk.import_yaml(exported)).changes
    assert (await desk.stored()).version == 1


async def test_incompatible_import_is_refused(desk: Desk) -> None:
    """Also as a dry run; with a raised version it is taken."""
    await desk.import_yaml(SALES)
    narrower = SALES.replace("itens_count: integer", "itens_count: {type: integer, required: true}")
    for dry_run in (True, False):
        request = pb2.ImportCatalogueRequest(environment="production", yaml=narrower, dry_run=dry_run)
        refusal = await desk.refused(desk.servicer.ImportCatalogue, request)
        assert reason_of(refusal) == "INCOMPATIBLE_CATALOGUE"
        assert "venda_criada: properties.itens_count: now required" in refusal.message
    assert (await desk.stored()).version == 1
    done = await desk.import_yaml(narrower.replace("policy: strict", "policy: strict\n    version: 2"))
    assert [change.change for change in done.changes if change.breaking] == ["properties.itens_count: now required"]
    assert desk.catalogues.of("production").judge(sale()).definition_version == 2


@pytest.mark.parametrize(("expected", "wins"), [(0, False), (1, True), (2, False)])
async def test_expected_version(desk: Desk, expected: int, wins: bool) -> None:
    """Zero is a version too: that there is none yet."""
    await desk.import_yaml(SALES, expected_version=0)
    changed = SALES + "  logout: {}\n"
    request = pb2.ImportCatalogueRequest(environment="production", yaml=changed, expected_version=expected)
    if wins:
        assert (await desk.call(desk.servicer.ImportCatalogue, request)).catalogue.version == 2
        return
    refusal = await desk.refused(desk.servicer.ImportCatalogue, request)
    assert (reason_of(refusal), refusal.metadata) == ("ETAG_MISMATCH", {"etag": "1"})


async def test_of_many_imports_at_once_one_wins(desk: Desk) -> None:
    """The others are told, and nothing of theirs is stored."""
    documents = [SALES.replace("metodo_pagamento", f"metodo_{number}") for number in range(8)]
    results = await asyncio.gather(*[desk.import_yaml(each) for each in documents], return_exceptions=True)
    winners = [each for each in results if isinstance(each, pb2.ImportCatalogueResponse)]
    assert [winner.catalogue.version for winner in winners] == [1]
    # Whoever came later is told of the catalogue that was faster, or that theirs does not go with it.
    refusals = {reason_of(each) for each in results if isinstance(each, ServiceError)}
    assert refusals <= {"ETAG_MISMATCH", "INCOMPATIBLE_CATALOGUE"}
    assert await desk.stored() == winners[0].catalogue


async def test_two_that_replace_the_same_version_do_not_both_win(desk: Desk) -> None:
    """Whatever is between reading and writing."""
    await desk.import_yaml(SALES)
    based = await desk.stored()
    results = await asyncio.gather(
        *[desk.store.add("production", based, updated_by=f"p{number}") for number in range(6)], return_exceptions=True
    )
    assert [type(each) for each in results].count(EtagMismatch) == 5
    assert (await desk.stored()).version == 2
    with pytest.raises(EtagMismatch):
        await desk.store.add("production", based, updated_by="late")


async def test_other_replicas_follow(desk: Desk) -> None:
    """By the next poll."""
    other = Catalogues(desk.store, SECRET)
    await other.refresh()
    await desk.import_yaml(SALES)
    assert not other.of("production").judge(sale(valor=None)).refused
    await other.refresh()
    assert other.of("production").judge(sale(valor=None)).refused


async def test_environments_have_catalogues_of_their_own(desk: Desk) -> None:
    """And there must be such an environment, which the key holds."""
    await desk.import_yaml(SALES)
    request = pb2.GetCatalogueRequest(environment="staging")
    assert (await desk.call(desk.servicer.GetCatalogue, request)).catalogue.version == 0
    unknown = pb2.ImportCatalogueRequest(environment="nowhere", yaml=SALES)
    assert reason_of(await desk.refused(desk.servicer.ImportCatalogue, unknown)) == "ENVIRONMENT_DENIED"
    foreign = Caller("key-2", "bia", Role.READER, frozenset({"staging"}))
    refusal = await desk.refused(desk.servicer.GetCatalogue, pb2.GetCatalogueRequest(environment="production"), foreign)
    assert reason_of(refusal) == "ENVIRONMENT_DENIED"


@pytest.mark.parametrize(
    ("yaml", "reason"),
    [
        ("", "INVALID_REQUEST"),
        (" \n", "INVALID_REQUEST"),
        ("events: [", "INVALID_YAML"),
        ("events: {a: {typ: x}}", "INVALID_DEFINITION"),
        ("# " + "x" * 1024 * 1024, "INVALID_REQUEST"),
    ],
)
async def test_document_that_cannot_be_taken_changes_nothing(desk: Desk, yaml: str, reason: str) -> None:
    """Whatever is wrong with it."""
    request = pb2.ImportCatalogueRequest(environment="production", yaml=yaml)
    assert reason_of(await desk.refused(desk.servicer.ImportCatalogue, request)) == reason
    assert (await desk.stored()).version == 0


async def test_large_catalogue(desk: Desk) -> None:
    """As large as is taken: read by a process of its own, stored, and judged by."""
    yaml = "events:\n" + "\n".join(
        f"  e{number}: {{description: {'x' * 500}, properties: {{a: string, b: {{type: integer, required: true}}}}}}"
        for number in range(1_000)
    )
    assert len((await desk.import_yaml(yaml)).catalogue.events) == 1_000
    subject = sale()
    subject.name = "e999"
    violation = desk.catalogues.of("production").judge(subject).violation
    assert violation is not None
    assert violation.field == "properties.b"


async def test_seed_is_for_environments_that_never_had_a_catalogue(desk: Desk) -> None:
    """Any number of replicas may start at once, and what people made of it stays."""
    seeded = await asyncio.gather(*[seed(desk.admin, "production") for _ in range(4)])
    assert seeded.count(True) == 1
    stored = await desk.stored()
    assert (stored.version, stored.updated_by) == (1, "mirante")
    assert list(stored.events) == list(read_catalogue(demo_catalogue()).events)
    await desk.import_yaml(demo_catalogue().replace("owner: time-vendas", "owner: time-caixa"))
    assert not await seed(desk.admin, "production")
    assert (await desk.stored()).version == 2


async def test_what_cannot_be_taken_over_is_stored_all_the_same(desk: Desk) -> None:
    """The answer is about the change; following goes on by itself."""

    async def fail() -> None:
        raise RuntimeError("the replica is busy")

    admin = CatalogueAdmin(desk.store, fail)
    catalogue, _ = await admin.make("production", Import(SALES), ANA)
    assert catalogue.version == 1
    assert (await desk.stored()).version == 1
