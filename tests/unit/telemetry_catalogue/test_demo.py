"""The catalogue that ships."""

import pytest
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.telemetry.catalogue.catalogue_yaml import read_catalogue, write_catalogue
from services.telemetry.demo import demo_catalogue
from tests.support.telemetry_catalogue import event, found, judged, sale

DECLARED = {
    **dict.fromkeys(("login_sucesso", "login_falha", "logout", "reset_senha_solicitado", "reset_senha_completo"), ""),
    "venda_criada": "venda_id valor moeda itens_count metodo_pagamento",
    "venda_editada": "venda_id",
    "venda_cancelada": "venda_id valor moeda",
    "venda_visualizada": "venda_id",
    "busca_venda": "query",
    "filtro_aplicado": "tipo valor",
    "relatorio_gerado": "tipo",
    "dashboard_acessado": "",
    "grafico_visualizado": "tipo",
    "periodo_alterado": "de ate",
    "exportacao_dados": "formato",
    **dict.fromkeys(("primeiro_login", "tutorial_iniciado", "tutorial_completo", "tutorial_pulado"), ""),
    "feature_descoberta": "qual",
    "erro_frontend": "tipo mensagem",
    "erro_validacao": "campo",
    "erro_permissao": "endpoint",
    "timeout_request": "endpoint",
    "botao_nova_venda_clicado": "origem variant",
    "produtos_recomendados_exibidos": "variant produtos_count",
    "pagina_vista": "caminho duracao_ms",
    "pagina_saida": "caminho duracao_ms",
    "clique_raivoso": "caminho elemento cliques",
    "web_vital": "nome valor caminho",
    "presenca": "",
    "nps_respondido": "nota",
    "flag_exposta": "flag variant version reason rule_id experiment",
}


@pytest.fixture(scope="module")
def catalogue() -> pb2.Catalogue:
    """As it is imported."""
    return read_catalogue(demo_catalogue())


def test_declares_the_events_of_vendas(catalogue: pb2.Catalogue) -> None:
    """These, with these properties."""
    declared = {each.name: " ".join(each.name for each in each.properties) for each in catalogue.events}
    assert declared == DECLARED


def test_every_event_says_what_it_is(catalogue: pb2.Catalogue) -> None:
    """Whom to ask, what it means, and where it comes from; every property too."""
    for each in catalogue.events:
        assert each.description, each.name
        assert each.owner, each.name
        assert set(each.sources) <= {"backend", "browser"}
        assert each.sources, each.name
        assert all(declared.description for declared in each.properties), each.name


def test_money_is_strict_and_the_rest_open(catalogue: pb2.Catalogue) -> None:
    """A sale that is wrong must not be summed up; a click that is wrong harms nobody."""
    assert catalogue.policy == pb2.POLICY_OPEN
    strict = {each.name for each in catalogue.events if each.policy == pb2.POLICY_STRICT}
    assert strict == {"venda_criada", "venda_cancelada"}
    assert judged(demo_catalogue(), sale(valor=99.9)).refused
    assert found(judged(demo_catalogue(), sale())) == ""


def test_login_stamps_the_trait() -> None:
    """Targeting asks for it."""
    assert judged(demo_catalogue(), event("login_sucesso")).stamps_trait == "last_login_at"


def test_what_is_searched_for_is_hashed() -> None:
    """It is mostly names and documents of the customers' customers."""
    search = event("busca_venda", query="Maria Souza 123.456.789-00")
    assert judged(demo_catalogue(), search).masked
    assert search.properties["query"].string_value.startswith("h1:")


def test_reads_back_as_it_is(catalogue: pb2.Catalogue) -> None:
    """An export can be imported."""
    assert read_catalogue(write_catalogue(catalogue)) == catalogue
