"""What the example backend tracks: who, what, and as the catalogue wants it."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from mirante.testing import StaticFlags, Tracked

from examples.vendas_api.app import create_app
from tests.support.vendas_events import properties_of, violations

CALLER = {"X-User": "ana", "X-Tenant": "acme", "X-Plan": "premium", "X-Role": "gerente", "X-Anonymous": "navegador-1"}
SALE = {"produto": "caderno", "valor": "200.00", "itens_count": 3, "metodo_pagamento": "boleto"}


@pytest.fixture
def client() -> StaticFlags:
    """Everything is switched on; what is tracked can be looked at."""
    return StaticFlags({"relatorios_avancados": True, "recomendacao_produtos": "v2"})


@pytest.fixture
async def backend(client: StaticFlags) -> AsyncIterator[httpx.AsyncClient]:
    """The backend, without a socket. Whatever it tracks is as the catalogue wants it."""
    transport = httpx.ASGITransport(create_app(client))
    async with httpx.AsyncClient(transport=transport, base_url="http://vendas", headers=CALLER) as running:
        yield running
    assert violations(client.tracked) == []


def tracked(client: StaticFlags) -> list[tuple[str, dict[str, Any]]]:
    """Return names and properties of the events, in order."""
    return [(call.name, dict(call.properties)) for call in client.tracked if call.kind == "track"]


async def test_a_sale_says_everything_that_is_declared(backend: httpx.AsyncClient, client: StaticFlags) -> None:
    """Its value is what it has brought, after the discount."""
    await backend.post("/vendas", json=SALE)
    [(name, properties)] = tracked(client)
    assert name == "venda_criada"
    assert properties == {
        "venda_id": "1",
        "valor": Decimal("190.00"),
        "moeda": "BRL",
        "itens_count": 3,
        "metodo_pagamento": "boleto",
    }
    assert properties.keys() == properties_of("venda_criada")
    call = client.tracked[0]
    assert (call.user_id, call.tenant, call.anonymous_id) == ("ana", "acme", "navegador-1")


async def test_a_cancelled_sale_gives_back_what_it_brought(backend: httpx.AsyncClient, client: StaticFlags) -> None:
    """The same number and the same value; it is gone, and cannot be cancelled again."""
    await backend.post("/vendas", json=SALE)
    assert (await backend.delete("/vendas/1")).status_code == 200
    assert (await backend.delete("/vendas/1")).status_code == 404
    assert tracked(client)[1:] == [("venda_cancelada", {"venda_id": "1", "valor": Decimal("190.00"), "moeda": "BRL"})]
    assert (await backend.get("/vendas")).json() == []


async def test_only_managers_cancel(backend: httpx.AsyncClient, client: StaticFlags) -> None:
    """The event names the route with the names of its parameters."""
    await backend.post("/vendas", json=SALE)
    assert (await backend.delete("/vendas/1", headers={"X-Role": "vendedor"})).status_code == 403
    assert tracked(client)[1:] == [("erro_permissao", {"endpoint": "/vendas/{venda_id}"})]


async def test_looking_and_changing_are_tracked(backend: httpx.AsyncClient, client: StaticFlags) -> None:
    """A list alone is not; what is not there is not, either."""
    await backend.post("/vendas", json=SALE)
    client.tracked.clear()
    await backend.get("/vendas")
    found = (await backend.get("/vendas", params={"busca": "CADER"})).json()
    assert [sale["venda_id"] for sale in found] == [1]
    assert (await backend.get("/vendas", params={"busca": "mochila"})).json() == []
    assert (await backend.get("/vendas/1")).json()["produto"] == "caderno"
    assert (await backend.patch("/vendas/1", json={"produto": "mochila"})).json()["produto"] == "mochila"
    assert (await backend.get("/vendas/2")).status_code == 404
    assert tracked(client) == [
        ("busca_venda", {"query": "CADER"}),
        ("busca_venda", {"query": "mochila"}),
        ("venda_visualizada", {"venda_id": "1"}),
        ("venda_editada", {"venda_id": "1"}),
    ]


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"valor": "-1"}, ["valor"]),
        ({"valor": "-1", "produto": ""}, ["produto", "valor"]),
        ({"moeda": "USD"}, ["moeda"]),
    ],
)
async def test_refused_forms_name_the_field(
    backend: httpx.AsyncClient, client: StaticFlags, wrong: dict[str, str], fields: list[str]
) -> None:
    """Never what was typed into it."""
    assert (await backend.post("/vendas", json=SALE | wrong)).status_code == 422
    assert tracked(client) == [("erro_validacao", {"campo": field}) for field in fields]


async def test_a_body_that_is_no_json_names_the_body(backend: httpx.AsyncClient, client: StaticFlags) -> None:
    """There is no field to name."""
    broken = await backend.post("/vendas", content="{", headers={"Content-Type": "application/json"})
    assert broken.status_code == 422
    assert tracked(client) == [("erro_validacao", {"campo": "body"})]


async def test_recommendations_are_tracked_when_there_are_any(backend: httpx.AsyncClient, client: StaticFlags) -> None:
    """With the variant that chose them."""
    await backend.get("/recomendacoes", params={"produto": "caderno"})
    await backend.get("/recomendacoes", params={"produto": "estojo"})
    assert tracked(client) == [("produtos_recomendados_exibidos", {"variant": "v2", "produtos_count": 2})]


async def test_reports_and_files_are_tracked(backend: httpx.AsyncClient, client: StaticFlags) -> None:
    """Once they are ready; a projection lies between what the sales could bring at least and at most."""
    for value in ("100.00", "300.00"):
        await backend.post("/vendas", json=SALE | {"valor": value})
    client.tracked.clear()
    assert (await backend.get("/relatorios")).json() == {"vendas": 2, "totais": {"BRL": "380.00"}}
    projected = (await backend.get("/relatorios", params={"tipo": "projecao"})).json()
    assert 190 <= Decimal(projected["p10"]) <= Decimal(projected["p50"]) <= Decimal(projected["p90"]) <= 570
    assert (await backend.get("/exportacoes")).text.splitlines()[1] == "1,caderno,100.00,5.00,BRL,3,boleto"
    assert len((await backend.get("/exportacoes", params={"formato": "json"})).json()) == 2
    assert tracked(client) == [
        ("relatorio_gerado", {"tipo": "totais"}),
        ("relatorio_gerado", {"tipo": "projecao"}),
        ("exportacao_dados", {"formato": "csv"}),
        ("exportacao_dados", {"formato": "json"}),
    ]


async def test_a_report_that_takes_too_long_is_given_up(
    backend: httpx.AsyncClient, client: StaticFlags, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says so with the route."""
    monkeypatch.setattr("examples.vendas_api.reports.TIME_LIMIT", -1.0)
    assert (await backend.get("/relatorios", params={"tipo": "projecao"})).status_code == 504
    assert tracked(client) == [("timeout_request", {"endpoint": "/relatorios"})]


async def test_a_person_comes_in(backend: httpx.AsyncClient, client: StaticFlags) -> None:
    """Nobody knows who failed; after the login the browser's id is the person's, and traits are known."""
    anonymous = {name: value for name, value in CALLER.items() if name != "X-User"}
    backend.headers.pop("X-User")
    login = {"usuario": "ana", "senha": "segredo-1"}
    assert (await backend.post("/login", json=login)).status_code == 401
    code = (await backend.post("/senha/pedidos", json={"usuario": "ana"})).json()["codigo"]
    assert (await backend.post("/senha", json={"codigo": code, "senha": "segredo-1"})).status_code == 204
    assert (await backend.post("/senha", json={"codigo": code, "senha": "segredo-2"})).status_code == 404
    assert (await backend.post("/login", json=login, headers=anonymous)).status_code == 204
    assert (await backend.post("/login", json=login | {"senha": "segredo-2"})).status_code == 401
    assert (await backend.post("/login", json=login)).status_code == 204
    assert (await backend.post("/logout", headers={"X-User": "ana"})).status_code == 204
    assert [(call.name, call.user_id) for call in client.tracked if call.kind == "track"] == [
        ("login_falha", ""),
        ("reset_senha_solicitado", ""),
        ("reset_senha_completo", "ana"),
        ("login_sucesso", "ana"),
        ("primeiro_login", "ana"),
        ("login_falha", ""),
        ("login_sucesso", "ana"),
        ("logout", "ana"),
    ]
    assert Tracked("alias", user_id="ana", tenant="acme", anonymous_id="navegador-1") in client.tracked
    assert client.traits("ana", "acme") == {"plano": "premium", "papel": "gerente"}
    assert "segredo" not in repr(client.tracked)


async def test_passwords_are_of_one_tenant(backend: httpx.AsyncClient) -> None:
    """The same name elsewhere is somebody else."""
    code = (await backend.post("/senha/pedidos", json={"usuario": "ana"})).json()["codigo"]
    await backend.post("/senha", json={"codigo": code, "senha": "segredo-1"})
    login = {"usuario": "ana", "senha": "segredo-1"}
    assert (await backend.post("/login", json=login, headers={"X-Tenant": "beta"})).status_code == 401
