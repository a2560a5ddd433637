"""`CatalogueService`: decodes, calls the use case, encodes."""

import datetime
from collections.abc import Callable
from typing import Final

from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2
from mirante.api.telemetry.v1 import catalogue_service_pb2_grpc as pb2_grpc
from mirante.api.telemetry.v1 import event_pb2

from services.runtime.access import current_caller
from services.runtime.errors import InvalidRequest
from services.runtime.pages import page_size, page_token
from services.runtime.texts import check_text
from services.telemetry.catalogue.catalogue_admin import CatalogueAdmin, Import
from services.telemetry.catalogue.coverage import coverage_report
from services.telemetry.catalogue.replaying import Replay, ReplayOutcome
from services.telemetry.catalogue.requests import dead_letter_ids, first_day, last_dead_letter
from services.telemetry.catalogue.store import CoverageReader, DeadLetterReader, DeadLetterRow
from services.telemetry.events.checks import MOST_NAME_BYTES

_DEFAULT_PAGE, _MOST_PAGE = 100, 1_000
_MOST_ROWS: Final = 20_000
"""Of a coverage report; clients take messages of 4 MiB."""


class CatalogueServicer(pb2_grpc.CatalogueServiceServicer):
    """The catalogue as people and their tools manage it."""

    def __init__(
        self,
        admin: CatalogueAdmin,
        coverage: CoverageReader,
        letters: DeadLetterReader,
        replay: Replay,
        *,
        now: Callable[[], datetime.datetime],
    ) -> None:
        """
        Put the service together.

        Args:
            admin: the catalogue itself.
            coverage: what was seen of it.
            letters: what was refused.
            replay: takes that in again.
            now: the clock, with a time zone.
        """
        self._admin = admin
        self._coverage = coverage
        self._letters = letters
        self._replay = replay
        self._now = now

    async def GetCatalogue(self, request: pb2.GetCatalogueRequest, _: object) -> pb2.GetCatalogueResponse:
        """Return the present catalogue."""
        environment = current_caller.get().environment(request.environment)
        return pb2.GetCatalogueResponse(catalogue=await self._admin.get(environment))

    async def ExportCatalogue(self, request: pb2.ExportCatalogueRequest, _: object) -> pb2.ExportCatalogueResponse:
        """Return it as YAML."""
        environment = current_caller.get().environment(request.environment)
        return pb2.ExportCatalogueResponse(yaml=await self._admin.export(environment))

    async def ImportCatalogue(self, request: pb2.ImportCatalogueRequest, _: object) -> pb2.ImportCatalogueResponse:
        """Replace it, or only say what that would change."""
        caller = current_caller.get()
        environment = caller.environment(request.environment)
        expected = request.expected_version if request.HasField("expected_version") else None
        catalogue, changes = await self._admin.make(
            environment, Import(request.yaml, request.dry_run, expected), caller
        )
        return pb2.ImportCatalogueResponse(catalogue=catalogue, changes=[change.message() for change in changes])

    async def GetCoverage(self, request: pb2.GetCoverageRequest, _: object) -> pb2.GetCoverageResponse:
        """Return what was seen of it."""
        environment = current_caller.get().environment(request.environment)
        since = first_day(request.days, self._now())
        catalogue = await self._admin.get(environment)
        report = coverage_report(catalogue, await self._coverage.coverage(environment, since))
        if len(report.rows) > _MOST_ROWS:
            raise InvalidRequest.of("days", f"has {len(report.rows)} rows, more than {_MOST_ROWS}: ask for fewer days")
        return report

    async def ListDeadLetters(self, request: pb2.ListDeadLettersRequest, _: object) -> pb2.ListDeadLettersResponse:
        """Return refused events, newest first."""
        environment = current_caller.get().environment(request.environment)
        check_text("name", request.name, MOST_NAME_BYTES)
        found = await self._letters.newest_first(
            environment,
            request.name,
            before=last_dead_letter(request.page_token),
            most=page_size(request.page_size, default=_DEFAULT_PAGE, most=_MOST_PAGE),
            include_replayed=request.include_replayed,
        )
        # A page may be short because its events are large, so only an empty one is known to be the last.
        token = page_token(str(found[-1].id)) if found else ""
        return pb2.ListDeadLettersResponse(dead_letters=[_message(row) for row in found], next_page_token=token)

    async def ReplayDeadLetters(
        self, request: pb2.ReplayDeadLettersRequest, _: object
    ) -> pb2.ReplayDeadLettersResponse:
        """Take refused events in again."""
        environment = current_caller.get().environment(request.environment)
        check_text("name", request.name, MOST_NAME_BYTES)
        outcomes = await self._replay(environment, request.name, dead_letter_ids(request.ids))
        return pb2.ReplayDeadLettersResponse(
            stored=outcomes[ReplayOutcome.STORED],
            duplicates=outcomes[ReplayOutcome.DUPLICATE],
            left=outcomes[ReplayOutcome.LEFT],
        )


def _message(row: DeadLetterRow) -> pb2.DeadLetter:
    letter = pb2.DeadLetter(
        id=str(row.id),
        event=event_pb2.Event.FromString(row.event),
        reason=row.reason,
        field=row.field,
        message=row.message,
        definition_version=row.definition_version,
    )
    letter.received_at.FromDatetime(row.received_at)
    if row.replayed_at is not None:
        letter.replayed_at.FromDatetime(row.replayed_at)
    return letter
