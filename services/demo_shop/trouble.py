"""What goes wrong in visits. Pure."""

from collections.abc import Iterator
from typing import Final

from services.demo_shop.happening import Happening, Properties
from services.demo_shop.telling import Teller

_ENDPOINTS: Final = ("/vendas", "/vendas/{id}", "/relatorios/{tipo}")
_FAULT: Final = ("TypeError", "demo: cannot read properties of undefined (reading 'desconto')")
_USUAL: Final = (
    ("TypeError", "demo: cannot read properties of null (reading 'id')"),
    ("ChunkLoadError", "demo: loading chunk 7 failed"),
    ("NetworkError", "demo: failed to fetch"),
)


def frontend_error(teller: Teller) -> Iterator[Happening]:
    """Yield errors of the browser: now and then, and in every other visit while the release has a fault."""
    if teller.draw.random() < (0.45 if teller.faulty else 0.02):
        kind, message = _FAULT if teller.faulty else teller.draw.choice(_USUAL)
        yield from teller.seen("erro_frontend", {"tipo": kind, "mensagem": message})


def missteps(teller: Teller) -> Iterator[Happening]:
    """Yield what the backend refuses, and what takes it too long."""
    if teller.draw.random() < 0.012:
        yield teller.after("erro_permissao", {"endpoint": teller.draw.choice(_ENDPOINTS)})
    if teller.draw.random() < 0.01:
        yield teller.after("timeout_request", {"endpoint": teller.draw.choice(_ENDPOINTS)})


def rage(teller: Teller) -> Iterator[Happening]:
    """Yield angry clicks: a report is slow, and on small devices its button seems dead."""
    slow = teller.arrival.person.device.slowness > 1.2
    if teller.draw.random() < (0.2 if slow else 0.03):
        clicks = 3 + int(teller.draw.expovariate(0.7))
        where: Properties = {"caminho": "/relatorios", "elemento": "button.gerar", "cliques": clicks}
        yield from teller.seen("clique_raivoso", where)
