"""What people do in vendas: a funnel from the login to a sale, which most leave on the way. Pure."""

from collections.abc import Generator, Iterator
from typing import Final

from services.demo_shop.arrivals import Arrival
from services.demo_shop.effects import BUTTON, BUTTON_SHARES, NEW_PAGE, NO_SUCH, RECOMMENDATION, Flags, selling_share
from services.demo_shop.happening import Happening, Properties
from services.demo_shop.selling import make_sales
from services.demo_shop.telling import Teller
from services.demo_shop.trouble import frontend_error, missteps, rage
from services.demo_shop.world import World

_CHARTS: Final = ("vendas_por_dia", "receita", "produtos", "ticket_medio")
_REPORTS: Final = ("vendas", "comissoes", "estoque")
_FORMATS: Final = ("csv", "csv", "xlsx", "pdf")
_QUERIES: Final = ("pedido", "cliente", "pix de ontem", "boleto", "a receber")


def visit(world: World, arrival: Arrival, flags: Flags) -> Iterator[Happening]:
    """Yield what happens in a visit, in the order of time. An outage cuts it short."""
    teller = Teller(world, arrival, flags)
    for happening in _course(teller):
        if teller.stopped:
            return
        yield happening


def _course(teller: Teller) -> Iterator[Happening]:
    draw, person = teller.draw, teller.arrival.person
    if draw.random() < 0.06:
        yield teller.told("login_falha", {})
        if draw.random() < 0.4:
            if draw.random() < 0.5:
                yield teller.after("reset_senha_solicitado", {})
                yield teller.after("reset_senha_completo", {})
            return
    yield teller.after("login_sucesso", {})
    if draw.random() < 0.07:
        return
    age = teller.arrival.day.toordinal() - person.first
    if age == 0:
        yield from _first_steps(teller)
    variant = yield from _panel(teller)
    sells = person.sells < selling_share(variant)
    if sells or draw.random() < 0.68:
        yield from _sales_page(teller, sells=sells)
    for feature, discovered in person.uses.items():
        if age == discovered or (age > discovered and draw.random() < 0.12):
            yield from _use(teller, feature, first=age == discovered)
    if age >= 14 and draw.random() < 0.02:
        yield from teller.seen("nps_respondido", {"nota": _grade(teller)})
    yield from teller.leave()
    if draw.random() < 0.4:
        yield teller.after("logout", {})


def _first_steps(teller: Teller) -> Iterator[Happening]:
    yield teller.told("primeiro_login", {})
    yield from teller.open("/painel")
    yield from teller.seen("tutorial_iniciado", {})
    ended = "tutorial_completo" if teller.draw.random() < 0.55 else "tutorial_pulado"
    yield from teller.seen(ended, {})


def _panel(teller: Teller) -> Generator[Happening, None, str]:
    """Yield what happens on the panel; return the variant of the recommendations there."""
    draw = teller.draw
    yield from teller.open("/painel")
    yield teller.told("dashboard_acessado", {}, page="/painel")
    decision, exposure = teller.decided(RECOMMENDATION)
    yield from exposure
    if decision.variant not in NO_SUCH:
        shown: Properties = {"variant": decision.variant, "produtos_count": 3 + draw.randrange(6)}
        yield teller.told("produtos_recomendados_exibidos", shown, page="/painel")
    if draw.random() < 0.3:
        yield from teller.seen("grafico_visualizado", {"tipo": draw.choice(_CHARTS)})
    yield from frontend_error(teller)
    return decision.variant


def _sales_page(teller: Teller, *, sells: bool) -> Iterator[Happening]:
    draw = teller.draw
    yield from teller.open("/vendas")
    _, exposure = teller.decided(NEW_PAGE)
    yield from exposure
    button, exposure = teller.decided(BUTTON)
    yield from exposure
    if draw.random() < 0.3:
        yield teller.after("busca_venda", {"query": draw.choice(_QUERIES)})
    if draw.random() < 0.25:
        yield from teller.open("/vendas/{id}")
        yield teller.told("venda_visualizada", {"venda_id": f"demo-{draw.getrandbits(48):012x}"})
    yield from missteps(teller)
    if sells or draw.random() < BUTTON_SHARES.get(button.variant, BUTTON_SHARES["control"]):
        clicked = {"origem": "lista_vendas"} | ({"variant": button.variant} if button.variant else {})
        yield from teller.seen("botao_nova_venda_clicado", clicked)
        yield from make_sales(teller, sells=sells)


def _use(teller: Teller, feature: str, *, first: bool) -> Iterator[Happening]:
    draw = teller.draw
    if first:
        yield from teller.seen("feature_descoberta", {"qual": feature})
    if feature == "filtros":
        chosen = draw.choice((("status", "paga"), ("status", "pendente"), ("pagamento", "pix")))
        yield from teller.seen("filtro_aplicado", {"tipo": chosen[0], "valor": chosen[1]})
    elif feature == "periodo":
        until = teller.arrival.day
        since = until.replace(day=1)
        yield from teller.seen("periodo_alterado", {"de": str(since), "ate": str(until)})
    elif feature == "exportacao":
        yield teller.after("exportacao_dados", {"formato": draw.choice(_FORMATS)})
    elif feature == "edicao":
        yield teller.after("venda_editada", {"venda_id": f"demo-{draw.getrandbits(48):012x}"})
    else:
        yield from teller.open("/relatorios")
        yield from rage(teller)
        yield teller.after("relatorio_gerado", {"tipo": draw.choice(_REPORTS)})


def _grade(teller: Teller) -> int:
    """Return how likely somebody is to recommend vendas, from 0 to 10."""
    return max(0, min(10, round(teller.draw.gauss(5.0 + 5.0 * teller.arrival.tenant.content, 2.0))))
