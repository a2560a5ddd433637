"""What happens in this backend, as events: the only place that knows their names."""

from collections.abc import Mapping
from typing import Any, TypeAlias, TypedDict

from mirante import Mirante
from mirante.evaluation.model import Context
from mirante.outbox import Outbox, OutboxRelay
from mirante.testing import StaticFlags

from examples.vendas_api.caller import tenant_of
from examples.vendas_api.sales import Sale

Client: TypeAlias = Mirante | StaticFlags


class Events:
    """
    Tracks what callers do. Never waits and, but for money, never raises.

    With a relay, events of money go through the outbox, in the transaction that is given; without, they are tracked
    like the others. Who was given which variant of a flag is recorded by the client itself.
    """

    def __init__(self, client: Client, relay: OutboxRelay | None = None) -> None:
        self._client = client
        self._relay = relay
        self._outbox = Outbox()

    def sale_made(self, caller: Context, sale: Sale, connection: object) -> None:
        """A sale was made, and is certain when the transaction on `connection` is committed."""
        properties = {
            "venda_id": str(sale.venda_id),
            "valor": sale.taken,
            "moeda": sale.moeda,
            "itens_count": sale.itens_count,
            "metodo_pagamento": sale.metodo_pagamento,
        }
        self._fact("venda_criada", caller, properties, connection)

    def sale_cancelled(self, caller: Context, sale: Sale, connection: object) -> None:
        """A sale was undone; as `sale_made`."""
        properties = {"venda_id": str(sale.venda_id), "valor": sale.taken, "moeda": sale.moeda}
        self._fact("venda_cancelada", caller, properties, connection)

    def committed(self) -> None:
        """A transaction with a sale in it was committed: deliver it now instead of soon."""
        if self._relay is not None:
            self._relay.wake()

    def sale_edited(self, caller: Context, sale: Sale) -> None:
        """A sale was changed."""
        self._track("venda_editada", caller, {"venda_id": str(sale.venda_id)})

    def sale_viewed(self, caller: Context, sale: Sale) -> None:
        """The details of a sale were opened."""
        self._track("venda_visualizada", caller, {"venda_id": str(sale.venda_id)})

    def searched(self, caller: Context, query: str) -> None:
        """Somebody looked for sales."""
        self._track("busca_venda", caller, {"query": query})

    def recommended(self, caller: Context, variant: str, products: int) -> None:
        """Recommendations were shown."""
        self._track("produtos_recomendados_exibidos", caller, {"variant": variant, "produtos_count": products})

    def report_made(self, caller: Context, kind: str) -> None:
        """A report is ready."""
        self._track("relatorio_gerado", caller, {"tipo": kind})

    def exported(self, caller: Context, file_format: str) -> None:
        """Sales were downloaded."""
        self._track("exportacao_dados", caller, {"formato": file_format})

    def logged_in(self, caller: Context, *, first: bool) -> None:
        """Somebody is known from now on: what they did before as an anonymous browser was them, too."""
        who = _who(caller)
        if who["anonymous_id"]:
            self._client.alias(who["anonymous_id"], who["user_id"], tenant=who["tenant"])
        self._client.identify(who["user_id"], _traits(caller, "papel"), tenant=who["tenant"])
        self._client.identify("", _traits(caller, "plano", "regiao"), tenant=who["tenant"])
        self._track("login_sucesso", caller)
        if first:
            self._track("primeiro_login", caller)

    def login_failed(self, caller: Context) -> None:
        """Somebody was refused; nobody knows who it was."""
        self._track("login_falha", caller)

    def logged_out(self, caller: Context) -> None:
        """Somebody has left."""
        self._track("logout", caller)

    def reset_requested(self, caller: Context) -> None:
        """Somebody has forgotten a password."""
        self._track("reset_senha_solicitado", caller)

    def reset_completed(self, caller: Context) -> None:
        """A forgotten password was replaced."""
        self._track("reset_senha_completo", caller)

    def invalid(self, caller: Context, field: str) -> None:
        """A form was refused for this field; never what was typed into it."""
        self._track("erro_validacao", caller, {"campo": field})

    def forbidden(self, caller: Context, endpoint: str) -> None:
        """Somebody tried what they may not."""
        self._track("erro_permissao", caller, {"endpoint": endpoint})

    def timed_out(self, caller: Context, endpoint: str) -> None:
        """An answer took too long, and was given up."""
        self._track("timeout_request", caller, {"endpoint": endpoint})

    def _track(self, name: str, caller: Context, properties: Mapping[str, Any] | None = None) -> None:
        self._client.track(name, properties, **_who(caller))

    def _fact(self, name: str, caller: Context, properties: Mapping[str, Any], connection: object) -> None:
        if self._relay is None:
            self._track(name, caller, properties)
        else:
            self._outbox.add(connection, name, properties, **_who(caller))


class _Who(TypedDict):
    user_id: str
    tenant: str
    anonymous_id: str


def _who(caller: Context) -> _Who:
    return _Who(
        user_id=str(caller.get("targeting_key", "")),
        tenant=tenant_of(caller),
        anonymous_id=str(caller.get("anonymous_id", "")),
    )


def _traits(caller: Context, *names: str) -> dict[str, Any]:
    return {name: caller[name] for name in names if name in caller}
