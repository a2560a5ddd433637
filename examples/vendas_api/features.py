"""The five features and their flags: the only place that knows the keys, and what each default is."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from mirante.client.reader import FlagReader
from mirante.evaluation.model import Context

_CENT = Decimal("0.01")
_BEST_SELLERS = ("caderno", "caneta", "mochila")
_BOUGHT_TOGETHER = {"caderno": ("caneta", "estojo"), "mochila": ("lancheira", "garrafa")}


class Features:
    """
    What is switched on for a caller.

    Every default is what the backend did before the flag existed, so that it stays whole without Mirante.
    """

    def __init__(self, flags: FlagReader) -> None:
        self._flags = flags

    def new_sales_format(self, caller: Context) -> bool:
        """Whether GET /vendas answers in the new format."""
        return self._flags.is_enabled("nova_ui_vendas", caller, default=False)

    def discount(self, total: Decimal, caller: Context) -> tuple[str, Decimal]:
        """Return the variant of the discount and the discount on a total, in the same currency, to the cent."""
        variant = self._flags.variant("algoritmo_desconto", caller, default="control")
        if variant == "experimental":
            # Progressive: nothing on the first 100, ten per cent of what is above.
            rate_base, rate = max(total - 100, Decimal(0)), Decimal("0.10")
        else:
            rate_base, rate = total, Decimal("0.05")
        return variant, (rate_base * rate).quantize(_CENT, ROUND_HALF_UP)

    def recommendations(self, product: str, caller: Context) -> tuple[str, Sequence[str]]:
        """Return the variant of the recommendation and the products it recommends beside `product`."""
        variant = self._flags.variant("recomendacao_produtos", caller, default="off")
        if variant == "v1":
            return variant, [each for each in _BEST_SELLERS if each != product]
        if variant == "v2":
            return variant, _BOUGHT_TOGETHER.get(product, ())
        return variant, ()

    def advanced_reports(self, caller: Context) -> bool:
        """Whether GET /relatorios is part of what the caller has."""
        return self._flags.is_enabled("relatorios_avancados", caller, default=False)

    def foreign_currencies(self, caller: Context) -> bool:
        """Whether sales may be in another currency than BRL."""
        return self._flags.is_enabled("multi_moeda", caller, default=False)
