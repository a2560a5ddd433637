"""Answers what a process knows about itself and what it stands on."""

import asyncio
import datetime
import secrets
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeAlias

from mirante.api.common.v1 import diagnostics_service_pb2 as pb2
from mirante.api.common.v1.diagnostics_service_pb2_grpc import DiagnosticsServiceServicer
from redis.exceptions import RedisError

from services.runtime.access import Role
from services.runtime.diagnostics.postgres import diagnose_postgres
from services.runtime.redis import RedisClient
from services.runtime.version import VERSION

SERVICE: Final = pb2.DESCRIPTOR.services_by_name["DiagnosticsService"].full_name
ROLES: Final[Mapping[str, frozenset[Role]]] = {f"/{SERVICE}/GetDiagnostics": frozenset({Role.ADMIN, Role.INTERNAL})}
"""Who may ask; of every service, beside its own table."""

Figures: TypeAlias = Callable[[], Awaitable[Iterable[pb2.Figure]]]

_REDIS_SECONDS: Final = 2.0


class DiagnosticsServicer(DiagnosticsServiceServicer):
    """
    The `DiagnosticsService` of one process.

    Args:
        service: its name, which its migrations go by too.
        database_url: of its database.
        redis: its Redis.
        folders: those that it writes to, by purpose.
        figures: returns numbers that it knows.
        demo: whether it was told to make the demo's data.
    """

    def __init__(
        self,
        service: str,
        database_url: str,
        redis: RedisClient,
        *,
        folders: Mapping[str, Path],
        figures: Figures,
        demo: bool,
    ) -> None:
        self._service = service
        self._database_url = database_url
        self._redis = redis
        self._folders = folders
        self._figures = figures
        self._demo = demo
        self._instance = secrets.token_hex(4)

    async def GetDiagnostics(  # noqa: N802 - the contract's name
        self, _request: pb2.GetDiagnosticsRequest, _: object
    ) -> pb2.GetDiagnosticsResponse:
        """Look, and say what was found."""
        migrations = files(f"services.{self._service}") / "migrations"
        postgres, redis, folders, figures = await asyncio.gather(
            diagnose_postgres(self._database_url, self._service, migrations),
            self._diagnose_redis(),
            asyncio.to_thread(lambda: [_diagnose_folder(*each) for each in self._folders.items()]),
            self._figures(),
        )
        answer = pb2.GetDiagnosticsResponse(
            service=self._service,
            version=VERSION,
            instance=self._instance,
            postgres=postgres,
            redis=redis,
            folders=folders,
            figures=figures,
            demo=self._demo,
        )
        answer.now.FromDatetime(datetime.datetime.now(datetime.UTC))
        return answer

    async def _diagnose_redis(self) -> pb2.RedisDiagnostics:
        try:
            async with asyncio.timeout(_REDIS_SECONDS):
                await self._redis.ping()
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            return pb2.RedisDiagnostics(error=type(error).__name__)
        return pb2.RedisDiagnostics()


def _diagnose_folder(purpose: str, path: Path) -> pb2.FolderDiagnostics:
    try:
        # It is made when it is first needed: then what counts is the one that it will be made in.
        there = next(each for each in (path, *path.parents) if each.exists())
        with tempfile.TemporaryFile(dir=there):
            return pb2.FolderDiagnostics(purpose=purpose, path=str(path))
    except OSError as error:
        return pb2.FolderDiagnostics(purpose=purpose, path=str(path), error=error.strerror or type(error).__name__)
