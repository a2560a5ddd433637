"""The demo's story for tests: flags that decide without any service, and a world that is always the same."""

import datetime
from dataclasses import dataclass, field

import mmh3

from services.demo_shop.effects import BUTTON, DISCOUNT, NEW_PAGE, RECOMMENDATION, Context, Decision, Flags
from services.demo_shop.tenants import TENANTS, Tenant
from services.demo_shop.world import World

WORLD = World(seed=7, began=datetime.date(2026, 11, 25))  # a Wednesday

_VARIANTS = {
    RECOMMENDATION: ("off", "off", "v1", "v2"),
    BUTTON: ("control", "experimental"),
    DISCOUNT: ("control", "experimental"),
    NEW_PAGE: ("on",),
}


@dataclass
class HashedFlags(Flags):
    """Splits by a hash of the person; `asked` are the flags that somebody asked for."""

    recorded: bool = False
    asked: list[str] = field(default_factory=list)

    def decide(self, flag_key: str, context: Context) -> Decision:
        """See `Flags`."""
        self.asked.append(flag_key)
        variants = _VARIANTS[flag_key]
        bucket = mmh3.hash(f"{flag_key}/{context['targeting_key']}", signed=False) % len(variants)
        return Decision(variants[bucket], 3, "split", "", recorded=self.recorded)


def tenant_of(key: str) -> Tenant:
    """Return a tenant by its key."""
    [found] = [tenant for tenant in TENANTS if tenant.key == key]
    return found
