"""Reading and replacing the catalogue of an environment."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.runtime.access import Caller
from services.runtime.errors import EtagMismatch, InvalidRequest
from services.telemetry.catalogue.catalogue_yaml import write_catalogue
from services.telemetry.catalogue.catalogue_yaml.aside import CatalogueReader
from services.telemetry.catalogue.compatibility import Change, changes_between, require_compatible
from services.telemetry.catalogue.store import CatalogueStore

_log = logging.getLogger(__name__)

_REFRESH_SECONDS: Final = 2.0

OnCommit: TypeAlias = Callable[[], Awaitable[None]]
"""Awaited after a commit. Its failure fails nothing: whoever follows the catalogues also looks by themselves."""


@dataclass(frozen=True, slots=True)
class Import:
    """How an import is to be made; fields as in `ImportCatalogueRequest`."""

    yaml: str
    dry_run: bool = False
    expected_version: int | None = None


class CatalogueAdmin:
    """Whatever is raised, nothing was changed."""

    def __init__(self, store: CatalogueStore, on_commit: OnCommit) -> None:
        self._store = store
        self._on_commit = on_commit
        self._reader = CatalogueReader()

    async def get(self, environment: str) -> pb2.Catalogue:
        """Return the present catalogue; raise `Unavailable`."""
        return await self._store.present(environment)

    async def export(self, environment: str) -> str:
        """Return the present catalogue as YAML; raise `Unavailable`."""
        catalogue = await self._store.present(environment)
        return await asyncio.to_thread(write_catalogue, catalogue)

    async def make(self, environment: str, wish: Import, caller: Caller) -> tuple[pb2.Catalogue, Sequence[Change]]:
        """
        Import YAML, all or nothing; return the catalogue afterwards, or as it would be, and what changes.

        A document that says what is stored already changes nothing, the version neither.

        Raises:
            InvalidRequest: the YAML cannot be read; see `read_catalogue`.
            EtagMismatch: the catalogue does not have `expected_version`, or somebody else is changing it right now.
            StateConflict: a change is not compatible; see `require_compatible`.
            Unavailable: the database does not answer.
        """
        if not wish.yaml.strip():
            raise InvalidRequest.of("yaml", "is required")
        wanted = await self._reader.read(wish.yaml)
        stored = await self._store.present(environment)
        if wish.expected_version is not None and wish.expected_version != stored.version:
            raise EtagMismatch(
                f"the catalogue is at version {stored.version}, not {wish.expected_version}",
                metadata={"etag": str(stored.version)},
            )
        changes = changes_between(stored, wanted)
        require_compatible(changes)
        if not changes:
            return stored, changes
        if wish.dry_run:
            wanted.version = stored.version + 1
            return wanted, changes
        wanted.version = stored.version
        added = await self._store.add(environment, wanted, updated_by=caller.actor)
        await self._tell()
        return added, changes

    async def _tell(self) -> None:
        try:
            async with asyncio.timeout(_REFRESH_SECONDS):
                await self._on_commit()
        except Exception:  # noqa: BLE001 - logged with its trace
            # The change is made and must be answered so.
            _log.exception("the new catalogue could not be taken over at once")
