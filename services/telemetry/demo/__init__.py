"""The catalogue of vendas, so that a first start has something to show."""

from importlib.resources import files
from typing import Final

from services.runtime.access import ALL_ENVIRONMENTS, Caller, Role
from services.runtime.errors import EtagMismatch
from services.telemetry.catalogue.catalogue_admin import CatalogueAdmin, Import

_SEEDER: Final = Caller(key_id="", actor="mirante", role=Role.INTERNAL, environments=frozenset({ALL_ENVIRONMENTS}))


def demo_catalogue() -> str:
    """Return the catalogue as YAML."""
    return files(__name__).joinpath("catalogue.yaml").read_text(encoding="utf-8")


async def seed(admin: CatalogueAdmin, environment: str) -> bool:
    """
    Import the events of vendas into an environment that never had a catalogue; return whether it did.

    Replicas that start at once all may try: one of them imports.

    Raises:
        Unavailable: the database does not answer.
    """
    if (await admin.get(environment)).version:
        return False
    try:
        await admin.make(environment, Import(demo_catalogue(), expected_version=0), _SEEDER)
    except EtagMismatch:
        return False
    return True
