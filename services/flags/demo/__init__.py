"""The flags of vendas, so that a first start has something to show."""

from importlib.resources import files
from typing import Final

from services.flags.flag_transfer import FlagTransfer, Import
from services.flags.store import RulesReader
from services.runtime.access import ALL_ENVIRONMENTS, Caller, Role

OTHER_ENVIRONMENTS: Final = ("development", "staging")
"""Created beside the environment of the demo, empty, to promote flags from and to."""

_SEEDER: Final = Caller(key_id="", actor="mirante", role=Role.INTERNAL, environments=frozenset({ALL_ENVIRONMENTS}))


async def seed(rules: RulesReader, transfer: FlagTransfer, environment: str) -> bool:
    """
    Import the flags of vendas into an environment that never had any; return whether it did.

    Replicas that start at once all may try: the second finds nothing to change.

    Raises:
        NotFound: no such environment.
        Unavailable: the database does not answer.
    """
    if (await rules.changes_since(environment, 0)).head.revision:
        return False
    yaml = files(__name__).joinpath("vendas.yaml").read_text(encoding="utf-8")
    plan, _ = await transfer.make(environment, Import(yaml, comment="Flags de demonstração"), _SEEDER)
    return bool(plan)
