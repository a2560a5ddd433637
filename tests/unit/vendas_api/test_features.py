"""The five features of the example backend, each with and without its flag."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from mirante.evaluation.model import Context
from mirante.testing import StaticFlags

from examples.vendas_api.app import create_app

CALLER = {"X-User": "ana", "X-Tenant": "acme", "X-Plan": "premium"}


@pytest.fixture
def flags() -> StaticFlags:
    """No flags: everything is as it was before there were any."""
    return StaticFlags()


@pytest.fixture
async def client(flags: StaticFlags) -> AsyncIterator[httpx.AsyncClient]:
    """The backend, without a socket."""
    transport = httpx.ASGITransport(create_app(flags))
    async with httpx.AsyncClient(transport=transport, base_url="http://vendas", headers=CALLER) as running:
        yield running


async def sell(client: httpx.AsyncClient, **sale: Any) -> httpx.Response:
    """Make a sale of 200 unless told otherwise."""
    return await client.post("/vendas", json={"produto": "caderno", "valor": "200.00", **sale})


async def test_sales_have_the_old_format_without_the_flag(client: httpx.AsyncClient) -> None:
    """A plain list."""
    await sell(client)
    sales = (await client.get("/vendas")).json()
    assert [(sale["produto"], sale["valor"], sale["moeda"]) for sale in sales] == [("caderno", "200.00", "BRL")]


async def test_sales_have_the_new_format_with_the_flag(client: httpx.AsyncClient, flags: StaticFlags) -> None:
    """With totals; a kill would bring the list back at once."""
    await sell(client)
    flags.set("nova_ui_vendas", True)
    answer = (await client.get("/vendas")).json()
    assert (answer["formato"], answer["totais"]) == (2, {"BRL": "190.00"})
    flags.set("nova_ui_vendas", False)
    assert isinstance((await client.get("/vendas")).json(), list)


@pytest.mark.parametrize(
    ("variant", "value", "discount"),
    [
        ("control", "200.00", "10.00"),
        ("control", "0.30", "0.02"),
        ("experimental", "200.00", "10.00"),
        ("experimental", "500.00", "40.00"),
        ("experimental", "100.00", "0.00"),
    ],
)
async def test_discount_is_the_variants(
    client: httpx.AsyncClient, flags: StaticFlags, variant: str, value: str, discount: str
) -> None:
    """To the cent, in decimals."""
    flags.set("algoritmo_desconto", variant)
    answer = (await sell(client, valor=value)).json()
    assert (answer["algoritmo_desconto"], answer["venda"]["desconto"]) == (variant, discount)


async def test_discount_without_the_flag_is_controls(client: httpx.AsyncClient) -> None:
    """The backend is whole without flags."""
    answer = (await sell(client)).json()
    assert (answer["algoritmo_desconto"], answer["venda"]["desconto"]) == ("control", "10.00")


@pytest.mark.parametrize(
    ("variant", "products"),
    [("off", []), ("v1", ["caneta", "mochila"]), ("v2", ["caneta", "estojo"]), (None, [])],
)
async def test_recommendations_are_the_variants(
    client: httpx.AsyncClient, flags: StaticFlags, variant: str | None, products: list[str]
) -> None:
    """Without the flag there are none."""
    if variant is not None:
        flags.set("recomendacao_produtos", variant)
    answer = (await client.get("/recomendacoes", params={"produto": "caderno"})).json()
    assert answer == {"variante": variant or "off", "produtos": products}


async def test_reports_are_there_for_those_who_have_them(client: httpx.AsyncClient, flags: StaticFlags) -> None:
    """The context of the request decides."""
    assert (await client.get("/relatorios")).status_code == 404

    def premium_only(context: Context) -> bool:
        return context.get("plano") == "premium"

    flags.set("relatorios_avancados", premium_only)
    assert (await client.get("/relatorios")).status_code == 200
    assert (await client.get("/relatorios", headers={"X-Plan": "free"})).status_code == 404


async def test_other_currencies_need_the_flag(client: httpx.AsyncClient, flags: StaticFlags) -> None:
    """Totals never mix currencies."""
    assert (await sell(client, moeda="USD")).status_code == 422
    flags.set("multi_moeda", True)
    assert (await sell(client, moeda="USD")).status_code == 201
    await sell(client)
    flags.set("nova_ui_vendas", True)
    assert (await client.get("/vendas")).json()["totais"] == {"USD": "190.00", "BRL": "190.00"}


async def test_tenants_see_their_own_sales(client: httpx.AsyncClient) -> None:
    """Nothing of another's."""
    await sell(client)
    assert (await client.get("/vendas", headers={"X-Tenant": "beta"})).json() == []


@pytest.mark.parametrize("sale", [{"valor": "-1"}, {"valor": "1.001"}, {"moeda": "real"}, {"produto": ""}])
async def test_bad_sales_are_refused(client: httpx.AsyncClient, sale: dict[str, str]) -> None:
    """And not kept."""
    assert (await sell(client, **sale)).status_code == 422
    assert (await client.get("/vendas")).json() == []
