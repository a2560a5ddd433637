"""
What the variants of flags do to people: the truth that an experiment is to find. Pure.

Somebody makes sales or does not, once and for all: `sells` of a person against the share of their variant. So the
shares below are found per person over any time, and, as those who sell do so in nearly every visit, nearly so per
visit.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol, TypeAlias

Context: TypeAlias = Mapping[str, str]

RECOMMENDATION: Final = "recomendacao_produtos"
DISCOUNT: Final = "algoritmo_desconto"
BUTTON: Final = "cta_nova_venda"
NEW_PAGE: Final = "nova_ui_vendas"

SELLING_SHARES: Final = {
    "off": 0.125, "control": 0.125,
    "v2": 0.158, "collaborative_filtering": 0.158,
    "v1": 0.112, "content_based": 0.112,
}  # fmt: skip
"""Of people, by the variant of `recomendacao_produtos`; of others as without recommendations."""
_WITHOUT: Final = 0.125

BUTTON_SHARES: Final = {"control": 0.34, "experimental": 0.41}
"""Of visits to the list of sales in which the button is used, by the variant of `cta_nova_venda`."""

DISCOUNTS: Final = {"control": 1.0, "experimental": 0.94}
"""What a sale is multiplied with, by the variant of `algoritmo_desconto`."""
MORE_SALES: Final = {"control": 4.0, "experimental": 4.8}
"""Sales of one visit beyond the first, on average."""

NO_SUCH: Final = ("off", "control", "")
"""Variants with which no recommendations are shown."""


class Decision(NamedTuple):
    """
    What a flag gave somebody.

    `recorded` says whether whoever decided records it itself, as the client does for what happens now.
    """

    variant: str
    version: int = 0
    reason: str = ""
    rule_id: str = ""
    recorded: bool = False


class Flags(Protocol):
    """What decides: the real client."""

    def decide(self, flag_key: str, context: Context) -> Decision:
        """Return what a flag gives somebody now; an empty variant when it cannot be told. Must not wait."""


def selling_share(variant: str) -> float:
    """Return which share of people sells with a variant of `recomendacao_produtos`."""
    return SELLING_SHARES.get(variant, _WITHOUT)
