"""What is judged by itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """The numbers of a tenant, in a currency when they are money, as a rule watches them."""

    rule_key: str
    tenant: str
    currency: str
